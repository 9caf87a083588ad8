#include "rules/internal/tier_reader.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "rules/internal/alert_values.h"
#include "rules/internal/spec_values.h"

namespace slowburn::rules {
namespace {

using base::YamlNode;
using std::chrono::seconds;

// Each tier costs every group two sums; the published policies have four.
constexpr size_t kTiersMax = 20;
constexpr int64_t kGuardMax = 1'000'000'000'000;
constexpr size_t kTierNameMax = 64;

bool IsTierName(std::string_view name) {
  return !name.empty() && name.size() <= kTierNameMax &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-' || c == '/';
         });
}

std::string ReadTierName(const YamlNode& node) {
  const std::optional<std::string> name = node.String();
  if (!name.has_value()) return "";
  if (!IsTierName(*name)) {
    node.Error(fmt::format(
        "{} is \"{}\"; write at most {} letters, digits, '.', '_', '-' and '/', like fast",
        node.path(), Shown(*name), kTierNameMax));
  }
  return *name;
}

struct Windows {
  seconds long_window;
  seconds short_window;
};

std::optional<Windows> ReadWindows(const YamlNode& item) {
  const std::optional<std::chrono::nanoseconds> long_window = item.Required("long").Duration();
  const YamlNode short_node = item.Required("short");
  const std::optional<std::chrono::nanoseconds> short_window = short_node.Duration();
  if (!long_window.has_value() || !short_window.has_value()) return std::nullopt;
  if (const absl::Status status = slo::CheckTierWindows(*long_window, *short_window);
      !status.ok()) {
    short_node.Error(fmt::format("{}: {}", item.path(), base::Message(status)));
    return std::nullopt;
  }
  return Windows{std::chrono::duration_cast<seconds>(*long_window),
                 std::chrono::duration_cast<seconds>(*short_window)};
}

std::optional<slo::Rational> ReadBurnRate(const YamlNode& node) {
  const std::optional<uint64_t> millionths = ReadMillionths(node);
  if (!millionths.has_value()) return std::nullopt;
  if (*millionths == 0) {
    node.Error(fmt::format("{} is 0, which every failure exceeds; write a burn rate, like 14.4",
                           node.path()));
    return std::nullopt;
  }
  if (*millionths < kMillion) {
    node.Warning(fmt::format(
        "{} is below 1, so it fires although the budget lasts its window; write 1 or more",
        node.path()));
  }
  return slo::Rational::Of(*millionths, kMillion);
}

// `burn_rate`, or `budget`: a share of it within the long window.
std::optional<slo::Rational> ReadFactor(const YamlNode& item, const std::optional<Windows>& windows,
                                        const std::optional<seconds>& window) {
  const YamlNode burn_rate = item.Optional("burn_rate");
  const YamlNode budget = item.Optional("budget");
  if (burn_rate.IsPresent() && budget.IsPresent()) {
    budget.Error(fmt::format("{} has both burn_rate and budget; keep one", item.path()));
    return std::nullopt;
  }
  if (!budget.IsPresent()) {
    if (item.IsMap() && !burn_rate.IsPresent()) {
      item.Error(fmt::format(
          "{} does not say when it fires; write burn_rate: 14.4, or budget: 2% (spent within long)",
          item.path()));
    }
    return ReadBurnRate(burn_rate);
  }
  const std::optional<uint64_t> share = ReadShare(budget);
  if (!share.has_value()) return std::nullopt;
  if (*share == 0) {
    budget.Error(
        fmt::format("{} is 0, which every failure exceeds; write a share, like 2%", budget.path()));
    return std::nullopt;
  }
  if (!windows.has_value() || !window.has_value()) return std::nullopt;
  return slo::ScaledFactorAtLeastOne(*share, *window, windows->long_window);
}

