#include "slo/state_alert.h"

#include <array>
#include <compare>

namespace slowburn::slo {
namespace {

using Wide = unsigned __int128;

// A product of two 128-bit integers, whole.
struct Product {
  Wide high;
  Wide low;
  friend auto operator<=>(const Product&, const Product&) = default;
};

Product Multiply(Wide a, Wide b) {
  constexpr Wide kLow = ~uint64_t{0};
  const Wide low = (a & kLow) * (b & kLow);
  const Wide middle_a = (a >> 64) * (b & kLow);
  const Wide middle_b = (a & kLow) * (b >> 64);
  const Wide carry = (low >> 64) + (middle_a & kLow) + (middle_b & kLow);
  return {.high = (a >> 64) * (b >> 64) + (middle_a >> 64) + (middle_b >> 64) + (carry >> 64),
          .low = (low & kLow) | (carry << 64)};
}

}  // namespace

std::string_view AlertNameOf(StateAlert::Kind kind) {
  switch (kind) {
    case StateAlert::Kind::kBudgetLow:
      return "SLOBudgetLow";
    case StateAlert::Kind::kExhaustion:
      return "SLOExhaustion";
    case StateAlert::Kind::kNoData:
      return "SLONoData";
    case StateAlert::Kind::kViolated:
      return "SLOViolated";
  }
  return "SLOViolated";
}

bool Holds(const StateAlert& alert, Objective objective, const BudgetFigures& figures) {
  switch (alert.kind) {
    case StateAlert::Kind::kBudgetLow:
      // remaining < r is spent > 1 - r, and what is spent is the burn rate over the whole window.
      return BurnsFasterThan(figures.in_window, objective, alert.spent_share);
    case StateAlert::Kind::kExhaustion:
      return IsExhaustedWithin(figures.in_window, figures.in_last_hour, objective, figures.window,
                               alert.span);
    case StateAlert::Kind::kNoData:
      return figures.last_event.has_value() &&
             figures.now - *figures.last_event - figures.excluded_since >= alert.span &&
             (figures.is_total || figures.has_events);
    case StateAlert::Kind::kViolated:
      return IsBudgetExhausted(figures.in_window, objective);
  }
  return false;
}

bool IsExhaustedWithin(const SliCounts& in_window, const SliCounts& in_last_hour,
                       Objective objective, std::chrono::seconds window,
                       std::chrono::seconds within) {
  if (in_window.total() == 0 || within.count() <= 0) return false;
  // With T = objective, B = 1 - T, b and t the window's counts, b' and t' the hour's:
  // (1 - b / (B t)) * window / (b' / (t' B)) < within, times B t b' / B:
  // (B t - b) * window * t' < within * b' * t, with B = units / kOne.
  const Wide budget = Wide{in_window.total()} * objective.budget_units();
  const Wide bad = Wide{in_window.bad} * Objective::kOne;
  if (bad >= budget) return true;
  const auto seconds_of = [](std::chrono::seconds span) {
    return static_cast<uint64_t>(span.count());
  };
  const Product left = Multiply(budget - bad, Wide{in_last_hour.total()} * seconds_of(window));
  const Product right = Multiply(Wide{in_window.total()} * Objective::kOne,
                                 Wide{in_last_hour.bad} * seconds_of(within));
  return left < right;
}

void RankAlerts(AlertPolicy& policy, std::vector<StateAlert>& state_alerts) {
  std::vector<std::string> severities;
  for (const AlertTier& tier : policy.tiers) severities.push_back(tier.severity);
  for (const StateAlert& alert : state_alerts) severities.push_back(alert.severity);
  severities = RankSeverities(severities);
  for (AlertTier& tier : policy.tiers) tier.rank = RankOf(severities, tier.severity);
  for (StateAlert& alert : state_alerts) alert.rank = RankOf(severities, alert.severity);
}

}  // namespace slowburn::slo
