// serve/internal/budget_figures.h: what a budget counts, and the members of a composite, as people
// read them.
//
// Room     serve
// Uses     slo/, serve/queries.h
// Threads  pure functions; CompositeMembers is immutable once made
// Units    timeslices and weights are whole ones, with fractions where a budget counts parts of
// them
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "serve/queries.h"

namespace slowburn::serve::internal {

// How a budget counts: its budgeting, or of a composite its method.
struct BudgetMethod {
  std::string_view name;
  std::optional<std::chrono::seconds> timeslice;
  std::optional<double> target;
  // What is one: kTimesliceParts where parts are counted.
  double unit = 1;
  std::string_view things;  // "events", "timeslices", "weights"

  // "occurrences", "timeslices 1m 95%", "any_bad 1m"
  std::string Text() const;
};
BudgetMethod BudgetMethodOf(const slo::SloSpec& spec);

// good / total, or nothing where nothing was counted.
std::optional<double> GoodRatio(const slo::SliCounts& counts);

// The period of a calendar window that holds `now`; nothing for a rolling one.
struct CalendarPeriodBounds {
  std::chrono::sys_seconds start;
  std::optional<std::chrono::sys_seconds> end;  // nothing in 2100
};
std::optional<CalendarPeriodBounds> PeriodOf(const slo::SloSpec& spec,
                                             std::chrono::sys_seconds now);

// The totals of a composite's members, in the order of the spec.
class CompositeMembers {
 public:
  struct Member {
    std::string_view id;
    uint64_t weight;
    const slo::GroupStatus* total;  // null where the reading has none
  };
  // `reading` must outlive it. Costs nothing where there is no composite.
  explicit CompositeMembers(const SloReading& reading);

  // Empty where it is none.
  std::vector<Member> Of(const slo::SloSpec& spec) const;

 private:
  std::unordered_map<std::string_view, const slo::GroupStatus*> totals_;  // of members, by id
};

}  // namespace slowburn::serve::internal
