// slo/budgeting.h: what a budget is spent in: events, or stretches of time.
//
// Room     slo: pure arithmetic
// Uses     slo/
// Threads  immutable values
// Units    a timeslice is whole slices and divides a day; ratios are in units of 10^-8
// Source   OpenSLO v1, budgetingMethod; DESIGN section 4, "Budgeting"
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <absl/status/status.h>

#include "slo/slice.h"

namespace slowburn::slo {

enum class BudgetingMethod : uint8_t {
  kOccurrences,  // every event counts alike
  kTimeslices,   // every stretch of time with events counts alike, and is good or bad as a whole
  kRatioTimeslices,  // the same, but bad by the share of its events that were
};
// "occurrences", "timeslices", "ratio_timeslices"
std::string_view BudgetingMethodName(BudgetingMethod method);
std::optional<BudgetingMethod> ParseBudgetingMethod(std::string_view name);

// With kRatioTimeslices a timeslice counts so many parts, good ones and bad ones.
inline constexpr uint64_t kTimesliceParts = 1'000'000'000;
// Windows of fewer timeslices are judged by events: a few good-or-bad answers say nothing.
inline constexpr uint32_t kTimeslicesMin = 10;

struct Budgeting {
  BudgetingMethod method = BudgetingMethod::kOccurrences;
  uint32_t timeslice = 0;     // slices; 0 with kOccurrences
  uint64_t target_units = 0;  // kTimeslices: good with at least this ratio of good events

  bool by_time() const { return method != BudgetingMethod::kOccurrences; }
  // What a closed timeslice with these events counts for: nothing when it has none. More bad than
  // total is bad.
  SliCounts Score(const SliCounts& events) const;
  // "occurrences", "timeslices 1m 95000000e-8", "ratio_timeslices 5m": the identity of what is
  // summed.
  std::string Text() const;

  friend bool operator==(const Budgeting&, const Budgeting&) = default;
};

// Why this cannot be a timeslice, or OK: a multiple of 10 s that divides a day.
absl::Status CheckTimeslice(std::chrono::nanoseconds timeslice);

}  // namespace slowburn::slo
