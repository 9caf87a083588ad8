// tests/sim/reference_budget.h: what counts say: error budgets, burn rates, tiers, states. Slow and
// exact, from the formulas.
//
// Room     tests/sim: includes nothing of slo/
// Uses     tests/sim
// Threads  pure functions
// Units    seconds; counts are events; a budget is 1 - objective in units of 10^-8
// Source   DESIGN section 4, "Definitions", "Alert policies", "Exact meanings"
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/reference_counts.h"
#include "tests/sim/slo_config.h"

namespace slowburn::sim {

struct Tier {
  std::string name;  // "1h/5m"
  std::string severity;
  int64_t long_seconds = 0;
  int64_t short_seconds = 0;
  // The burn rate that both windows must exceed.
  uint64_t factor_numerator = 0;
  uint64_t factor_denominator = 1;
  uint64_t min_total = 1;
  uint64_t min_bad = 1;
  int64_t hold_seconds = 0;
  int64_t keep_seconds = 0;
  bool disabled = false;
};
// Of the SLO's policy, without those that could never fire.
std::vector<Tier> TiersOf(const SloConfig& slo);

// bad / total > factor * budget, in whole numbers.
bool BurnsFaster(const Counts& counts, uint32_t budget_units, uint64_t factor_numerator,
                 uint64_t factor_denominator);

// One budget at a moment: the counts of one group, or of the members of a composite.
struct BudgetView {
  using Group = ReferenceCounts::Group;
  struct Member {
    const Group* total = nullptr;
    uint32_t budget_units = 0;
    uint64_t weight = 1;
  };
  const Group* group = nullptr;  // of a composite: an empty total
  std::vector<Member> members;   // of a composite
  std::span<const Tier> tiers;
  int64_t now = 0;        // engine time
  int64_t fine_from = 0;  // unix days; before it five minutes are the finest that is known
  const ExcludedSlices* excluded = nullptr;
  int64_t point_interval = 0;  // of metrics: seconds
  // What was asked for already: by begin, and window where the budget is meant.
  mutable std::map<std::pair<int64_t, int64_t>, Counts> known = {};

  // Events.
  Counts In(const SloConfig& slo, int64_t window_seconds) const;
  Counts InWindow(const SloConfig& slo) const;
  // In what the SLO's budget is counted.
  Counts BudgetIn(const SloConfig& slo, int64_t window_seconds) const;
  Counts BudgetInWindow(const SloConfig& slo) const;
  // How much of the SLO's window is left out.
  int64_t ExcludedSecondsInWindow(const SloConfig& slo) const;
  bool IsExcludedNow() const { return excluded->Has(open()); }
  // Since the newest event: time that is left out is no silence.
  int64_t silent_seconds() const;
  // Of all that was ever counted.
  Counts lifetime() const;
  std::optional<int64_t> first_slice() const;  // nothing: there was no event yet
  int64_t last_second() const;                 // of the newest event

 private:
  int64_t open() const { return now / 10; }  // slice
  std::vector<const Group*> Parts() const;
  Counts Sum(const Group& part, int64_t begin, int64_t end) const;
  Counts Events(const SloConfig& slo, int64_t begin) const;
  Counts CountEvents(const SloConfig& slo, int64_t begin) const;
  Counts Combined(const SloConfig& slo, int64_t begin) const;
  Counts ScoreOf(const SloConfig& slo, int64_t begin, int64_t end) const;
  Counts Budget(const SloConfig& slo, int64_t begin, int64_t window_seconds) const;
  Counts CountBudget(const SloConfig& slo, int64_t begin, int64_t window_seconds) const;
};

// Whether what the alert is about is so.
bool Holds(const SloConfig& slo, const StateAlertConfig& alert, const BudgetView& view);
std::string_view TierStateOf(const SloConfig& slo, const Tier& tier, const BudgetView& view);
std::string_view StateOf(const SloConfig& slo, const BudgetView& view);

}  // namespace slowburn::sim
