#include "slo/burn_rate.h"

#include <algorithm>
#include <numeric>

#include "base/mutant.h"

namespace slowburn::slo {
namespace {

using Wide = unsigned __int128;

// Negative, where one of two series is ahead of the other: nothing yet.
bool IsPositive(uint64_t count) { return static_cast<int64_t>(count) > 0; }

}  // namespace

std::optional<double> ErrorRatio(const SliCounts& counts) {
  if (!IsPositive(counts.total())) return std::nullopt;
  if (!IsPositive(counts.bad)) return 0.0;
  return static_cast<double>(counts.bad) / static_cast<double>(counts.total());
}

std::optional<double> BurnRate(const SliCounts& counts, Objective objective) {
  const std::optional<double> error_ratio = ErrorRatio(counts);
  if (!error_ratio.has_value()) return std::nullopt;
  return *error_ratio / objective.error_budget();
}

Rational Rational::Of(uint64_t numerator, uint64_t denominator) {
  const uint64_t common = std::gcd(numerator, denominator);
  return {numerator / common, denominator / common};
}

bool operator<(const Rational& a, const Rational& b) {
  return Wide{a.numerator} * b.denominator < Wide{b.numerator} * a.denominator;
}

bool BurnsFasterThan(const SliCounts& counts, Objective objective, const Rational& factor) {
  if (!IsPositive(counts.bad) || !IsPositive(counts.total())) return false;
  // bad / total > (n / d) * (budget / kOne), without a division.
  const Wide left = Wide{counts.bad} * factor.denominator * Objective::kOne;
  const Wide right = Wide{counts.total()} * factor.numerator * objective.budget_units();
  if (SB_MUTANT("float_threshold")) {
    const auto ratio = static_cast<float>(counts.bad) / static_cast<float>(counts.total());
    const auto of = static_cast<float>(factor.numerator) / static_cast<float>(factor.denominator);
    return ratio > of * static_cast<float>(objective.error_budget());
  }
  if (SB_MUTANT("threshold_inclusive")) return left >= right;
  return left > right;
}

double BudgetEvents(const SliCounts& in_window, Objective objective) {
  return static_cast<double>(in_window.total()) * objective.error_budget();
}

std::optional<double> BudgetRemainingRatio(const SliCounts& in_window, Objective objective) {
  const std::optional<double> spent = BurnRate(in_window, objective);
  if (!spent.has_value()) return std::nullopt;
  return 1.0 - *spent;
}

bool IsBudgetExhausted(const SliCounts& in_window, Objective objective) {
  return BurnsFasterThan(in_window, objective, Rational{1, 1});
}

std::optional<double> ExhaustionSeconds(const SliCounts& in_window, const SliCounts& in_last_hour,
                                        Objective objective, std::chrono::seconds window) {
  const std::optional<double> remaining = BudgetRemainingRatio(in_window, objective);
  if (!remaining.has_value()) return std::nullopt;
  if (*remaining <= 0) return 0.0;
  const std::optional<double> burn = BurnRate(in_last_hour, objective);
  if (!burn.has_value() || *burn == 0) return std::nullopt;
  return *remaining * static_cast<double>(window.count()) / *burn;
}

}  // namespace slowburn::slo
