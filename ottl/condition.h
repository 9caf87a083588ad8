// ottl/condition.h: a condition on spans or log records, parsed: what people write in an SLI's
// `match`, `good` and `bad`.
//
// Room     ottl: text to tree and back; it evaluates nothing
// Uses     base/, model/
// Threads  immutable once parsed; copies share the tree
// Units    durations are integer nanoseconds
// Source   OpenTelemetry Collector, pkg/ottl grammar (boolean expressions), contexts ottlspan,
// ottllog, ottlscope, ottlresource
//
//   resource.attributes["service.name"] == "checkout" and span.kind == SPAN_KIND_SERVER
//
// Grammar (`or` binds least, then `and`, then `not`):
//   condition  = term { "or" term }        term = factor { "and" factor }
//   factor     = [ "not" ] ( comparison | call | "true" | "false" | "(" condition ")" )
//   comparison = operand ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) operand
//   operand    = path | string | integer | float | "true" | "false" | "nil" | 0x... bytes | enum |
//   duration call       = IsMatch(path, string) | HasPrefix(path, string) | HasSuffix(path, string)
// docs/ottl.md lists paths, enums and the exact meaning of every comparison.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "model/attribute_projection.h"

namespace slowburn::ottl {

// What a condition is about. It reads that item's paths, and those of its resource and scope.
enum class Context : uint8_t { kSpan, kLog };

// A readable place in a span or a log record. An attribute carries its key.
enum class Path : uint8_t {
  kResourceAttribute,
  kScopeAttribute,
  kSpanAttribute,
  kLogAttribute,
  kResourceDroppedAttributesCount,
  kScopeName,
  kScopeVersion,
  kSpanName,
  kSpanKind,
  kSpanStatusCode,
  kSpanStatusMessage,
  kSpanTraceId,
  kSpanSpanId,
  kSpanParentSpanId,  // bytes
  kSpanTraceIdString,
  kSpanSpanIdString,
  kSpanParentSpanIdString,  // lower-case hex text: span.trace_id.string
  kSpanTraceState,
  kSpanStartTimeUnixNano,
  kSpanEndTimeUnixNano,
  kSpanDuration,  // our extension: end - start
  kSpanDroppedAttributesCount,
  kSpanDroppedEventsCount,
  kSpanDroppedLinksCount,
  kLogBody,  // any value
  kLogSeverityNumber,
  kLogSeverityText,
  kLogEventName,
  kLogTraceId,
  kLogSpanId,
  kLogTraceIdString,
  kLogSpanIdString,
  kLogTimeUnixNano,
  kLogObservedTimeUnixNano,
  kLogFlags,
  kLogDroppedAttributesCount,
};

// One node of the tree; see Kind for which members count.
struct Node {
  enum class Kind : uint8_t {
    kAnd,
    kOr,
    kNot,
    kTrue,
    kFalse,    // children
    kCompare,  // op, left, right
    kIsMatch,
    kHasPrefix,
    kHasSuffix,  // left (a path), right (a string)
  };
  enum class Op : uint8_t { kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual };
  struct Operand {
    enum class Kind : uint8_t { kPath, kString, kInt, kDouble, kBool, kNil, kBytes, kDuration };
    Kind kind = Kind::kNil;
    Path path = Path::kSpanName;  // kPath
    std::string text;             // kString, kBytes; the key of an attribute path
    int64_t integer = 0;          // kInt, kBool, kDuration (nanoseconds)
    double number = 0;            // kDouble
  };

  Kind kind = Kind::kTrue;
  Op op = Op::kEqual;
  Operand left, right;
  std::vector<Node> children;  // kAnd, kOr: two or more, flattened; kNot: one
};

// A parsed condition.
class Condition {
 public:
  // kInvalidArgument with "column 12: what; what to write instead", also for a path of another
  // context. At most 16 KiB of text, 64 levels of nesting, 1,000 operands; a regular expression at
  // most 4 KiB, RE2's syntax, checked here.
  static absl::StatusOr<Condition> Parse(std::string_view text, Context context = Context::kSpan);

  Context context() const { return context_; }

  const Node& root() const { return *root_; }
  // One form for all spellings of the same condition (space, parentheses, quoting): an SLI's
  // identity is made of it. It parses to an equal tree.
  std::string CanonicalText() const;
  // The text as written.
  const std::string& text() const { return text_; }

  // The conditions whose conjunction this is: `a and (b or c) and d` -> a, (b or c), d.
  std::vector<Condition> Conjuncts() const;
  // True when it reads the resource only, so that it is decided once per resource.
  bool ReadsOnlyResource() const;
  // "checkout" for exactly `resource.attributes[key] == "checkout"` (either way round), else
  // nothing.
  std::optional<std::string> PinnedResourceAttribute(std::string_view key) const;

 private:
  Condition(Context context, std::shared_ptr<const Node> root, std::string text)
      : context_(context), root_(std::move(root)), text_(std::move(text)) {}
  Context context_;
  // Shared: conjuncts and copies of a condition keep one tree.
  std::shared_ptr<const Node> root_;
  std::string text_;
};

}  // namespace slowburn::ottl
