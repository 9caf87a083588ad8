// Recursive descent, one function per rule of the grammar in ottl/condition.h. It recurses through
// parentheses only, so the nesting limit bounds the stack.
#include "ottl/internal/parser.h"

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "base/duration_text.h"
#include "base/status.h"
#include "ottl/internal/lexer.h"
#include "ottl/internal/names.h"
#include "ottl/internal/text.h"
#include "ottl/internal/type_check.h"

namespace slowburn::ottl::internal {
namespace {

constexpr int kNestingMax = 64;
constexpr int kOperandsMax = 1000;
constexpr size_t kRegexBytesMax = 4 * 1024;
// Each expression's program and cache of states; a condition may hold hundreds of them.
constexpr int64_t kRegexMemoryBytesMax = 2 << 20;

// a < b is b > a.
Node::Op Mirror(Node::Op op) {
  switch (op) {
    case Node::Op::kLess:
      return Node::Op::kGreater;
    case Node::Op::kLessOrEqual:
      return Node::Op::kGreaterOrEqual;
    case Node::Op::kGreater:
      return Node::Op::kLess;
    case Node::Op::kGreaterOrEqual:
      return Node::Op::kLessOrEqual;
    case Node::Op::kEqual:
    case Node::Op::kNotEqual:
      break;
  }
  return op;
}

// How many zeros say that an id is absent, or 0 where none can be.
size_t ZeroIdBytes(Path path) {
  if (path == Path::kSpanParentSpanId || path == Path::kLogSpanId) return 8;
  if (path == Path::kLogTraceId) return 16;
  return 0;
}

// `a and (b and c)` is `a and b and c`.
void AppendFlat(Node& parent, Node child) {
  if (child.kind != parent.kind) {
    parent.children.push_back(std::move(child));
    return;
  }
  for (Node& grandchild : child.children) parent.children.push_back(std::move(grandchild));
}

// "write and, in lower case" for AND, "write nil" for null; empty when `name` is no such slip.
std::string KeywordAdvice(std::string_view name) {
  const std::string lower = LowerCase(name);
  for (const std::string_view keyword : {"and", "or", "not", "true", "false", "nil"}) {
    if (lower == keyword && name != keyword) return fmt::format("write {}, in lower case", keyword);
  }
  if (lower == "null" || lower == "none") return "write nil";
  return "";
}

std::string UnknownEnum(std::string_view name, Context context) {
  const std::string upper = UpperCase(name);
  std::string examples;
  for (const EnumFamily& family : EnumFamilies()) {
    if (family.context != context) continue;
    const std::string full = fmt::format("{}{}", family.prefix, upper);
    if (FindEnum(full)) return fmt::format("unknown enum {}; did you mean {}?", name, full);
    examples += fmt::format("{}{}", examples.empty() ? "" : " or ", family.example);
  }
  std::string advice = DidYouMean(name, EnumNames(context));
  if (advice.empty()) advice = fmt::format("; write one like {}", examples);
  return fmt::format("unknown enum {}{}", Excerpt(name), advice);
}

// "span., resource. and scope.", or with another word between the last two.
std::string Owners(Context context, std::string_view conjunction) {
  return fmt::format("{}., resource. {} scope.", InfoOf(context).prefix, conjunction);
}

std::string UnknownFunction(std::string_view name) {
  if (name == "TraceID" || name == "SpanID") {
    return fmt::format("there is no function {}; write the bytes as they are, like 0x0a1b", name);
  }
  const std::string near = DidYouMean(name, FunctionNames());
  return fmt::format("unknown function {}{}", Excerpt(name),
                     near.empty() ? "; write IsMatch, HasPrefix, HasSuffix or Duration" : near);
}

// The advice for a name whose owner is another context's, or empty.
std::string OtherContext(std::string_view name, Context context) {
  const std::string_view first = name.substr(0, name.find('.'));
  if (first == InfoOf(context).prefix) return "";
  for (const std::string_view other :
       {"span", "log", "datapoint", "metric", "spanevent", "profile"}) {
    if (first == other) {
      return fmt::format("{}. is not at hand; a condition on {} reads {}", other,
                         InfoOf(context).items, Owners(context, "and"));
    }
  }
  return "";
}

// The advice for a dotted name that is no path.
std::string UnknownPath(std::string_view name, Context context) {
  if (std::string other = OtherContext(name, context); !other.empty()) return other;
  const std::array<std::string_view, 3> owners = {InfoOf(context).prefix, "resource", "scope"};
  for (const std::string_view owner : owners) {
    if (name == owner) {
      return fmt::format(
          "{0} is no value by itself; write {0}.attributes[\"...\"] or another path "
          "below it",
          name);
    }
    const std::string attributes = fmt::format("{}.attributes.", owner);
    if (name.starts_with(attributes)) {
      return fmt::format("an attribute's name stands in brackets; write {}.attributes[{}]", owner,
                         Excerpt(name.substr(attributes.size())));
    }
  }
  if (context == Context::kSpan && (name == "span.status" || name == "status")) {
    return fmt::format("{} is two values; write span.status.code or span.status.message", name);
  }
  if (name == "log.body.string") {
    return "log.body.string is not at hand; write log.body, which is a string where a string was "
           "sent";
  }
  if (name == "attributes" || name.starts_with("attributes.")) {
    return fmt::format(
        "attributes of what; write {}.attributes[...], resource.attributes[...] or "
        "scope.attributes[...]",
        owners[0]);
  }
  for (const std::string_view owner : owners) {
    const std::string full = fmt::format("{}.{}", owner, name);
    if (FindPath(full, context)) return fmt::format("{} of what; write {}", name, full);
  }
  std::string advice = DidYouMean(name, PathNames(context));
  if (advice.empty()) advice = fmt::format("; a path begins with {}", Owners(context, "or"));
  return fmt::format("unknown path {}{}", Excerpt(name), advice);
}

class Parser {
 public:
  Parser(std::string_view text, Context context, std::vector<Token> tokens)
      : text_(text), context_(context), tokens_(std::move(tokens)) {}

