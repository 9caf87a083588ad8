// A tree becomes a list of steps, one per comparison or call, each naming the step to go to when it
// holds and when it does not. `and`, `or`, `not`, true and false are in the jumps alone, so Eval is
// one loop, short-circuits, and never recurses. Steps are made from the last to the first, so that
// a step's targets are known when it is made.
#include "ottl/predicate.h"

#include <algorithm>
#include <array>
#include <deque>
#include <string>
#include <type_traits>

#include <re2/re2.h>

#include "ottl/internal/compare.h"
#include "ottl/internal/names.h"
#include "ottl/internal/parser.h"

namespace slowburn::ottl {
namespace {

using model::AttributeScope;
using model::AttributeValue;
using model::EnvelopeCursor;
using model::ItemCursor;
using model::LogRecord;
using model::Span;

constexpr int32_t kAccept = -1;
constexpr int32_t kReject = -2;

enum class Code : uint8_t {
  // The common ones by themselves, the last three of spans alone.
  kAttributeIsText,
  kAttributeIsNil,
  kKindIs,
  kStatusCodeIs,
  kDuration,
  // The rest.
  kCompareLiteral,
  kComparePaths,
  kIsMatch,
  kHasPrefix,
  kHasSuffix,
};

struct Source {
  Path path = Path::kSpanName;
  AttributeScope scope = AttributeScope::kItem;  // of an attribute
  int slot = 0;                                  // of an attribute
};

struct Step {
  Code code = Code::kCompareLiteral;
  Node::Op op = Node::Op::kEqual;
  Source left, right;          // right: kComparePaths
  AttributeValue literal;      // a duration is its nanoseconds
  const RE2* regex = nullptr;  // kIsMatch; owned by the program
  int32_t on_true = kAccept;
  int32_t on_false = kReject;
};

AttributeScope ScopeOf(Path path) {
  if (path == Path::kResourceAttribute) return AttributeScope::kResource;
  if (path == Path::kScopeAttribute) return AttributeScope::kScope;
  return AttributeScope::kItem;
}

// Room for an id in hex. Ids have at most 16 bytes; more than that is not looked at.
class HexBuffer {
 public:
  AttributeValue Write(std::string_view id) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    const size_t bytes = std::min(id.size(), text_.size() / 2);
    for (size_t i = 0; i < bytes; ++i) {
      const auto byte = static_cast<unsigned char>(id[i]);
      text_[2 * i] = kDigits[byte >> 4];
      text_[2 * i + 1] = kDigits[byte & 15];
    }
    return AttributeValue::String({text_.data(), 2 * bytes});
  }

