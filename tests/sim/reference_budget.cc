#include "tests/sim/reference_budget.h"

#include <algorithm>
#include <utility>

namespace slowburn::sim {
namespace {

using Wide = unsigned __int128;

constexpr uint64_t kOne = 100'000'000;  // the ratio 1 in units of a budget
constexpr int64_t kMinute = 60;
constexpr int64_t kHour = 3600;
constexpr int64_t kSliceSeconds = 10;

bool IsPaging(const std::string& severity) { return severity == "page" || severity == "critical"; }

Tier Row(std::string severity, int64_t long_seconds, int64_t short_seconds) {
  Tier tier{.name = DurationText(long_seconds) + "/" + DurationText(short_seconds),
            .severity = std::move(severity),
            .long_seconds = long_seconds,
            .short_seconds = short_seconds};
  tier.min_bad = IsPaging(tier.severity) ? 2 : 1;
  return tier;
}

// Burns once that share of the budget of `window_seconds` is spent within the long window.
Tier SpentShare(Tier tier, uint64_t percent, int64_t window_seconds) {
  tier.factor_numerator = percent * static_cast<uint64_t>(window_seconds);
  tier.factor_denominator = 100 * static_cast<uint64_t>(tier.long_seconds);
  if (tier.factor_numerator < tier.factor_denominator)
    tier.factor_numerator = tier.factor_denominator = 1;
  return tier;
}

// seconds / part to the nearest `unit`, half of one up.
int64_t Rounded(int64_t seconds, int64_t part, int64_t unit) {
  return (2 * seconds + part * unit) / (2 * part * unit) * unit;
}

int64_t PyrraWindow(int64_t seconds, int64_t part) {
  const int64_t minutes = Rounded(seconds, part, kMinute);
  if (minutes > 0) return minutes;
  return std::max(Rounded(seconds, part, kSliceSeconds), kSliceSeconds);
}

std::vector<Tier> PyrraTiers(int64_t window) {
  struct Part {
    uint64_t factor;
    const char* severity;
    int64_t hold, in_long, in_short;
  };
  constexpr Part kParts[] = {{14, "critical", 20160, 672, 8064},
                             {7, "critical", 2688, 112, 1344},
                             {2, "warning", 672, 28, 336},
                             {1, "warning", 224, 7, 112}};
  std::vector<Tier> tiers;
  for (const Part& part : kParts) {
    Tier tier =
        Row(part.severity, PyrraWindow(window, part.in_long), PyrraWindow(window, part.in_short));
    tier.factor_numerator = part.factor;
    tier.hold_seconds = Rounded(window, part.hold, kMinute);
    tiers.push_back(std::move(tier));
  }
  return tiers;
}

std::vector<Tier> WorkbookTiers(int64_t window) {
  return {SpentShare(Row("page", kHour, 5 * kMinute), 2, window),
          SpentShare(Row("page", 6 * kHour, 30 * kMinute), 5, window),
          SpentShare(Row("ticket", 24 * kHour, 2 * kHour), 10, window),
          SpentShare(Row("ticket", 72 * kHour, 6 * kHour), 10, window)};
}

// What is said there holds.
void Say(const TierKeys& keys, Tier& tier) {
  tier.hold_seconds = keys.hold_seconds.value_or(tier.hold_seconds);
  tier.keep_seconds = keys.keep_seconds.value_or(tier.keep_seconds);
  tier.min_total = keys.min_total.value_or(tier.min_total);
  tier.min_bad = keys.min_bad.value_or(tier.min_bad);
  tier.disabled = keys.disabled.value_or(tier.disabled);
}

void SayBySeverity(const SloConfig& slo, Tier& tier) {
  const auto severity = slo.severities.find(tier.severity);
  if (severity != slo.severities.end()) Say(severity->second.keys, tier);
}

std::vector<Tier> ListedTiers(const SloConfig& slo) {
  std::vector<Tier> tiers;
  for (const TierConfig& config : slo.tiers) {
    Tier tier = Row(config.severity, config.long_seconds, config.short_seconds);
    tier.factor_numerator = config.burn_rate_millionths;
    tier.factor_denominator = 1'000'000;
    if (config.burn_rate_millionths == 0)
      tier = SpentShare(std::move(tier), config.budget_percent, slo.window_seconds);
    SayBySeverity(slo, tier);
    Say(config.keys, tier);
    tiers.push_back(std::move(tier));
  }
  return tiers;
}

std::vector<Tier> NamedTiers(const SloConfig& slo) {
  std::vector<Tier> tiers =
      slo.policy == "pyrra" ? PyrraTiers(slo.window_seconds) : WorkbookTiers(slo.window_seconds);
  if (slo.policy == "slowburn") {
    Tier outage = Row("page", kMinute, 10);
    outage.factor_numerator = 144;
    outage.min_bad = 20;
    outage.keep_seconds = 5 * kMinute;
    tiers.insert(tiers.begin(), std::move(outage));
  }
  for (Tier& tier : tiers) {
    SayBySeverity(slo, tier);
    if (const auto said = slo.by_tier.find(tier.name); said != slo.by_tier.end())
      Say(said->second, tier);
  }
  return tiers;
}

// Whether all events being bad would be enough.
bool IsReachable(const Tier& tier, const SloConfig& slo) {
  return tier.short_seconds < tier.long_seconds && tier.long_seconds <= slo.window_seconds &&
         BurnsFaster({.good = 0, .bad = 1}, slo.budget_units, tier.factor_numerator,
                     tier.factor_denominator);
}

// What is left of the budget lasts less than `within` at the rate of the last hour.
bool IsSpentWithin(const SloConfig& slo, const BudgetView& view, int64_t within) {
  const Counts in_window = view.In(slo.window_seconds);
  const Counts in_hour = view.In(kHour);
  if (in_window.total() == 0) return false;
  const Wide budget = Wide{in_window.total()} * slo.budget_units;
  const Wide spent = Wide{in_window.bad} * kOne;
  if (spent >= budget) return true;
  // (budget - spent) / budget * window < within * (1 - T) / (bad / total)
  return (budget - spent) * static_cast<uint64_t>(slo.window_seconds) * in_hour.total() <
         Wide{in_window.total()} * kOne * static_cast<uint64_t>(within) * in_hour.bad;
}

}  // namespace

std::vector<Tier> TiersOf(const SloConfig& slo) {
  std::vector<Tier> tiers = slo.policy.empty() ? ListedTiers(slo) : NamedTiers(slo);
  std::erase_if(tiers, [&](const Tier& tier) { return !IsReachable(tier, slo); });
  return tiers;
}

bool BurnsFaster(const Counts& counts, uint32_t budget_units, uint64_t factor_numerator,
                 uint64_t factor_denominator) {
  return Wide{counts.bad} * kOne * factor_denominator >
         Wide{counts.total()} * budget_units * factor_numerator;
}

Counts BudgetView::In(int64_t window_seconds) const {
  const int64_t open = now / kSliceSeconds;
  return ReferenceCounts::Sum(*group, open - window_seconds / kSliceSeconds, open + 1, fine_from);
}

std::string_view TierStateOf(const SloConfig& slo, const Tier& tier, const BudgetView& view) {
  const std::optional<int64_t> first = view.group->first_slice();
  if (!first.has_value() || view.now - *first * kSliceSeconds < tier.short_seconds)
    return "warming";
  const Counts in_long = view.In(tier.long_seconds);
  const auto burns = [&](const Counts& counts) {
    return BurnsFaster(counts, slo.budget_units, tier.factor_numerator, tier.factor_denominator);
  };
  if (!burns(in_long) || !burns(view.In(tier.short_seconds))) return "quiet";
  if (in_long.total() < tier.min_total || in_long.bad < tier.min_bad) return "suppressed";
  return "burning";
}

bool Holds(const SloConfig& slo, const StateAlertConfig& alert, const BudgetView& view) {
  const Counts in_window = view.In(slo.window_seconds);
  switch (alert.kind) {
    case StateAlertKind::kBudgetLow:
      return BurnsFaster(in_window, slo.budget_units, 100 - alert.remaining_percent, 100);
    case StateAlertKind::kExhaustion:
      return IsSpentWithin(slo, view, alert.span_seconds);
    case StateAlertKind::kNoData:
      if (view.group->slices.empty()) return false;
      if (!view.group->values.empty() && in_window.total() == 0) return false;
      return view.now - view.group->last_second >= alert.span_seconds;
    case StateAlertKind::kViolated:
      return BurnsFaster(in_window, slo.budget_units, 1, 1);
  }
  return false;
}

std::string_view StateOf(const SloConfig& slo, const std::vector<Tier>& tiers,
                         const BudgetView& view) {
  const Counts in_window = view.In(slo.window_seconds);
  if (in_window.total() == 0) return "no_data";
  if (BurnsFaster(in_window, slo.budget_units, 1, 1)) return "exhausted";
  const bool burns = std::any_of(tiers.begin(), tiers.end(), [&](const Tier& tier) {
    return TierStateOf(slo, tier, view) == "burning";
  });
  return burns ? "burning" : "ok";
}

}  // namespace slowburn::sim
