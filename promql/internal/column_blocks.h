// promql/internal/column_blocks.h: columns a block at a time, so that the common case, in which all
// numbers are there, is a loop without branches.
//
// Room     promql/internal
// Uses     standard library
// Threads  pure functions
// Units    none
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

namespace slowburn::promql {

inline constexpr size_t kColumnBlock = 64;

// The marker of absence is a NaN, so a block without any holds numbers only.
inline bool AnyNan(const double* values, size_t count) {
  bool any = false;
  for (size_t i = 0; i < count; ++i) any |= values[i] != values[i];
  return any;
}

// Calls use(begin, count) for one block after another.
template <typename Use>
void ForEachBlock(size_t size, Use use) {
  for (size_t begin = 0; begin < size; begin += kColumnBlock) {
    use(begin, std::min(kColumnBlock, size - begin));
  }
}

// Compensated sums (promql/internal/kahan.h), one for each step.
struct ColumnSums {
  std::span<double> sums, errors;
  std::span<double> seen;  // 0 where anything was added

  void Add(std::span<const double> values);
};

}  // namespace slowburn::promql