 private:
  std::array<char, 32> text_;
};

// Empty for a root span, which some clients send as zeros.
std::string_view ParentOf(const Span& span) {
  const std::string_view id = span.parent_span_id;
  const bool is_zero = std::all_of(id.begin(), id.end(), [](char c) { return c == '\0'; });
  return is_zero ? std::string_view() : id;
}

AttributeValue Time(uint64_t unix_nano) {
  return AttributeValue::Int(static_cast<int64_t>(std::min<uint64_t>(unix_nano, INT64_MAX)));
}

bool IsAttribute(const Source& source) { return source.path <= Path::kLogAttribute; }
static_assert(Path::kResourceAttribute < Path::kLogAttribute &&
              Path::kScopeAttribute < Path::kLogAttribute &&
              Path::kSpanAttribute < Path::kLogAttribute);

// An id that may be absent.
AttributeValue IdOrNil(std::string_view id) {
  return id.empty() ? AttributeValue() : AttributeValue::Bytes(id);
}

// What an item has from its resource and scope.
AttributeValue LoadShared(Path path, const EnvelopeCursor& at) {
  if (path == Path::kResourceDroppedAttributesCount)
    return AttributeValue::Int(at.resource().dropped_attributes_count);
  if (path == Path::kScopeName) return AttributeValue::String(at.scope().scope_name);
  if (path == Path::kScopeVersion) return AttributeValue::String(at.scope().scope_version);
  return {};
}

// `hex` holds the text of .string paths and must outlive the value.
AttributeValue LoadItem(Path path, const ItemCursor<Span>& at, HexBuffer& hex) {
  const Span& span = at.item();
  switch (path) {
    case Path::kSpanName:
      return AttributeValue::String(span.name);
    case Path::kSpanKind:
      return AttributeValue::Int(span.kind);
    case Path::kSpanStatusCode:
      return AttributeValue::Int(span.status_code);
    case Path::kSpanStatusMessage:
      return AttributeValue::String(span.status_message);
    case Path::kSpanTraceId:
      return AttributeValue::Bytes(span.trace_id);
    case Path::kSpanSpanId:
      return AttributeValue::Bytes(span.span_id);
    case Path::kSpanParentSpanId:
      return IdOrNil(ParentOf(span));
    case Path::kSpanTraceIdString:
      return hex.Write(span.trace_id);
    case Path::kSpanSpanIdString:
      return hex.Write(span.span_id);
    case Path::kSpanParentSpanIdString:
      return hex.Write(ParentOf(span));
    case Path::kSpanTraceState:
      return AttributeValue::String(span.trace_state);
    case Path::kSpanStartTimeUnixNano:
      return Time(span.start_time_unix_nano);
    case Path::kSpanEndTimeUnixNano:
      return Time(span.end_time_unix_nano);
    case Path::kSpanDuration:
      return AttributeValue::Int(span.duration_nanos());
    case Path::kSpanDroppedAttributesCount:
      return AttributeValue::Int(span.dropped_attributes_count);
    case Path::kSpanDroppedEventsCount:
      return AttributeValue::Int(span.dropped_events_count);
    case Path::kSpanDroppedLinksCount:
      return AttributeValue::Int(span.dropped_links_count);
    default:
      return LoadShared(path, at);
  }
}

AttributeValue LoadItem(Path path, const ItemCursor<LogRecord>& at, HexBuffer& hex) {
  const LogRecord& record = at.item();
  switch (path) {
    case Path::kLogBody:
      return record.body;
    case Path::kLogSeverityNumber:
      return AttributeValue::Int(record.severity_number);
    case Path::kLogSeverityText:
      return AttributeValue::String(record.severity_text);
    case Path::kLogEventName:
      return AttributeValue::String(record.event_name);
    case Path::kLogTraceId:
      return IdOrNil(record.trace_id);
    case Path::kLogSpanId:
      return IdOrNil(record.span_id);
    case Path::kLogTraceIdString:
      return hex.Write(record.trace_id);
    case Path::kLogSpanIdString:
      return hex.Write(record.span_id);
    case Path::kLogTimeUnixNano:
      return Time(record.time_unix_nano);
    case Path::kLogObservedTimeUnixNano:
      return Time(record.observed_time_unix_nano);
    case Path::kLogFlags:
      return AttributeValue::Int(record.flags);
    case Path::kLogDroppedAttributesCount:
      return AttributeValue::Int(record.dropped_attributes_count);
    default:
      return LoadShared(path, at);
  }
}

template <typename Item>
AttributeValue Load(const Source& source, const ItemCursor<Item>& at, HexBuffer& hex) {
  if (IsAttribute(source)) return at.Attribute(source.scope, source.slot);
  return LoadItem(source.path, at, hex);
}

template <typename Item>
bool TextHolds(const Step& step, const ItemCursor<Item>& at) {
  HexBuffer hex;
  const AttributeValue value = Load(step.left, at, hex);
  if (value.kind() != AttributeValue::Kind::kString) return false;
  const std::string_view text = value.text();
  if (step.code == Code::kHasPrefix) return text.starts_with(step.literal.text());
  if (step.code == Code::kHasSuffix) return text.ends_with(step.literal.text());
  return step.regex->Match({text.data(), text.size()}, 0, text.size(), RE2::UNANCHORED, nullptr, 0);
}

template <typename Item>
bool StepHolds(const Step& step, const ItemCursor<Item>& at) {
  constexpr bool kIsSpan = std::is_same_v<Item, Span>;
  switch (step.code) {
    case Code::kAttributeIsText: {
      const AttributeValue& value = at.Attribute(step.left.scope, step.left.slot);
      return value.kind() == AttributeValue::Kind::kString && value.text() == step.literal.text();
    }
    case Code::kAttributeIsNil:
      return at.Attribute(step.left.scope, step.left.slot).is_nil();
    case Code::kKindIs:
      if constexpr (kIsSpan) return at.item().kind == step.literal.integer();
      break;
    case Code::kStatusCodeIs:
      if constexpr (kIsSpan) return at.item().status_code == step.literal.integer();
      break;
    case Code::kDuration:
      if constexpr (kIsSpan) {
        return internal::Holds(AttributeValue::Int(at.item().duration_nanos()), step.op,
                               step.literal);
      }
      break;
    case Code::kCompareLiteral: {
      HexBuffer hex;
      return internal::Holds(Load(step.left, at, hex), step.op, step.literal);
    }
    case Code::kComparePaths: {
      HexBuffer left_hex, right_hex;
      return internal::Holds(Load(step.left, at, left_hex), step.op,
                             Load(step.right, at, right_hex));
    }
    case Code::kIsMatch:
    case Code::kHasPrefix:
    case Code::kHasSuffix:
      return TextHolds(step, at);
  }
  return false;
}

// The step for `path == literal` or an ordering; != is == with its targets swapped.
Code CompareCode(const Node& node) {
  using Kind = Node::Operand::Kind;
  const Kind other = node.right.kind;
  const bool is_equality = node.op == Node::Op::kEqual || node.op == Node::Op::kNotEqual;
  if (other == Kind::kPath) return Code::kComparePaths;
  if (node.left.path == Path::kSpanDuration) return Code::kDuration;
  if (!is_equality) return Code::kCompareLiteral;
  if (internal::IsAttribute(node.left.path)) {
    if (other == Kind::kString) return Code::kAttributeIsText;
    if (other == Kind::kNil) return Code::kAttributeIsNil;
  }
  if (other == Kind::kInt && node.left.path == Path::kSpanKind) return Code::kKindIs;
  if (other == Kind::kInt && node.left.path == Path::kSpanStatusCode) return Code::kStatusCodeIs;
  return Code::kCompareLiteral;
}

}  // namespace

