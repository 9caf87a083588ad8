#include "promql/internal/histogram_aggregate.h"

#include <memory>

namespace slowburn::promql {

using Hint = model::NativeHistogram::ResetHint;

void HistogramAggregate::Note(const HistogramMerge& merge) {
  mixed_layouts_ |= !merge.compatible;
  bounds_reconciled_ |= merge.bounds_reconciled;
}

void HistogramAggregate::Add(const model::NativeHistogram& histogram) {
  reset_seen_ |= histogram.reset_hint == Hint::kReset;
  not_reset_seen_ |= histogram.reset_hint == Hint::kNotReset;
  if (mixed_layouts_) return;
  count_ += 1;
  if (!sum_.has_value()) {
    sum_.emplace(histogram);
    return;
  }
  if (!mean_) return Note(sum_->Add(histogram));
  if (!running_mean_) {
    HistogramSum next = *sum_;
    const HistogramMerge merge = next.Add(histogram);
    if (!merge.compatible || !next.Overflows()) {
      sum_ = std::move(next);
      return Note(merge);
    }
    running_mean_ = true;
    sum_->Scale(1 / (count_ - 1));
  }
  sum_->Scale((count_ - 1) / count_);
  HistogramSum share(histogram);
  share.Scale(1 / count_);
  Note(sum_->Add(share.Value()));
}

HistogramPtr HistogramAggregate::Value() const {
  if (!sum_.has_value() || mixed_layouts_) return nullptr;
  HistogramSum value = *sum_;
  if (mean_ && !running_mean_) value.DivideBy(count_);
  return std::make_shared<const model::NativeHistogram>(value.Value());
}

}  // namespace slowburn::promql
