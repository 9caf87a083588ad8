// collector/internal/metric_checks.h: which values of data points are possible.
//
// Room     collector/internal
// Uses     model/
// Threads  pure functions
// Units    none
// Source   requirements V7, V8, V14; metrics data model; faults 29
#pragma once

#include <cstdint>
#include <optional>

#include "model/metric_batch.h"

namespace slowburn::collector {

// How many buckets an exponential histogram may have on one side, empty ones included: SDKs send
// 160 or 320. More would cost a reader more than its sender.
inline constexpr uint32_t kExponentialBucketsMax = 4096;
// What SDKs send; beyond, an index says nothing about a double.
inline constexpr int32_t kExponentialScaleMin = -10;
inline constexpr int32_t kExponentialScaleMax = 20;

// One count more than bounds, or none of both; bounds strictly increasing, none NaN; the counts
// make up the count.
bool FitsTogether(const model::MetricBatch& batch, const model::HistogramValue& value);
// The scale and the number of buckets within the limits above; in every bucket that is not empty a
// double that is finite and not 0; buckets and zero count make up the count; the zero threshold
// finite and not negative.
bool FitsTogether(const model::MetricBatch& batch, const model::ExponentialHistogramValue& value);
// Quantiles within [0, 1].
bool FitsTogether(const model::MetricBatch& batch, const model::SummaryValue& value);

// Why the point of a monotonic sum is impossible, if it is.
std::optional<model::Rejection> CheckMonotonic(const model::MetricPoint& point);

}  // namespace slowburn::collector
