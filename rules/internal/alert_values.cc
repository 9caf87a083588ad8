#include "rules/internal/alert_values.h"

#include <string_view>

#include <fmt/format.h>

#include "rules/internal/spec_values.h"
#include "slo/decimal.h"

namespace slowburn::rules {
namespace {

using base::YamlNode;
using std::chrono::seconds;

constexpr size_t kSeverityBytesMax = 64;
constexpr std::chrono::hours kTimeMax{400 * 24};

}  // namespace

std::optional<std::string> ReadSeverity(const YamlNode& node) {
  std::optional<std::string> severity = node.String();
  if (!severity.has_value()) return std::nullopt;
  if (!severity->empty() && severity->size() <= kSeverityBytesMax) return severity;
  node.Error(fmt::format("{} is \"{}\"; write page, ticket or another word of at most {} bytes",
                         node.path(), Shown(*severity), kSeverityBytesMax));
  return std::nullopt;
}

std::optional<uint64_t> ReadMillionths(const YamlNode& node) {
  const std::optional<std::string> text = node.String();
  if (!text.has_value()) return std::nullopt;
  const std::optional<slo::Decimal> decimal = slo::ReadDecimal(*text, 6);
  if (decimal.has_value() && !decimal->too_fine) return decimal->units;
  node.Error(fmt::format("{} is \"{}\"; write a number of at most six decimals, like 14.4",
                         node.path(), Shown(*text)));
  return std::nullopt;
}

std::optional<uint64_t> ReadShare(const YamlNode& node) {
  const std::optional<std::string> text = node.String();
  if (!text.has_value()) return std::nullopt;
  const bool percent = text->ends_with('%');
  std::string_view number = *text;
  if (percent) number.remove_suffix(1);
  const std::optional<slo::Decimal> decimal = slo::ReadDecimal(number, percent ? 4 : 6);
  if (decimal.has_value() && !decimal->too_fine && decimal->units <= kMillion)
    return decimal->units;
  node.Error(
      fmt::format("{} is \"{}\"; write a share of at most four decimals from 0% to 100%, like 25%",
                  node.path(), Shown(*text)));
  return std::nullopt;
}

std::optional<seconds> ReadWholeSeconds(const YamlNode& node) {
  const std::optional<std::chrono::nanoseconds> time = node.Duration();
  if (!time.has_value()) return std::nullopt;
  if (*time % seconds(1) == std::chrono::nanoseconds(0) && *time <= kTimeMax)
    return std::chrono::duration_cast<seconds>(*time);
  node.Error(fmt::format("{} is {}; write whole seconds up to 400d, like 5m", node.path(),
                         Shown(node.String().value_or(""))));
  return std::nullopt;
}

}  // namespace slowburn::rules
