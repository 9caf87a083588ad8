#include "model/native_histogram_list.h"

#include <algorithm>
#include <span>

namespace slowburn::model {
namespace {

// Grows by half at least, however often it is asked for.
template <typename Value>
void ReserveMore(std::vector<Value>& values, size_t more) {
  const size_t size = values.size() + more;
  if (size > values.capacity()) values.reserve(std::max(size, values.capacity() * 3 / 2));
}

template <typename Value>
void Append(std::vector<Value>& all, std::span<const Value> values) {
  all.insert(all.end(), values.begin(), values.end());
}

}  // namespace

void NativeHistogramList::Reserve(size_t histograms, size_t values) {
  constexpr size_t kSpansMostly = 2;
  ReserveMore(entries_, histograms);
  ReserveMore(spans_, kSpansMostly * histograms);
  ReserveMore(values_, values);
}

void NativeHistogramList::Add(const NativeHistogramView& histogram) {
  const size_t spans_begin = spans_.size();
  const size_t values_begin = values_.size();
  Append(spans_, histogram.positive_spans);
  Append(spans_, histogram.negative_spans);
  Append(values_, histogram.positive_counts);
  Append(values_, histogram.negative_counts);
  Append(values_, histogram.custom_bounds);
  entries_.push_back({.schema = histogram.schema,
                      .reset_hint = histogram.reset_hint,
                      .is_float = histogram.is_float,
                      .positive_spans = static_cast<uint32_t>(histogram.positive_spans.size()),
                      .negative_spans = static_cast<uint32_t>(histogram.negative_spans.size()),
                      .positive_counts = static_cast<uint32_t>(histogram.positive_counts.size()),
                      .negative_counts = static_cast<uint32_t>(histogram.negative_counts.size()),
                      .custom_bounds = static_cast<uint32_t>(histogram.custom_bounds.size()),
                      .spans_begin = spans_begin,
                      .values_begin = values_begin,
                      .zero_threshold = histogram.zero_threshold,
                      .zero_count = histogram.zero_count,
                      .count = histogram.count,
                      .sum = histogram.sum});
}

void NativeHistogramList::DropFrom(size_t size) {
  if (size >= entries_.size()) return;
  spans_.resize(entries_[size].spans_begin);
  values_.resize(entries_[size].values_begin);
  entries_.resize(size);
}

NativeHistogramView NativeHistogramList::operator[](size_t i) const {
  const Entry& entry = entries_[i];
  const NativeHistogram::Span* const spans = spans_.data() + entry.spans_begin;
  const double* const values = values_.data() + entry.values_begin;
  NativeHistogramView view;
  view.schema = entry.schema;
  view.reset_hint = entry.reset_hint;
  view.is_float = entry.is_float;
  view.zero_threshold = entry.zero_threshold;
  view.zero_count = entry.zero_count;
  view.count = entry.count;
  view.sum = entry.sum;
  view.positive_spans = {spans, entry.positive_spans};
  view.negative_spans = {spans + entry.positive_spans, entry.negative_spans};
  view.positive_counts = {values, entry.positive_counts};
  view.negative_counts = {values + entry.positive_counts, entry.negative_counts};
  view.custom_bounds = {values + entry.positive_counts + entry.negative_counts,
                        entry.custom_bounds};
  return view;
}

}  // namespace slowburn::model
