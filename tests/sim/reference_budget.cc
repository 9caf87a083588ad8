#include "tests/sim/reference_budget.h"

#include <algorithm>

namespace slowburn::sim {
namespace {

using Wide = unsigned __int128;

constexpr uint64_t kOne = 100'000'000;  // the ratio 1 in units of a budget
constexpr int64_t kMinute = 60;
constexpr int64_t kHour = 3600;
constexpr int64_t kSliceSeconds = 10;

// Of the SRE Workbook: a share of the budget within the long window.
Tier WorkbookRow(std::string name, bool is_page, uint64_t percent, int64_t long_seconds,
                 int64_t short_seconds, int64_t window_seconds) {
  Tier tier{.name = std::move(name),
            .is_page = is_page,
            .long_seconds = long_seconds,
            .short_seconds = short_seconds};
  tier.factor_numerator = percent * static_cast<uint64_t>(window_seconds);
  tier.factor_denominator = 100 * static_cast<uint64_t>(long_seconds);
  if (tier.factor_numerator < tier.factor_denominator)
    tier.factor_numerator = tier.factor_denominator = 1;
  tier.min_bad = is_page ? 2 : 1;
  return tier;
}

// Whether all events being bad would be enough.
bool IsReachable(const Tier& tier, const SloConfig& slo) {
  return tier.long_seconds <= slo.window_seconds &&
         BurnsFaster({.good = 0, .bad = 1}, slo.budget_units, tier.factor_numerator,
                     tier.factor_denominator);
}

}  // namespace

std::vector<Tier> TiersOf(const SloConfig& slo) {
  std::vector<Tier> tiers;
  if (slo.policy == "slowburn") {
    tiers.push_back({.name = "1m/10s",
                     .is_page = true,
                     .long_seconds = kMinute,
                     .short_seconds = 10,
                     .factor_numerator = 144,
                     .min_bad = 20,
                     .keep_seconds = 5 * kMinute});
  }
  const int64_t window = slo.window_seconds;
  tiers.push_back(WorkbookRow("1h/5m", true, 2, kHour, 5 * kMinute, window));
  tiers.push_back(WorkbookRow("6h/30m", true, 5, 6 * kHour, 30 * kMinute, window));
  tiers.push_back(WorkbookRow("1d/2h", false, 10, 24 * kHour, 2 * kHour, window));
  tiers.push_back(WorkbookRow("3d/6h", false, 10, 72 * kHour, 6 * kHour, window));
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
