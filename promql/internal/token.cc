#include "promql/internal/token.h"

#include <array>
#include <utility>

#include <absl/strings/ascii.h>
#include <fmt/format.h>

#include "promql/internal/go_text.h"

namespace slowburn::promql::internal {
namespace {

using enum TokenType;

constexpr std::array<std::pair<std::string_view, TokenType>, 36> kWords = {{
    {"and", kAnd},
    {"or", kOr},
    {"unless", kUnless},
    {"atan2", kAtan2},
    {"sum", kSum},
    {"avg", kAvg},
    {"count", kCount},
    {"min", kMin},
    {"max", kMax},
    {"group", kGroup},
    {"stddev", kStddev},
    {"stdvar", kStdvar},
    {"topk", kTopk},
    {"bottomk", kBottomk},
    {"count_values", kCountValues},
    {"quantile", kQuantile},
    {"limitk", kLimitk},
    {"limit_ratio", kLimitRatio},
    {"offset", kOffset},
    {"by", kBy},
    {"without", kWithout},
    {"on", kOn},
    {"ignoring", kIgnoring},
    {"group_left", kGroupLeft},
    {"group_right", kGroupRight},
    {"bool", kBool},
    {"anchored", kAnchored},
    {"smoothed", kSmoothed},
    {"start", kStart},
    {"end", kEndWord},
    {"step", kStep},
    {"range", kRange},
    {"min_of", kMinOf},
    {"max_of", kMaxOf},
    {"inf", kNumber},
    {"nan", kNumber},
}};

bool IsBetween(TokenType type, TokenType first, TokenType last) {
  return type >= first && type <= last;
}

}  // namespace

bool IsAggregator(TokenType type) { return IsBetween(type, kSum, kLimitRatio); }

AggregateOp AggregateOpOf(TokenType type) {
  return static_cast<AggregateOp>(static_cast<int>(type) - static_cast<int>(kSum));
}

std::optional<BinaryOp> BinaryOpOf(TokenType type) {
  if (!IsBetween(type, kAdd, kTrimLower)) return std::nullopt;
  return static_cast<BinaryOp>(static_cast<int>(type) - static_cast<int>(kAdd));
}

bool IsMetricWord(TokenType type) {
  return IsBetween(type, kIdentifier, kMetricIdentifier) || IsAggregator(type) ||
         IsBetween(type, kAnd, kUnless) || IsBetween(type, kOffset, kWithout) ||
         IsBetween(type, kAnchored, kMaxOf);
}

bool IsLabelWord(TokenType type) {
  return IsMetricWord(type) || type == kAtan2 || IsBetween(type, kOn, kBool);
}

std::string Description(const Token& token) {
  const TokenType type = token.type;
  if (type == kEnd) return "end of input";
  if (IsBetween(type, kAdd, kAt)) return fmt::format("<op:{}>", token.text);
  if (IsAggregator(type)) return fmt::format("<aggr:{}>", token.text);
  if (IsBetween(type, kOffset, kSmoothed)) return fmt::format("<{}>", token.text);
  std::string_view kind;
  if (type == kIdentifier) kind = "identifier ";
  if (type == kMetricIdentifier) kind = "metric identifier ";
  if (type == kNumber) kind = "number ";
  if (type == kDuration) kind = "duration ";
  if (type == kString) kind = "string ";
  const bool is_name = type == kIdentifier || type == kMetricIdentifier;
  if (!is_name && token.text.size() > 10) {
    return fmt::format("{}{}...", kind, QuotedPrefix(token.text, 10));
  }
  return fmt::format("{}{}", kind, Quoted(token.text));
}

TokenType WordType(std::string_view word) {
  const std::string lower = absl::AsciiStrToLower({word.data(), word.size()});
  for (const auto& [text, type] : kWords) {
    if (text == lower) return type;
  }
  return word.find(':') == std::string_view::npos ? kIdentifier : kMetricIdentifier;
}

}  // namespace slowburn::promql::internal
