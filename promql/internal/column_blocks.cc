#include "promql/internal/column_blocks.h"

#include <cmath>

#include "promql/value.h"

namespace slowburn::promql {
namespace {

// Below this no sum of two overflows.
constexpr double kPlainMax = 1e300;

bool IsPlain(const double* values, size_t count) {
  bool plain = true;
  for (size_t i = 0; i < count; ++i) plain &= std::fabs(values[i]) < kPlainMax;
  return plain;
}

void AddPlain(const double* __restrict values, double* __restrict sums, double* __restrict errors,
              double* __restrict seen, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const double value = values[i];
    const double sum = sums[i];
    const double next = sum + value;
    const double of_value = (sum - next) + value;
    const double of_sum = (value - next) + sum;
    errors[i] += std::fabs(sum) >= std::fabs(value) ? of_value : of_sum;
    sums[i] = next;
    seen[i] = 0;
  }
}

void AddAny(const double* values, double* sums, double* errors, double* seen, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (IsAbsent(values[i])) continue;
    const double value = values[i];
    const double sum = sums[i];
    const double next = sum + value;
    const double lost =
        std::fabs(sum) >= std::fabs(value) ? (sum - next) + value : (value - next) + sum;
    errors[i] = std::isinf(next) ? 0 : errors[i] + lost;
    sums[i] = next;
    seen[i] = 0;
  }
}

}  // namespace

void ColumnSums::Add(std::span<const double> values) {
  ForEachBlock(values.size(), [&](size_t begin, size_t count) {
    const double* from = values.data() + begin;
    double* to = sums.data() + begin;
    const bool plain = IsPlain(from, count) && IsPlain(to, count);
    (plain ? AddPlain : AddAny)(from, to, errors.data() + begin, seen.data() + begin, count);
  });
}

}  // namespace slowburn::promql
