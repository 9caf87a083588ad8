#include "promql/internal/histogram_sum.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "promql/internal/histogram_buckets.h"

namespace slowburn::promql {

using model::NativeHistogram;
using Hint = NativeHistogram::ResetHint;

HistogramSum::HistogramSum(const NativeHistogram& first)
    : schema_(first.schema),
      hint_(first.reset_hint),
      zero_threshold_(first.zero_threshold),
      zero_count_{first.zero_count},
      count_{first.count},
      sum_{first.sum},
      custom_bounds_(first.custom_bounds) {
  for (const auto& [index, count] : IndexedCounts(first.positive_spans, first.positive_counts)) {
    positive_.push_back({index, {count}});
  }
  for (const auto& [index, count] : IndexedCounts(first.negative_spans, first.negative_counts)) {
    negative_.push_back({index, {count}});
  }
}

void HistogramSum::Scale(double factor) {
  zero_count_.Scale(factor);
  count_.Scale(factor);
  sum_.Scale(factor);
  for (Cells* cells : {&positive_, &negative_}) {
    for (Cell& cell : *cells) cell.count.Scale(factor);
  }
  if (factor < 0) hint_ = Hint::kGauge;
}

void HistogramSum::DivideBy(double divisor) {
  for (KahanSum* number : {&zero_count_, &count_, &sum_}) {
    *number = {number->Value() / divisor};
  }
  if (divisor == 0) {
    positive_.clear();
    negative_.clear();
  }
  for (Cells* cells : {&positive_, &negative_}) {
    for (Cell& cell : *cells) cell.count = {cell.count.Value() / divisor};
  }
  if (divisor < 0) hint_ = Hint::kGauge;
}

void HistogramSum::Reduce(Cells& cells, int from, int to) {
  Cells reduced;
  for (const Cell& cell : cells) {
    const int32_t index = ReducedIndex(cell.index, from, to);
    if (!reduced.empty() && reduced.back().index == index) {
      reduced.back().count.Add(cell.count);
    } else {
      reduced.push_back({index, cell.count});
    }
  }
  cells = std::move(reduced);
}

void HistogramSum::ReduceTo(int8_t schema) {
  if (schema >= schema_ || schema < NativeHistogram::kSchemaMin) return;
  Reduce(positive_, schema_, schema);
  Reduce(negative_, schema_, schema);
  schema_ = schema;
}

void HistogramSum::AddCells(Cells& cells, const Cells& others) {
  const bool same_layout = std::ranges::equal(cells, others, {}, &Cell::index, &Cell::index);
  if (same_layout) {
    for (size_t i = 0; i < cells.size(); ++i) cells[i].count.Add(others[i].count);
    return;
  }
  Cells merged;
  merged.reserve(cells.size() + others.size());
  auto mine = cells.begin();
  auto theirs = others.begin();
  while (mine != cells.end() && theirs != others.end()) {
    if (mine->index < theirs->index) {
      merged.push_back(*mine++);
    } else if (theirs->index < mine->index) {
      merged.push_back(*theirs++);
    } else {
      merged.push_back(*mine++);
      merged.back().count.Add((theirs++)->count);
    }
  }
  std::copy(mine, cells.end(), std::back_inserter(merged));
  std::copy(theirs, others.end(), std::back_inserter(merged));
  cells = std::move(merged);
}

// "Gauge" wins, then "unknown"; "reset" and "not reset" contradict each other.
bool HistogramSum::MergeHints(Hint other) {
  if (other == hint_ || hint_ == Hint::kGauge) return false;
  if (other == Hint::kGauge || other == Hint::kUnknown) {
    hint_ = other;
    return false;
  }
  if (hint_ == Hint::kUnknown) return false;
  hint_ = Hint::kUnknown;
  return true;
}

// Buckets that reach below `threshold` go into the zero bucket. Where it would cut a populated
// bucket it grows to that bucket's end, and then on the other side as well.
void HistogramSum::WidenZeroTo(double threshold) {
  const auto end_of_cut = [&](const Cells& cells) {
    for (const Cell& cell : cells) {
      if (ExponentialBound(cell.index - 1, schema_) >= threshold) break;
      const double upper = ExponentialBound(cell.index, schema_);
      if (upper > threshold && cell.count.Value() != 0) return upper;
    }
    return threshold;
  };
  for (double wider = threshold;; threshold = wider) {
    wider = std::max(end_of_cut(positive_), end_of_cut(negative_));
    if (wider == threshold) break;
  }
  for (Cells* cells : {&positive_, &negative_}) {
    const auto inside = [&](const Cell& cell) {
      return ExponentialBound(cell.index - 1, schema_) < threshold;
    };
    for (const Cell& cell : *cells) {
      if (inside(cell)) zero_count_.Add(cell.count);
    }
    std::erase_if(*cells, inside);
  }
  zero_threshold_ = threshold;
}

void HistogramSum::MergeExponential(HistogramSum other) {
  // Each may grow further than the other is. A NaN is neither wider nor narrower.
  while (zero_threshold_ < other.zero_threshold_ || other.zero_threshold_ < zero_threshold_) {
    if (zero_threshold_ < other.zero_threshold_) {
      WidenZeroTo(other.zero_threshold_);
    } else {
      other.WidenZeroTo(zero_threshold_);
    }
  }
  zero_count_.Add(other.zero_count_);
  ReduceTo(other.schema_);
  other.ReduceTo(schema_);
  AddCells(positive_, other.positive_);
  AddCells(negative_, other.negative_);
}

// Each bucket goes into the first of the coarser ones that ends where it ends or later.
void HistogramSum::MapToBounds(const std::vector<double>& bounds) {
  Cells mapped;
  for (const Cell& cell : positive_) {
    auto target = static_cast<int32_t>(bounds.size());
    if (cell.index >= 0 && static_cast<size_t>(cell.index) < custom_bounds_.size()) {
      const double upper = custom_bounds_[static_cast<size_t>(cell.index)];
      target = static_cast<int32_t>(std::ranges::lower_bound(bounds, upper) - bounds.begin());
    }
    if (!mapped.empty() && mapped.back().index == target) {
      mapped.back().count.Add(cell.count);
    } else {
      mapped.push_back({target, cell.count});
    }
  }
  positive_ = std::move(mapped);
  custom_bounds_ = bounds;
}

bool HistogramSum::MergeCustom(HistogramSum other) {
  const bool differ = custom_bounds_ != other.custom_bounds_;
  if (differ) {
    std::vector<double> common;
    std::ranges::set_intersection(custom_bounds_, other.custom_bounds_, std::back_inserter(common));
    MapToBounds(common);
    other.MapToBounds(common);
  }
  AddCells(positive_, other.positive_);
  return differ;
}

HistogramMerge HistogramSum::Merge(const NativeHistogram& other, double sign) {
  HistogramMerge merge;
  if ((schema_ == NativeHistogram::kCustomBuckets) != UsesCustomBounds(other)) {
    merge.compatible = false;
    return merge;
  }
  merge.reset_collision = MergeHints(other.reset_hint);
  HistogramSum summand(other);
  if (sign < 0) summand.Scale(sign);
  count_.Add(summand.count_);
  sum_.Add(summand.sum_);
  if (UsesCustomBounds(other)) {
    merge.bounds_reconciled = MergeCustom(std::move(summand));
  } else {
    MergeExponential(std::move(summand));
  }
  return merge;
}

bool HistogramSum::Overflows() const {
  const auto infinite = [](const Cell& cell) { return std::isinf(cell.count.Value()); };
  return std::isinf(count_.Value()) || std::isinf(sum_.Value()) ||
         std::isinf(zero_count_.Value()) || std::ranges::any_of(positive_, infinite) ||
         std::ranges::any_of(negative_, infinite);
}

NativeHistogram HistogramSum::Value() const {
  NativeHistogram value;
  value.schema = schema_;
  value.reset_hint = hint_;
  value.is_float = true;
  value.zero_threshold = zero_threshold_;
  value.zero_count = zero_count_.Value();
  value.count = count_.Value();
  value.sum = sum_.Value();
  value.custom_bounds = custom_bounds_;
  std::vector<IndexedCount> buckets;
  const auto take = [&](const Cells& cells) {
    buckets.clear();
    for (const Cell& cell : cells) buckets.push_back({cell.index, cell.count.Value()});
  };
  take(positive_);
  SetSpans(buckets, value.positive_spans, value.positive_counts);
  take(negative_);
  SetSpans(buckets, value.negative_spans, value.negative_counts);
  return value;
}

NativeHistogram Scaled(const NativeHistogram& histogram, double factor) {
  HistogramSum sum(histogram);
  sum.Scale(factor);
  return sum.Value();
}

NativeHistogram Divided(const NativeHistogram& histogram, double divisor) {
  HistogramSum sum(histogram);
  sum.DivideBy(divisor);
  return sum.Value();
}

}  // namespace slowburn::promql
