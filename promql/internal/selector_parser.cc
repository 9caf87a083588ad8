// The part of QueryParser that reads selectors, what modifies them, and lists of labels.
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "promql/internal/go_float.h"
#include "promql/internal/go_text.h"
#include "promql/internal/query_parser.h"

namespace slowburn::promql::internal {
namespace {

using enum TokenType;

constexpr size_t kMatchersMax = 64;
// Of @; up to here a double of seconds has its millisecond exactly.
constexpr double kAtSecondsMax = 1e12;
// A compiled expression holds up to 2 MiB.
constexpr size_t kRegexesMax = 200;

std::optional<model::LabelMatcher::Op> MatcherOpOf(TokenType type) {
  switch (type) {
    case kEqual:
      return model::LabelMatcher::Op::kEqual;
    case kNotEqual:
      return model::LabelMatcher::Op::kNotEqual;
    case kEqualRegex:
      return model::LabelMatcher::Op::kRegex;
    case kNotEqualRegex:
      return model::LabelMatcher::Op::kNotRegex;
    default:
      return std::nullopt;
  }
}

// Whose offset and @ a modifier behind `operand` sets; null for what can have none.
TimeShift* ShiftOf(Expr& operand) {
  switch (operand.kind) {
    case Expr::Kind::kVectorSelector:
      return &As<VectorSelector>(operand).shift;
    case Expr::Kind::kMatrixSelector:
      return &As<MatrixSelector>(operand).vector->shift;
    case Expr::Kind::kSubquery:
      return &As<Subquery>(operand).shift;
    default:
      return nullptr;
  }
}

constexpr std::string_view kWhatIsShifted =
    "modifier must be preceded by an instant vector selector or range vector selector or a "
    "subquery";

}  // namespace

absl::StatusOr<QueryParser::Parsed> QueryParser::ParseSelector(const Token& name) {
  auto selector = std::make_unique<VectorSelector>();
  selector->name = name.text;
  if (PeekIs(kLeftBrace)) SB_RETURN_IF_ERROR(ParseMatchers(*selector));
  selector->range = {name.begin, last_end_};
  if (!name.text.empty()) {
    SB_RETURN_IF_ERROR(AddMatcher(*selector, name, std::string(model::kMetricNameLabel),
                                  model::LabelMatcher::Op::kEqual, selector->name));
  }
  return Grown(std::move(selector), 0);
}

absl::Status QueryParser::ParseMatchers(VectorSelector& selector) {
  Take();
  if (TakeIf(kRightBrace)) return absl::OkStatus();
  for (;;) {
    SB_RETURN_IF_ERROR(ParseMatcher(selector));
    if (TakeIf(kRightBrace)) return absl::OkStatus();
    if (!TakeIf(kComma)) return Unexpected({"label matching", "\",\" or \"}\""});
    if (TakeIf(kRightBrace)) return absl::OkStatus();
  }
}

absl::Status QueryParser::ParseMatcher(VectorSelector& selector) {
  if (!PeekIs(kIdentifier) && !PeekIs(kString)) {
    return Unexpected({"label matching", "identifier or \"}\""});
  }
  const Token label = Take();
  const bool is_quoted = label.type == kString;
  std::string name(label.text);
  if (is_quoted) {
    SB_ASSIGN_OR_RETURN(name, ReadString(label));
  }
  const std::optional<model::LabelMatcher::Op> op = MatcherOpOf(Peek().type);
  if (!op.has_value()) {
    if (!is_quoted) return Unexpected({"label matching", "label matching operator"});
    return AddMatcher(selector, label, std::string(model::kMetricNameLabel),
                      model::LabelMatcher::Op::kEqual, std::move(name));
  }
  Take();
  if (!PeekIs(kString)) return Unexpected({"label matching", "string"});
  SB_ASSIGN_OR_RETURN(std::string value, ReadString(Take()));
  return AddMatcher(selector, label, std::move(name), *op, std::move(value));
}

absl::Status QueryParser::AddMatcher(VectorSelector& selector, const Token& at, std::string name,
                                     model::LabelMatcher::Op op, std::string value) {
  if (selector.matchers.size() == kMatchersMax) {
    return Error(at.begin, fmt::format("a selector has more than {} matchers", kMatchersMax));
  }
  const bool is_regex =
      op == model::LabelMatcher::Op::kRegex || op == model::LabelMatcher::Op::kNotRegex;
  if (is_regex && ++regexes_ > kRegexesMax) {
    return Error(at.begin,
                 fmt::format("the query has more than {} regular expressions", kRegexesMax));
  }
  auto matcher = model::LabelMatcher::Create(std::move(name), op, std::move(value));
  if (!matcher.ok()) {
    return Error(at.begin,
                 fmt::format("error parsing regexp: {}", base::Message(matcher.status())));
  }
  selector.matchers.push_back(*std::move(matcher));
  return absl::OkStatus();
}

absl::StatusOr<QueryParser::Parsed> QueryParser::ParseBrackets(Parsed operand) {
  constexpr Context kRange = {"subquery or range selector", "number, duration, step(), or range()"};
  const Token bracket = Take();
  int64_t range_ms = 0;
  DurationExprPtr range_expr;
  {
    const ContextScope scope(*this, kRange);
    SB_RETURN_IF_ERROR(ReadPositiveDuration(range_ms, range_expr));
  }
  const uint32_t begin = operand.expr->range.begin;
  if (TakeIf(kColon)) {
    auto subquery = std::make_unique<Subquery>();
    subquery->range_ms = range_ms;
    subquery->range_expr = std::move(range_expr);
    if (!PeekIs(kRightBracket)) {
      const ContextScope scope(
          *this, {"subquery selector", "number, duration, step(), range(), or \"]\""});
      SB_RETURN_IF_ERROR(ReadPositiveDuration(subquery->step_ms, subquery->step_expr));
    }
    if (!TakeIf(kRightBracket)) return Unexpected({"subquery selector", "\"]\""});
    subquery->range = {begin, last_end_};
    subquery->expr = std::move(operand.expr);
    return Grown(std::move(subquery), operand.height);
  }
  if (!TakeIf(kRightBracket)) return Unexpected({"subquery or range", "\":\" or \"]\""});
  if (operand.expr->kind != Expr::Kind::kVectorSelector) {
    return Error(bracket.begin, "ranges only allowed for vector selectors");
  }
  auto matrix = std::make_unique<MatrixSelector>();
  matrix->vector.reset(static_cast<VectorSelector*>(operand.expr.release()));
  const TimeShift& shift = matrix->vector->shift;
  if (shift.offset_ms != 0 || shift.offset_expr != nullptr) {
    return Error(bracket.begin, "no offset modifiers allowed before range");
  }
  if (shift.at != TimeShift::At::kEvaluation) {
    return Error(bracket.begin, "no @ modifiers allowed before range");
  }
  matrix->range = {begin, last_end_};
  matrix->range_ms = range_ms;
  matrix->range_expr = std::move(range_expr);
  return Grown(std::move(matrix), operand.height);
}

absl::Status QueryParser::ParseOffset(Expr& operand) {
  Take();
  const ContextScope scope(*this, {"offset", "number, duration, step(), or range()"});
  SB_ASSIGN_OR_RETURN(ParsedDuration duration, ParseOffsetDuration());
  TimeShift* shift = ShiftOf(operand);
  if (shift == nullptr) {
    return Error(operand.range.begin, fmt::format("offset {}", kWhatIsShifted));
  }
  if (shift->offset_ms != 0 || shift->offset_expr != nullptr) {
    return Error(operand.range.begin, "offset may not be set multiple times");
  }
  if (duration.expr->op == DurationExpr::Op::kSeconds) {
    shift->offset_ms = static_cast<int64_t>(std::round(duration.expr->seconds * 1e9) / 1e6);
  } else {
    shift->offset_expr = std::move(duration.expr);
  }
  operand.range.end = last_end_;
  return absl::OkStatus();
}

absl::Status QueryParser::ParseAt(Expr& operand) {
  Take();
  const ContextScope scope(*this, {"@", "timestamp"});
  TimeShift parsed;
  if (PeekIs(kStart) || PeekIs(kEndWord)) {
    parsed.at = Take().type == kStart ? TimeShift::At::kStart : TimeShift::At::kEnd;
    SB_RETURN_IF_ERROR(Expect(kLeftParen));
    SB_RETURN_IF_ERROR(Expect(kRightParen));
  } else {
    SB_ASSIGN_OR_RETURN(const double seconds, ReadSignedNumber());
    // Not a number fails this too.
    if (!(std::abs(seconds) <= kAtSecondsMax)) {
      return Error(
          operand.range.begin,
          fmt::format("timestamp out of bounds for @ modifier: {}",
                      std::isfinite(seconds) ? fmt::format("{:f}", seconds) : GoFloatF(seconds)));
    }
    parsed.at = TimeShift::At::kTimestamp;
    parsed.at_ms = static_cast<int64_t>(std::round(seconds * 1000));
  }
  TimeShift* shift = ShiftOf(operand);
  if (shift == nullptr) return Error(operand.range.begin, fmt::format("@ {}", kWhatIsShifted));
  if (shift->at != TimeShift::At::kEvaluation) {
    return Error(operand.range.begin, "@ <timestamp> may not be set multiple times");
  }
  shift->at = parsed.at;
  shift->at_ms = parsed.at_ms;
  operand.range.end = last_end_;
  return absl::OkStatus();
}

absl::Status QueryParser::ParseExtension(Expr& operand) {
  const Token word = Take();
  const bool anchored = word.type == kAnchored;
  const std::string_view name = anchored ? "anchored" : "smoothed";
  if (!options_.extended_range_selectors) {
    return Error(word.begin, fmt::format("{} modifier is experimental and not enabled "
                                         "(promql-extended-range-selectors)",
                                         name));
  }
  VectorSelector* selector = nullptr;
  if (operand.kind == Expr::Kind::kVectorSelector) selector = &As<VectorSelector>(operand);
  if (operand.kind == Expr::Kind::kMatrixSelector) {
    selector = As<MatrixSelector>(operand).vector.get();
  }
  if (selector == nullptr || (anchored && operand.kind == Expr::Kind::kVectorSelector)) {
    return Error(operand.range.begin, fmt::format("{} modifier not implemented", name));
  }
  if (selector->anchored || selector->smoothed) {
    return Error(operand.range.begin, "anchored and smoothed modifiers cannot be used together");
  }
  (anchored ? selector->anchored : selector->smoothed) = true;
  operand.range.end = last_end_;
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> QueryParser::ParseLabels() {
  if (!TakeIf(kLeftParen)) return Unexpected({"grouping opts", "\"(\""});
  std::vector<std::string> labels;
  if (TakeIf(kRightParen)) return labels;
  for (;;) {
    SB_ASSIGN_OR_RETURN(std::string label, ParseLabel());
    labels.push_back(std::move(label));
    if (TakeIf(kRightParen)) return labels;
    if (!TakeIf(kComma)) return Unexpected({"grouping opts", "\",\" or \")\""});
    if (TakeIf(kRightParen)) return labels;
  }
}

absl::StatusOr<std::string> QueryParser::ParseLabel() {
  const bool is_name = IsLabelWord(Peek().type) && !PeekIs(kMetricIdentifier);
  if (!is_name && !PeekIs(kString)) return Unexpected({"grouping opts", "label"});
  const Token token = Take();
  if (is_name) return std::string(token.text);
  SB_ASSIGN_OR_RETURN(std::string label, ReadString(token));
  if (label.empty()) return Error(token.begin, "invalid label name for grouping: \"\"");
  return label;
}

}  // namespace slowburn::promql::internal
