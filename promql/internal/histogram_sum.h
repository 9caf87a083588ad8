// promql/internal/histogram_sum.h: native histograms added, subtracted and scaled.
//
// Room     promql/internal
// Uses     model/, promql/internal/
// Threads  one thread at a time
// Units    as model/native_histogram.h
// Source   Prometheus, model/histogram: which layout a sum has
#pragma once

#include <cstdint>
#include <vector>

#include "model/native_histogram.h"
#include "promql/internal/kahan.h"

namespace slowburn::promql {

// What is worth a word about an addition or subtraction.
struct HistogramMerge {
  bool compatible = true;          // else nothing was done: exponential meets custom buckets
  bool reset_collision = false;    // "reset" met "not reset"
  bool bounds_reconciled = false;  // custom bounds differed; what both have is kept
};

// A running sum. Its layout is what all summands can be brought to: the coarsest schema, the widest
// zero bucket, the custom bounds that all have. Counts carry their rounding errors along.
class HistogramSum {
 public:
  explicit HistogramSum(const model::NativeHistogram& first);

  HistogramMerge Add(const model::NativeHistogram& other) { return Merge(other, 1); }
  HistogramMerge Subtract(const model::NativeHistogram& other) { return Merge(other, -1); }
  void Scale(double factor);
  // Division by zero leaves no buckets.
  void DivideBy(double divisor);
  void ReduceTo(int8_t schema);
  void SetHint(model::NativeHistogram::ResetHint hint) { hint_ = hint; }

  // A count or the sum is infinite.
  bool Overflows() const;
  // Without empty buckets.
  model::NativeHistogram Value() const;

 private:
  struct Cell {
    int32_t index = 0;
    KahanSum count;
  };
  using Cells = std::vector<Cell>;

  HistogramMerge Merge(const model::NativeHistogram& other, double sign);
  bool MergeHints(model::NativeHistogram::ResetHint other);
  void MergeExponential(HistogramSum other);
  bool MergeCustom(HistogramSum other);
  void WidenZeroTo(double threshold);
  void MapToBounds(const std::vector<double>& bounds);

  static void Reduce(Cells& cells, int from, int to);
  static void AddCells(Cells& cells, const Cells& others);

  int8_t schema_ = 0;
  model::NativeHistogram::ResetHint hint_ = model::NativeHistogram::ResetHint::kUnknown;
  double zero_threshold_ = 0;
  KahanSum zero_count_, count_, sum_;
  Cells positive_, negative_;
  std::vector<double> custom_bounds_;
};

// -1 * histogram and so on: what Prometheus' * and / make of it. Anything but a non-negative factor
// makes a gauge.
model::NativeHistogram Scaled(const model::NativeHistogram& histogram, double factor);
model::NativeHistogram Divided(const model::NativeHistogram& histogram, double divisor);

}  // namespace slowburn::promql
