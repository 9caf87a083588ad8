// model/native_histogram_view.h: a native histogram that lies somewhere, looked at.
//
// Room     model
// Uses     model/
// Threads  a value; what it looks at must outlive it and stay as it is
// Units    as model/native_histogram.h
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "model/native_histogram.h"

namespace slowburn::model {

// Field by field as NativeHistogram, which it can be made of and made into. To pass one on costs no
// memory, whoever keeps it.
struct NativeHistogramView {
  using ResetHint = NativeHistogram::ResetHint;
  using Span = NativeHistogram::Span;

  NativeHistogramView() = default;
  // Implicit: who takes a view takes a histogram.
  NativeHistogramView(const NativeHistogram& of)  // NOLINT(google-explicit-constructor)
      : schema(of.schema),
        reset_hint(of.reset_hint),
        is_float(of.is_float),
        zero_threshold(of.zero_threshold),
        zero_count(of.zero_count),
        count(of.count),
        sum(of.sum),
        positive_spans(of.positive_spans),
        negative_spans(of.negative_spans),
        positive_counts(of.positive_counts),
        negative_counts(of.negative_counts),
        custom_bounds(of.custom_bounds) {}

  explicit operator NativeHistogram() const {
    return {.schema = schema,
            .reset_hint = reset_hint,
            .is_float = is_float,
            .zero_threshold = zero_threshold,
            .zero_count = zero_count,
            .count = count,
            .sum = sum,
            .positive_spans = {positive_spans.begin(), positive_spans.end()},
            .negative_spans = {negative_spans.begin(), negative_spans.end()},
            .positive_counts = {positive_counts.begin(), positive_counts.end()},
            .negative_counts = {negative_counts.begin(), negative_counts.end()},
            .custom_bounds = {custom_bounds.begin(), custom_bounds.end()}};
  }

  int8_t schema = 0;
  ResetHint reset_hint = ResetHint::kUnknown;
  bool is_float = false;
  double zero_threshold = 0;
  double zero_count = 0;
  double count = 0;
  double sum = 0;
  std::span<const Span> positive_spans;
  std::span<const Span> negative_spans;
  std::span<const double> positive_counts;
  std::span<const double> negative_counts;
  std::span<const double> custom_bounds;
};

}  // namespace slowburn::model