struct Predicate::Program {
  std::vector<Step> steps;
  int32_t entry = kAccept;
  // Deques keep their elements in place: steps point at them.
  std::deque<std::string> texts;
  std::deque<RE2> regexes;

  // Adds the steps of `node`, and returns where they begin.
  int32_t Emit(const Node& node, int32_t on_true, int32_t on_false,
               model::AttributeProjection& projection);

  template <typename Item>
  bool Run(const ItemCursor<Item>& cursor) const {
    int32_t at = entry;
    while (at >= 0) {
      const Step& step = steps[static_cast<size_t>(at)];
      at = StepHolds(step, cursor) ? step.on_true : step.on_false;
    }
    return at == kAccept;
  }

 private:
  int32_t EmitLeaf(const Node& node, int32_t on_true, int32_t on_false,
                   model::AttributeProjection& projection);
  AttributeValue Literal(const Node::Operand& operand);
};

int32_t Predicate::Program::Emit(const Node& node, int32_t on_true, int32_t on_false,
                                 model::AttributeProjection& projection) {
  switch (node.kind) {
    case Node::Kind::kTrue:
      return on_true;
    case Node::Kind::kFalse:
      return on_false;
    case Node::Kind::kNot:
      return Emit(node.children.front(), on_false, on_true, projection);
    case Node::Kind::kAnd: {
      int32_t next = on_true;
      for (auto child = node.children.rbegin(); child != node.children.rend(); ++child) {
        next = Emit(*child, next, on_false, projection);
      }
      return next;
    }
    case Node::Kind::kOr: {
      int32_t next = on_false;
      for (auto child = node.children.rbegin(); child != node.children.rend(); ++child) {
        next = Emit(*child, on_true, next, projection);
      }
      return next;
    }
    case Node::Kind::kCompare:
    case Node::Kind::kIsMatch:
    case Node::Kind::kHasPrefix:
    case Node::Kind::kHasSuffix:
      break;
  }
  return EmitLeaf(node, on_true, on_false, projection);
}

int32_t Predicate::Program::EmitLeaf(const Node& node, int32_t on_true, int32_t on_false,
                                     model::AttributeProjection& projection) {
  const auto source = [&](const Node::Operand& operand) {
    Source result{.path = operand.path, .scope = ScopeOf(operand.path)};
    if (IsAttribute(result)) {
      result.slot = projection.Add(result.scope, operand.text);
    }
    return result;
  };
  Step step{.op = node.op, .left = source(node.left), .on_true = on_true, .on_false = on_false};
  if (node.right.kind == Node::Operand::Kind::kPath) {
    step.right = source(node.right);
  } else {
    step.literal = Literal(node.right);
  }
  if (node.kind == Node::Kind::kIsMatch) {
    step.code = Code::kIsMatch;
    step.regex = &regexes.emplace_back(node.right.text, internal::RegexOptions());
  } else if (node.kind == Node::Kind::kHasPrefix) {
    step.code = Code::kHasPrefix;
  } else if (node.kind == Node::Kind::kHasSuffix) {
    step.code = Code::kHasSuffix;
  } else {
    step.code = CompareCode(node);
    if (node.op == Node::Op::kNotEqual) {
      step.op = Node::Op::kEqual;
      std::swap(step.on_true, step.on_false);
    }
  }
  steps.push_back(step);
  return static_cast<int32_t>(steps.size() - 1);
}

AttributeValue Predicate::Program::Literal(const Node::Operand& operand) {
  using Kind = Node::Operand::Kind;
  switch (operand.kind) {
    case Kind::kString:
      return AttributeValue::String(texts.emplace_back(operand.text));
    case Kind::kBytes:
      return AttributeValue::Bytes(texts.emplace_back(operand.text));
    case Kind::kInt:
    case Kind::kDuration:
      return AttributeValue::Int(operand.integer);
    case Kind::kDouble:
      return AttributeValue::Double(operand.number);
    case Kind::kBool:
      return AttributeValue::Bool(operand.integer != 0);
    case Kind::kNil:
    case Kind::kPath:
      break;
  }
  return {};
}

Predicate Predicate::Compile(const Condition& condition, model::AttributeProjection& projection) {
  auto program = std::make_unique<Program>();
  program->entry = program->Emit(condition.root(), kAccept, kReject, projection);
  return Predicate(std::move(program));
}

Predicate::Predicate(std::unique_ptr<const Program> program) : program_(std::move(program)) {}
Predicate::Predicate(Predicate&&) noexcept = default;
Predicate& Predicate::operator=(Predicate&&) noexcept = default;
Predicate::~Predicate() = default;

bool Predicate::Eval(const model::SpanCursor& cursor) const { return program_->Run(cursor); }
bool Predicate::Eval(const model::LogCursor& cursor) const { return program_->Run(cursor); }

}  // namespace slowburn::ottl
