#include "slo/alert_policy.h"

#include <array>

#include "base/duration_text.h"
#include "base/status.h"

namespace slowburn::slo {
namespace {

using std::chrono::seconds;
using namespace std::chrono_literals;

// The page guards keep one failure in a quiet night from waking anybody.
constexpr uint64_t kPageMinBad = 2;
constexpr uint64_t kTicketMinBad = 1;

// A row of the workbook: this share of the budget within the long window.
struct BudgetRow {
  std::string_view severity;
  uint64_t budget_percent;
  seconds long_window;
  seconds short_window;
};
constexpr std::array<BudgetRow, 4> kWorkbook = {{{"page", 2, 1h, 5min},
                                                 {"page", 5, 6h, 30min},
                                                 {"ticket", 10, 24h, 2h},
                                                 {"ticket", 10, 72h, 6h}}};

std::string TierName(seconds long_window, seconds short_window) {
  return base::FormatDuration(long_window) + "/" + base::FormatDuration(short_window);
}

// Adds the tier, or says why it could never fire.
void AddTier(AlertTier tier, Objective objective, seconds window, AlertPolicy& policy) {
  tier.name = TierName(tier.long_window, tier.short_window);
  std::string reason;
  if (tier.long_window > window) {
    reason = fmt::format("its window of {} is longer than the SLO's {}",
                         base::FormatDuration(tier.long_window), base::FormatDuration(window));
  } else if (BurnsFasterThan({.good = 0, .bad = 1}, objective, tier.factor)) {
    policy.tiers.push_back(std::move(tier));
    return;
  } else {
    reason = fmt::format("burn rate {:g} at {} would need an error ratio above 1",
                         tier.factor.value(), objective.Text());
  }
  policy.unreachable.push_back({tier.name, tier.severity, std::move(reason)});
}

void AddWorkbook(Objective objective, seconds window, AlertPolicy& policy) {
  for (const BudgetRow& row : kWorkbook) {
    AlertTier tier;
    tier.severity = row.severity;
    tier.long_window = row.long_window;
    tier.short_window = row.short_window;
    tier.factor = Rational::Of(row.budget_percent * static_cast<uint64_t>(window.count()),
                               100 * static_cast<uint64_t>(row.long_window.count()));
    // Below 1 the alert would fire although the budget lasts the window.
    if (tier.factor < Rational{1, 1}) tier.factor = {1, 1};
    tier.min_bad = row.severity == "page" ? kPageMinBad : kTicketMinBad;
    AddTier(std::move(tier), objective, window, policy);
  }
}

// After a clean hour no 1 h window can page sooner than 52 s into a full outage; this one pages
// after about 10 s.
void AddOutage(Objective objective, seconds window, AlertPolicy& policy) {
  AlertTier tier;
  tier.severity = "page";
  tier.long_window = 1min;
  tier.short_window = 10s;
  tier.factor = {144, 1};
  tier.min_bad = 20;
  tier.keep_firing_for = 5min;
  AddTier(std::move(tier), objective, window, policy);
}

}  // namespace

bool HasEnough(const AlertTier& tier, const SliCounts& events_in_long) {
  return events_in_long.total() >= tier.min_total && events_in_long.bad >= tier.min_bad;
}

bool IsBurning(const AlertTier& tier, Objective objective, const SliCounts& in_long,
               const SliCounts& in_short) {
  return HasEnough(tier, in_long) && BurnsFasterThan(in_long, objective, tier.factor) &&
         BurnsFasterThan(in_short, objective, tier.factor);
}

absl::StatusOr<AlertPolicy> MakeAlertPolicy(std::string_view name, Objective objective,
                                            seconds window) {
  AlertPolicy policy;
  policy.name = name;
  if (name == "slowburn") {
    AddOutage(objective, window, policy);
  } else if (name != "sre-workbook") {
    return base::InvalidArgument("unknown alert policy \"{}\"; write sre-workbook or slowburn",
                                 name);
  }
  AddWorkbook(objective, window, policy);
  return policy;
}

}  // namespace slowburn::slo