  absl::StatusOr<Node> Run();

 private:
  struct Operand {
    Node::Operand value;
    const Token* first = nullptr;
  };

  const Token& Peek(size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  bool At(Token::Kind kind) const { return Peek().kind == kind; }
  bool AtName(std::string_view name) const {
    return At(Token::Kind::kName) && Peek().spelling == name;
  }
  const Token& Take() { return tokens_[at_++]; }
  absl::Status Error(const Token& token, std::string_view message) const {
    return ErrorAt(text_, token.offset, message);
  }
  // "expected X, found Y" at the next token, or better advice where the slip is a known one.
  absl::Status Unexpected(std::string_view expected) const;
  absl::Status Expect(Token::Kind kind, std::string_view expected);
  absl::Status CountOperand(const Token& token);

  absl::StatusOr<Node> Or();
  absl::StatusOr<Node> And();
  absl::StatusOr<Node> Factor();
  absl::StatusOr<Node> Primary();
  absl::StatusOr<Node> Group();
  absl::StatusOr<Node> Call(Node::Kind kind);
  absl::Status CheckRegex(const Token& pattern) const;
  absl::StatusOr<Node> ComparisonOrBool();
  absl::StatusOr<Node> Compare(Operand left, Node::Op op, Operand right) const;
  absl::StatusOr<Operand> Value();
  absl::StatusOr<Operand> NamedValue();
  absl::StatusOr<Operand> Function();
  absl::StatusOr<Operand> PathValue();
  absl::StatusOr<std::string> AttributeKey(const PathInfo& info);

  std::string_view text_;
  Context context_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
  int nesting_ = 0;
  int operands_ = 0;
};

absl::Status Parser::Unexpected(std::string_view expected) const {
  if (At(Token::Kind::kName)) {
    const std::string advice = KeywordAdvice(Peek().spelling);
    if (!advice.empty())
      return Error(Peek(), fmt::format("{} is not a word; {}", Peek().spelling, advice));
  }
  const std::string found = At(Token::Kind::kEnd) ? "the end" : Excerpt(Peek().spelling);
  return Error(Peek(), fmt::format("expected {}, found {}", expected, found));
}

absl::Status Parser::Expect(Token::Kind kind, std::string_view expected) {
  if (!At(kind)) return Unexpected(expected);
  Take();
  return absl::OkStatus();
}

absl::Status Parser::CountOperand(const Token& token) {
  if (++operands_ <= kOperandsMax) return absl::OkStatus();
  return Error(token, fmt::format("more than {} operands; write a regular expression with IsMatch "
                                  "instead of many comparisons",
                                  kOperandsMax));
}

absl::StatusOr<Node> Parser::Run() {
  if (At(Token::Kind::kEnd)) {
    return ErrorAt(
        text_, 0,
        fmt::format("the condition is empty; write true for every {}", InfoOf(context_).item));
  }
  SB_ASSIGN_OR_RETURN(Node root, Or());
  if (!At(Token::Kind::kEnd)) return Unexpected("and, or or the end");
  return root;
}

absl::StatusOr<Node> Parser::Or() {
  SB_ASSIGN_OR_RETURN(Node first, And());
  if (!AtName("or")) return first;
  Node node{.kind = Node::Kind::kOr};
  AppendFlat(node, std::move(first));
  while (AtName("or")) {
    Take();
    SB_ASSIGN_OR_RETURN(Node next, And());
    AppendFlat(node, std::move(next));
  }
  return node;
}

absl::StatusOr<Node> Parser::And() {
  SB_ASSIGN_OR_RETURN(Node first, Factor());
  if (!AtName("and")) return first;
  Node node{.kind = Node::Kind::kAnd};
  AppendFlat(node, std::move(first));
  while (AtName("and")) {
    Take();
    SB_ASSIGN_OR_RETURN(Node next, Factor());
    AppendFlat(node, std::move(next));
  }
  return node;
}

absl::StatusOr<Node> Parser::Factor() {
  if (!AtName("not")) return Primary();
  Take();
  if (AtName("not")) return Error(Peek(), "not stands twice; leave both out");
  SB_ASSIGN_OR_RETURN(Node child, Primary());
  Node node{.kind = Node::Kind::kNot};
  node.children.push_back(std::move(child));
  return node;
}

absl::StatusOr<Node> Parser::Primary() {
  Node node;
  const bool is_function = At(Token::Kind::kName) && Peek(1).kind == Token::Kind::kLeftParen;
  const auto call = is_function ? FindCall(Peek().spelling) : std::nullopt;
  if (At(Token::Kind::kLeftParen)) {
    SB_ASSIGN_OR_RETURN(node, Group());
  } else if (call) {
    SB_ASSIGN_OR_RETURN(node, Call(*call));
  } else {
    SB_ASSIGN_OR_RETURN(node, ComparisonOrBool());
  }
  if (!At(Token::Kind::kCompare)) return node;
  return Error(Peek(),
               "a condition is not compared again; leave out == true, and join two "
               "comparisons with and");
}

absl::StatusOr<Node> Parser::Group() {
  const Token& open = Take();
  if (nesting_ == kNestingMax) {
    return Error(open,
                 fmt::format("parentheses nest deeper than {} levels; write fewer", kNestingMax));
  }
  ++nesting_;
  SB_ASSIGN_OR_RETURN(Node node, Or());
  --nesting_;
  if (At(Token::Kind::kEnd)) return Error(open, "the parenthesis is not closed; write )");
  SB_RETURN_IF_ERROR(Expect(Token::Kind::kRightParen, "and, or or )"));
  return node;
}

absl::StatusOr<Node> Parser::Call(Node::Kind kind) {
  const std::string_view name = Take().spelling;
  Take();  // (
  SB_ASSIGN_OR_RETURN(Operand target, Value());
  if (target.value.kind != Node::Operand::Kind::kPath) {
    return Error(*target.first, fmt::format("{0} reads a path; write {0}({1}, \"...\")", name,
                                            InfoOf(context_).example));
  }
  if (const auto problem = TextArgumentProblem(name, target.value)) {
    return Error(*target.first, *problem);
  }
  SB_RETURN_IF_ERROR(Expect(Token::Kind::kComma, ", and a string"));
  if (!At(Token::Kind::kString))
    return Unexpected(fmt::format("a string in double quotes for {}", name));
  const Token& argument = Take();
  SB_RETURN_IF_ERROR(CountOperand(argument));
  if (kind == Node::Kind::kIsMatch) SB_RETURN_IF_ERROR(CheckRegex(argument));
  SB_RETURN_IF_ERROR(Expect(Token::Kind::kRightParen, ")"));
  return Node{.kind = kind,
              .left = std::move(target.value),
              .right = {.kind = Node::Operand::Kind::kString, .text = argument.text}};
}

absl::Status Parser::CheckRegex(const Token& pattern) const {
  if (pattern.text.size() > kRegexBytesMax) {
    return Error(pattern, fmt::format("the regular expression has {} bytes, at most {}; write a "
                                      "shorter one",
                                      pattern.text.size(), kRegexBytesMax));
  }
  const RE2 regex(pattern.text, RegexOptions());
  if (regex.ok()) return absl::OkStatus();
  return Error(pattern, fmt::format("{} is not a regular expression ({}); write RE2 syntax",
                                    Excerpt(pattern.text), Shorten(regex.error())));
}

absl::StatusOr<Node> Parser::ComparisonOrBool() {
  SB_ASSIGN_OR_RETURN(Operand left, Value());
  if (At(Token::Kind::kCompare)) {
    const Node::Op op = Take().op;
    SB_ASSIGN_OR_RETURN(Operand right, Value());
    return Compare(std::move(left), op, std::move(right));
  }
  if (left.value.kind == Node::Operand::Kind::kBool) {
    return Node{.kind = left.value.integer != 0 ? Node::Kind::kTrue : Node::Kind::kFalse};
  }
  const bool is_attribute =
      left.value.kind == Node::Operand::Kind::kPath && IsAttribute(left.value.path);
  return Unexpected(fmt::format("a comparison{}", is_attribute ? " like == true" : " like =="));
}

absl::StatusOr<Node> Parser::Compare(Operand left, Node::Op op, Operand right) const {
  using Kind = Node::Operand::Kind;
  if (left.value.kind != Kind::kPath) {
    if (right.value.kind != Kind::kPath) {
      return Error(*left.first,
                   fmt::format("two literals are compared, which reads nothing of a {}; write a "
                               "path like {} on one side",
                               InfoOf(context_).item, InfoOf(context_).example));
    }
    std::swap(left, right);
    op = Mirror(op);
  }
  if (const auto problem =
          ComparisonProblem(context_, left.value, op, right.value, right.first->spelling)) {
    return Error(*right.first, *problem);
  }
  // What OTTL's users write for a root span, or a log record without a trace.
  const bool is_equality = op == Node::Op::kEqual || op == Node::Op::kNotEqual;
  const size_t zeros = ZeroIdBytes(left.value.path);
  if (is_equality && zeros > 0 && right.value.kind == Kind::kBytes &&
      right.value.text == std::string(zeros, '\0')) {
    right.value = Node::Operand{.kind = Kind::kNil};
  }
  return Node{.kind = Node::Kind::kCompare,
              .op = op,
              .left = std::move(left.value),
              .right = std::move(right.value)};
}

absl::StatusOr<Parser::Operand> Parser::Value() {
  using Kind = Node::Operand::Kind;
  SB_RETURN_IF_ERROR(CountOperand(Peek()));
  const Token& token = Peek();
  Operand operand{.value = {.text = token.text, .integer = token.integer, .number = token.number},
                  .first = &token};
  switch (token.kind) {
    case Token::Kind::kName:
      return NamedValue();
    case Token::Kind::kString:
      operand.value.kind = Kind::kString;
      break;
    case Token::Kind::kInt:
      operand.value.kind = Kind::kInt;
      break;
    case Token::Kind::kDouble:
      operand.value.kind = Kind::kDouble;
      break;
    case Token::Kind::kBytes:
      operand.value.kind = Kind::kBytes;
      break;
    case Token::Kind::kDuration:
      operand.value.kind = Kind::kDuration;
      break;
    case Token::Kind::kLeftBracket:
      return Error(token, "lists are not supported; compare one value at a time");
    default:
      return Unexpected("a path or a value");
  }
  Take();
  return operand;
}

absl::StatusOr<Parser::Operand> Parser::NamedValue() {
  using Kind = Node::Operand::Kind;
  const Token& token = Peek();
  const std::string_view name = token.spelling;
  Operand operand{.first = &token};
  if (name == "true" || name == "false") {
    operand.value = {.kind = Kind::kBool, .integer = name == "true" ? 1 : 0};
  } else if (name == "nil") {
    operand.value = {.kind = Kind::kNil};
  } else if (Peek(1).kind == Token::Kind::kLeftParen && name != "and" && name != "or" &&
             name != "not" && KeywordAdvice(name).empty()) {
    return Function();
  } else if (const auto value = FindEnum(name)) {
    if (value->family->context != context_) {
      return Error(token, fmt::format("{} is not at hand; it belongs to conditions on {}", name,
                                      InfoOf(value->family->context).items));
    }
    operand.value = {.kind = Kind::kInt, .integer = value->number};
  } else if (name == "and" || name == "or" || name == "not" || !KeywordAdvice(name).empty()) {
    return Unexpected("a path or a value");
  } else if (name[0] >= 'A' && name[0] <= 'Z' && Peek(1).kind != Token::Kind::kDot) {
    return Error(token, UnknownEnum(name, context_));
  } else {
    return PathValue();
  }
  Take();
  return operand;
}

// Duration("300ms"): the only function that is a value.
absl::StatusOr<Parser::Operand> Parser::Function() {
  const Token& name = Take();
  if (FindCall(name.spelling)) {
    return Error(name, fmt::format("{} is a condition, not a value; leave out the comparison",
                                   name.spelling));
  }
  if (name.spelling != "Duration") return Error(name, UnknownFunction(name.spelling));
  Take();  // (
  if (!At(Token::Kind::kString)) return Unexpected("a string like \"300ms\" for Duration");
  const Token& argument = Take();
  const auto duration = base::ParseDuration(argument.text);
  if (!duration.ok()) {
    return Error(argument, fmt::format("{} is not a duration; write one like 300ms or 1h30m",
                                       Excerpt(argument.text)));
  }
  SB_RETURN_IF_ERROR(Expect(Token::Kind::kRightParen, ")"));
  return Operand{.value = {.kind = Node::Operand::Kind::kDuration, .integer = duration->count()},
                 .first = &name};
}

absl::StatusOr<Parser::Operand> Parser::PathValue() {
  const Token& first = Take();
  // OTTL's two names of one context.
  std::string name(first.spelling == "instrumentation_scope" ? "scope" : first.spelling);
  while (At(Token::Kind::kDot)) {
    Take();
    if (!At(Token::Kind::kName)) return Unexpected("a name after the dot");
    name += ".";
    name += Take().spelling;
  }
  const PathInfo* info = FindPath(name, context_);
  if (info == nullptr) return Error(first, UnknownPath(name, context_));
  Operand operand{.value = {.kind = Node::Operand::Kind::kPath, .path = info->path},
                  .first = &first};
  if (IsAttribute(info->path)) {
    SB_ASSIGN_OR_RETURN(operand.value.text, AttributeKey(*info));
  }
  if (At(Token::Kind::kLeftBracket)) {
    if (IsAttribute(info->path)) {
      return Error(Peek(),
                   "indexing into an attribute's value is not supported; compare attributes that "
                   "are no maps or lists");
    }
    if (info->type == PathType::kAny) {
      return Error(Peek(), fmt::format("indexing into {} is not supported; write a condition on an "
                                       "attribute",
                                       info->name));
    }
    return Error(Peek(), fmt::format("{} has no parts; leave out [", info->name));
  }
  return operand;
}

absl::StatusOr<std::string> Parser::AttributeKey(const PathInfo& info) {
  SB_RETURN_IF_ERROR(
      Expect(Token::Kind::kLeftBracket, fmt::format("[\"name\"] after {}", info.name)));
  if (!At(Token::Kind::kString)) return Unexpected("an attribute's name in double quotes");
  const Token& key = Take();
  if (key.text.empty()) return Error(key, "the attribute's name is empty; write one");
  SB_RETURN_IF_ERROR(Expect(Token::Kind::kRightBracket, "]"));
  return key.text;
}

}  // namespace

absl::StatusOr<Node> ParseTree(std::string_view text, Context context) {
  if (text.size() > kTextBytesMax) {
    return ErrorAt(text, kTextBytesMax,
                   fmt::format("the condition has {} bytes, at most {}; write a "
                               "shorter one",
                               text.size(), kTextBytesMax));
  }
  SB_ASSIGN_OR_RETURN(std::vector<Token> tokens, Lex(text));
  return Parser(text, context, std::move(tokens)).Run();
}

RE2::Options RegexOptions() {
  RE2::Options options(RE2::Quiet);
  options.set_max_mem(kRegexMemoryBytesMax);
  return options;
}

}  // namespace slowburn::ottl::internal
