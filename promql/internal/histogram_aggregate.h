// promql/internal/histogram_aggregate.h: the sum or mean of native histograms, over time or series.
//
// Room     promql/internal
// Uses     promql/internal/
// Threads  one thread at a time
// Units    none
// Source   Prometheus documentation, "sum", "avg", "sum_over_time()"
#pragma once

#include <optional>

#include "promql/internal/histogram_sum.h"
#include "promql/internal/notes.h"
#include "promql/value.h"

namespace slowburn::promql {

class HistogramAggregate {
 public:
  explicit HistogramAggregate(bool mean) : mean_(mean) {}

  void Add(const model::NativeHistogram& histogram);
  // Null where there was none, or where exponential and custom buckets came together.
  HistogramPtr Value() const;

  bool mixed_layouts() const { return mixed_layouts_; }
  bool bounds_reconciled() const { return bounds_reconciled_; }
  bool reset_collision() const { return reset_seen_ && not_reset_seen_; }

 private:
  void Note(const HistogramMerge& merge);

  bool mean_;
  bool running_mean_ = false;  // from where the sum would overflow
  double count_ = 0;
  std::optional<HistogramSum> sum_;
  bool mixed_layouts_ = false, bounds_reconciled_ = false;
  bool reset_seen_ = false, not_reset_seen_ = false;
};

// What several aggregates had in common to say.
struct HistogramAggregateNotes {
  bool mixed_layouts = false, bounds_reconciled = false, reset_collision = false;

  void Take(const HistogramAggregate& aggregate) {
    mixed_layouts |= aggregate.mixed_layouts();
    bounds_reconciled |= aggregate.bounds_reconciled();
    reset_collision |= aggregate.reset_collision();
  }
  void Tell(const Expr& place, std::string_view metric, Notes& notes) const {
    if (mixed_layouts) notes.MixedExponentialAndCustom(place, metric);
    if (bounds_reconciled) notes.BoundsReconciled(place, HistogramUse::kAggregation);
    if (reset_collision) notes.ResetCollision(place, HistogramUse::kAggregation);
  }
};

}  // namespace slowburn::promql
