// slo/burn_rate.h: how fast an SLO spends its error budget, and what is left of it.
//
// Room     slo: pure arithmetic. No clock, no I/O
// Uses     slo/
// Threads  pure functions
// Units    a burn rate has no unit: 1.0 spends exactly the whole budget in one SLO window. Ratios
// are 0..1 Source   Google SRE Workbook, ch. 5; DESIGN section 4, "Definitions"
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "slo/objective.h"
#include "slo/slice.h"

namespace slowburn::slo {

// bad / total, or nothing when total is 0: silence is neither good nor bad.
std::optional<double> ErrorRatio(const SliCounts& counts);
// ErrorRatio / (1 - objective), or nothing when total is 0.
std::optional<double> BurnRate(const SliCounts& counts, Objective objective);

// A non-negative fraction in lowest terms, e.g. 72/5 for 14.4.
struct Rational {
  uint64_t numerator = 0;
  uint64_t denominator = 1;

  static Rational Of(uint64_t numerator, uint64_t denominator);  // denominator > 0
  double value() const { return static_cast<double>(numerator) / static_cast<double>(denominator); }
  friend bool operator==(const Rational&, const Rational&) = default;
};
bool operator<(const Rational& a, const Rational& b);

// Whether the burn rate is strictly greater than `factor`: bad / total > factor * (1 - objective),
// compared in 128-bit integers. False when total is 0. Exact while counts are below 2^53 and the
// factor's parts below 2^30.
bool BurnsFasterThan(const SliCounts& counts, Objective objective, const Rational& factor);

// (1 - objective) * total: how many bad events the window may hold.
double BudgetEvents(const SliCounts& in_window, Objective objective);
// 1 - bad / BudgetEvents; negative once overspent; nothing when total is 0.
std::optional<double> BudgetRemainingRatio(const SliCounts& in_window, Objective objective);
// bad > BudgetEvents, in integers.
bool IsBudgetExhausted(const SliCounts& in_window, Objective objective);

// Time until the budget of `window` is spent if errors go on as in the last hour: remaining ratio *
// window / burn rate. 0 once it is spent; nothing when there is no event in the window, or no bad
// one in the last hour.
std::optional<double> ExhaustionSeconds(const SliCounts& in_window, const SliCounts& in_last_hour,
                                        Objective objective, std::chrono::seconds window);

}  // namespace slowburn::slo
