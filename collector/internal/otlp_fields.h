// collector/internal/otlp_fields.h: the tags of OTLP's exports that we read, all three signals.
//
// Room     collector/internal
// Uses     collector/internal
// Threads  constants
// Units    none
// Source   opentelemetry/proto/{common,resource,trace,metrics,logs,collector}/v1
#pragma once

#include "collector/internal/wire_reader.h"

namespace slowburn::collector::tags {

// What surrounds items has the same numbers in every signal: ExportXServiceRequest, ResourceX,
// Resource, ScopeX, InstrumentationScope.
inline constexpr uint32_t kRequestResourceItems = FieldTag(1, WireType::kBytes);

inline constexpr uint32_t kResourceItemsResource = FieldTag(1, WireType::kBytes);
inline constexpr uint32_t kResourceItemsScopeItems = FieldTag(2, WireType::kBytes);

inline constexpr uint32_t kResourceAttributes = FieldTag(1, WireType::kBytes);
inline constexpr uint32_t kResourceDroppedAttributes = FieldTag(2, WireType::kVarint);

inline constexpr uint32_t kScopeItemsScope = FieldTag(1, WireType::kBytes);
inline constexpr uint32_t kScopeItemsItems = FieldTag(2, WireType::kBytes);
inline constexpr uint32_t kScopeItemsSchemaUrl = FieldTag(3, WireType::kBytes);

inline constexpr uint32_t kScopeName = FieldTag(1, WireType::kBytes);
inline constexpr uint32_t kScopeVersion = FieldTag(2, WireType::kBytes);
inline constexpr uint32_t kScopeAttributes = FieldTag(3, WireType::kBytes);

inline constexpr uint32_t kKeyValueKey = FieldTag(1, WireType::kBytes);
inline constexpr uint32_t kKeyValueValue = FieldTag(2, WireType::kBytes);

inline constexpr uint32_t kAnyString = FieldTag(1, WireType::kBytes);
inline constexpr uint32_t kAnyBool = FieldTag(2, WireType::kVarint);
inline constexpr uint32_t kAnyInt = FieldTag(3, WireType::kVarint);
inline constexpr uint32_t kAnyDouble = FieldTag(4, WireType::kFixed64);
inline constexpr uint32_t kAnyArray = FieldTag(5, WireType::kBytes);
inline constexpr uint32_t kAnyKeyValueList = FieldTag(6, WireType::kBytes);
inline constexpr uint32_t kAnyBytes = FieldTag(7, WireType::kBytes);
inline constexpr uint32_t kAnyStringIndex = FieldTag(8, WireType::kVarint);

inline constexpr uint32_t kSpanTraceId = FieldTag(1, WireType::kBytes);
inline constexpr uint32_t kSpanSpanId = FieldTag(2, WireType::kBytes);
inline constexpr uint32_t kSpanTraceState = FieldTag(3, WireType::kBytes);
inline constexpr uint32_t kSpanParentSpanId = FieldTag(4, WireType::kBytes);
inline constexpr uint32_t kSpanName = FieldTag(5, WireType::kBytes);
inline constexpr uint32_t kSpanKind = FieldTag(6, WireType::kVarint);
inline constexpr uint32_t kSpanStartTime = FieldTag(7, WireType::kFixed64);
inline constexpr uint32_t kSpanEndTime = FieldTag(8, WireType::kFixed64);
inline constexpr uint32_t kSpanAttributes = FieldTag(9, WireType::kBytes);
inline constexpr uint32_t kSpanDroppedAttributes = FieldTag(10, WireType::kVarint);
inline constexpr uint32_t kSpanDroppedEvents = FieldTag(12, WireType::kVarint);
inline constexpr uint32_t kSpanDroppedLinks = FieldTag(14, WireType::kVarint);
inline constexpr uint32_t kSpanStatus = FieldTag(15, WireType::kBytes);

inline constexpr uint32_t kStatusMessage = FieldTag(2, WireType::kBytes);
inline constexpr uint32_t kStatusCode = FieldTag(3, WireType::kVarint);

inline constexpr uint32_t kLogTime = FieldTag(1, WireType::kFixed64);
inline constexpr uint32_t kLogSeverityNumber = FieldTag(2, WireType::kVarint);
inline constexpr uint32_t kLogSeverityText = FieldTag(3, WireType::kBytes);
inline constexpr uint32_t kLogBody = FieldTag(5, WireType::kBytes);
inline constexpr uint32_t kLogAttributes = FieldTag(6, WireType::kBytes);
inline constexpr uint32_t kLogDroppedAttributes = FieldTag(7, WireType::kVarint);
inline constexpr uint32_t kLogFlags = FieldTag(8, WireType::kFixed32);
inline constexpr uint32_t kLogTraceId = FieldTag(9, WireType::kBytes);
inline constexpr uint32_t kLogSpanId = FieldTag(10, WireType::kBytes);
inline constexpr uint32_t kLogObservedTime = FieldTag(11, WireType::kFixed64);
inline constexpr uint32_t kLogEventName = FieldTag(12, WireType::kBytes);

inline constexpr uint32_t kMetricName = FieldTag(1, WireType::kBytes);
inline constexpr uint32_t kMetricDescription = FieldTag(2, WireType::kBytes);
inline constexpr uint32_t kMetricUnit = FieldTag(3, WireType::kBytes);
inline constexpr uint32_t kMetricGauge = FieldTag(5, WireType::kBytes);
inline constexpr uint32_t kMetricSum = FieldTag(7, WireType::kBytes);
inline constexpr uint32_t kMetricHistogram = FieldTag(9, WireType::kBytes);
inline constexpr uint32_t kMetricExponentialHistogram = FieldTag(10, WireType::kBytes);
inline constexpr uint32_t kMetricSummary = FieldTag(11, WireType::kBytes);
inline constexpr uint32_t kMetricMetadata = FieldTag(12, WireType::kBytes);

// Gauge, Sum, Histogram, ExponentialHistogram and Summary: each has those of these that it has.
inline constexpr uint32_t kDataPoints = FieldTag(1, WireType::kBytes);
inline constexpr uint32_t kDataTemporality = FieldTag(2, WireType::kVarint);
inline constexpr uint32_t kDataIsMonotonic = FieldTag(3, WireType::kVarint);

// In every kind of point.
inline constexpr uint32_t kPointStartTime = FieldTag(2, WireType::kFixed64);
inline constexpr uint32_t kPointTime = FieldTag(3, WireType::kFixed64);

inline constexpr uint32_t kNumberAsDouble = FieldTag(4, WireType::kFixed64);
inline constexpr uint32_t kNumberExemplars = FieldTag(5, WireType::kBytes);
inline constexpr uint32_t kNumberAsInt = FieldTag(6, WireType::kFixed64);
inline constexpr uint32_t kNumberAttributes = FieldTag(7, WireType::kBytes);
inline constexpr uint32_t kNumberFlags = FieldTag(8, WireType::kVarint);

inline constexpr uint32_t kHistogramCount = FieldTag(4, WireType::kFixed64);
inline constexpr uint32_t kHistogramSum = FieldTag(5, WireType::kFixed64);
inline constexpr uint32_t kHistogramBucketCounts = FieldTag(6, WireType::kBytes);
inline constexpr uint32_t kHistogramBucketCount = FieldTag(6, WireType::kFixed64);  // not packed
inline constexpr uint32_t kHistogramBounds = FieldTag(7, WireType::kBytes);
inline constexpr uint32_t kHistogramBound = FieldTag(7, WireType::kFixed64);  // not packed
inline constexpr uint32_t kHistogramExemplars = FieldTag(8, WireType::kBytes);
inline constexpr uint32_t kHistogramAttributes = FieldTag(9, WireType::kBytes);
inline constexpr uint32_t kHistogramFlags = FieldTag(10, WireType::kVarint);
inline constexpr uint32_t kHistogramMin = FieldTag(11, WireType::kFixed64);
inline constexpr uint32_t kHistogramMax = FieldTag(12, WireType::kFixed64);

inline constexpr uint32_t kExponentialAttributes = FieldTag(1, WireType::kBytes);
inline constexpr uint32_t kExponentialCount = FieldTag(4, WireType::kFixed64);
inline constexpr uint32_t kExponentialSum = FieldTag(5, WireType::kFixed64);
inline constexpr uint32_t kExponentialScale = FieldTag(6, WireType::kVarint);
inline constexpr uint32_t kExponentialZeroCount = FieldTag(7, WireType::kFixed64);
inline constexpr uint32_t kExponentialPositive = FieldTag(8, WireType::kBytes);
inline constexpr uint32_t kExponentialNegative = FieldTag(9, WireType::kBytes);
inline constexpr uint32_t kExponentialFlags = FieldTag(10, WireType::kVarint);
inline constexpr uint32_t kExponentialExemplars = FieldTag(11, WireType::kBytes);
inline constexpr uint32_t kExponentialMin = FieldTag(12, WireType::kFixed64);
inline constexpr uint32_t kExponentialMax = FieldTag(13, WireType::kFixed64);
inline constexpr uint32_t kExponentialZeroThreshold = FieldTag(14, WireType::kFixed64);

inline constexpr uint32_t kBucketsOffset = FieldTag(1, WireType::kVarint);
inline constexpr uint32_t kBucketsCounts = FieldTag(2, WireType::kBytes);
inline constexpr uint32_t kBucketsCount = FieldTag(2, WireType::kVarint);  // not packed

inline constexpr uint32_t kSummaryCount = FieldTag(4, WireType::kFixed64);
inline constexpr uint32_t kSummarySum = FieldTag(5, WireType::kFixed64);
inline constexpr uint32_t kSummaryQuantiles = FieldTag(6, WireType::kBytes);
inline constexpr uint32_t kSummaryAttributes = FieldTag(7, WireType::kBytes);
inline constexpr uint32_t kSummaryFlags = FieldTag(8, WireType::kVarint);

inline constexpr uint32_t kQuantileQuantile = FieldTag(1, WireType::kFixed64);
inline constexpr uint32_t kQuantileValue = FieldTag(2, WireType::kFixed64);

inline constexpr uint32_t kExemplarTime = FieldTag(2, WireType::kFixed64);
inline constexpr uint32_t kExemplarAsDouble = FieldTag(3, WireType::kFixed64);
inline constexpr uint32_t kExemplarSpanId = FieldTag(4, WireType::kBytes);
inline constexpr uint32_t kExemplarTraceId = FieldTag(5, WireType::kBytes);
inline constexpr uint32_t kExemplarAsInt = FieldTag(6, WireType::kFixed64);
inline constexpr uint32_t kExemplarAttributes = FieldTag(7, WireType::kBytes);

}  // namespace slowburn::collector::tags