std::optional<PlacedTier> ReadTier(const YamlNode& item, const std::vector<std::string>& group_by,
                                   const std::optional<seconds>& window) {
  item.AllowKeys({"severity", "long", "short", "burn_rate", "budget", "name", "disable", "for",
                  "keep_firing_for", "min_total", "min_bad", "labels", "annotations"});
  const std::optional<std::string> severity = ReadSeverity(item.Required("severity"));
  const std::optional<Windows> windows = ReadWindows(item);
  const std::optional<slo::Rational> factor = ReadFactor(item, windows, window);
  std::string name = ReadTierName(item.Optional("name"));
  TierKeys keys = ReadTierKeys(item, group_by, false);
  if (!severity.has_value() || !windows.has_value() || !factor.has_value()) return std::nullopt;
  slo::AlertTier tier;
  tier.name =
      name.empty() ? slo::TierName(windows->long_window, windows->short_window) : std::move(name);
  tier.severity = *severity;
  tier.long_window = windows->long_window;
  tier.short_window = windows->short_window;
  tier.factor = *factor;
  tier.min_bad = slo::IsPaging(*severity) ? slo::kPagingMinBad : 1;
  return PlacedTier{std::move(tier), std::move(keys), item};
}

}  // namespace

void TierKeys::ApplyTo(slo::AlertTier& tier) const {
  tier.disabled = disabled.value_or(tier.disabled);
  tier.hold = hold.value_or(tier.hold);
  tier.keep_firing_for = keep_firing_for.value_or(tier.keep_firing_for);
  tier.min_total = min_total.value_or(tier.min_total);
  tier.min_bad = min_bad.value_or(tier.min_bad);
  for (const model::Label& label : labels) tier.labels.Set(label.name, label.value);
  for (const model::Label& annotation : annotations)
    tier.annotations.Set(annotation.name, annotation.value);
}

TierKeys ReadTierKeys(const YamlNode& place, const std::vector<std::string>& group_by,
                      bool of_severity) {
  const auto guard = [&](std::string_view key) -> std::optional<uint64_t> {
    const std::optional<int64_t> count = place.Optional(key).Integer(0, kGuardMax);
    if (!count.has_value()) return std::nullopt;
    return static_cast<uint64_t>(*count);
  };
  return {
      .disabled = place.Optional("disable").Bool(),
      .hold = ReadWholeSeconds(place.Optional("for")),
      .keep_firing_for = ReadWholeSeconds(place.Optional("keep_firing_for")),
      .min_total = guard("min_total"),
      .min_bad = guard("min_bad"),
      .labels =
          ReadLabels(place.Optional("labels"),
                     of_severity ? LabelPlace::kAlertLabels : LabelPlace::kTierLabels, group_by),
      .annotations = ReadLabels(place.Optional("annotations"), LabelPlace::kAnnotations, group_by)};
}

std::vector<PlacedTier> ReadTierList(const YamlNode& list, const std::vector<std::string>& group_by,
                                     const std::optional<seconds>& window) {
  const std::vector<YamlNode> items = list.Items();
  if (items.empty() || items.size() > kTiersMax) {
    list.Error(
        fmt::format("{} has {} tiers; write 1 to {}, like {{severity: page, long: 1h, "
                    "short: 5m, burn_rate: 14.4}}",
                    list.path(), items.size(), kTiersMax));
    return {};
  }
  std::vector<PlacedTier> tiers;
  for (const YamlNode& item : items) {
    std::optional<PlacedTier> tier = ReadTier(item, group_by, window);
    if (!tier.has_value()) continue;
    const auto same = std::find_if(tiers.begin(), tiers.end(), [&](const PlacedTier& other) {
      return other.tier.name == tier->tier.name;
    });
    if (same != tiers.end()) {
      item.Error(fmt::format("tier \"{}\" is already written on line {}; give one of them a name",
                             tier->tier.name, same->place.line()));
      continue;
    }
    tiers.push_back(*std::move(tier));
  }
  return tiers;
}

}  // namespace slowburn::rules
