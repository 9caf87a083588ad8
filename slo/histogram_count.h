// slo/histogram_count.h: how many values of a histogram are at or under a threshold.
//
// Room     slo: pure arithmetic
// Uses     model/, slo/
// Threads  pure functions
// Units    the threshold is in the metric's unit
// Source   OTLP metrics data model, Histogram and ExponentialHistogram
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "model/metric_batch.h"
#include "model/native_histogram.h"
#include "slo/counter_value.h"
#include "slo/metric_increment.h"

namespace slowburn::slo {

struct HistogramCount {
  uint64_t total = 0;
  CounterValue at_or_under;  // at most `total`
  // The threshold is a bound of the histogram. Otherwise the values of the bucket that it lies in
  // are taken as spread evenly over it; those of a bucket without an end count as over.
  bool is_exact = false;
  BucketBounds around;  // where it is not exact
};

// Nothing where the histogram has no buckets.
std::optional<HistogramCount> CountAtOrUnder(const model::MetricBatch& batch,
                                             const model::HistogramValue& value, double threshold);
// Values around 0 that are counted without a bucket are at or under a threshold of 0 or more.
HistogramCount CountAtOrUnder(const model::MetricBatch& batch,
                              const model::ExponentialHistogramValue& value, double threshold);
// As Prometheus stores them. Nothing for custom buckets, for counts that are no whole numbers, and
// for buckets that are absurdly far apart.
std::optional<HistogramCount> CountAtOrUnder(const model::NativeHistogram& histogram,
                                             double threshold);

// A hash that tells classic histograms of other bounds apart; never 0.
uint32_t LayoutOfBounds(std::span<const double> bounds);

}  // namespace slowburn::slo
