#include "collector/internal/json_schema.h"

#include <algorithm>
#include <array>

#include "collector/internal/json_enums.h"

namespace slowburn::collector {
namespace {

using Field = OtlpField;
using Key = JsonKey;
using Type = OtlpType;
using Message = OtlpMessage;
using Presence = OtlpPresence;

constexpr Field Scalar(Key key, uint8_t number, Type type,
                       Presence presence = Presence::kImplicit) {
  return {.key = key, .number = number, .type = type, .presence = presence};
}
constexpr Field One(Key key, uint8_t number, Message message,
                    Presence presence = Presence::kExplicit) {
  return {.key = key, .number = number, .presence = presence, .message = message};
}
constexpr Field Many(Key key, uint8_t number, Message message) {
  return One(key, number, message, Presence::kRepeated);
}
constexpr Field Enum(Key key, uint8_t number, std::span<const std::string_view> names) {
  return {.key = key, .number = number, .type = Type::kEnum, .names = names};
}

// --- Common -----------------------------------------------------------------------------------

constexpr Field kAnyValue[] = {
    Scalar(Key::kStringValue, 1, Type::kString, Presence::kOneof),
    Scalar(Key::kBoolValue, 2, Type::kBool, Presence::kOneof),
    Scalar(Key::kIntValue, 3, Type::kInt64, Presence::kOneof),
    Scalar(Key::kDoubleValue, 4, Type::kDouble, Presence::kOneof),
    One(Key::kArrayValue, 5, Message::kArrayValue, Presence::kOneof),
    One(Key::kKvlistValue, 6, Message::kKeyValueList, Presence::kOneof),
    Scalar(Key::kBytesValue, 7, Type::kBytes, Presence::kOneof),
    Scalar(Key::kStringValueStrindex, 8, Type::kInt32, Presence::kOneof),
};
constexpr Field kArrayValue[] = {Many(Key::kValues, 1, Message::kAnyValue)};
constexpr Field kKeyValueList[] = {Many(Key::kValues, 1, Message::kKeyValue)};
constexpr Field kKeyValue[] = {
    Scalar(Key::kKey, 1, Type::kString),
    One(Key::kValue, 2, Message::kAnyValue),
    Scalar(Key::kKeyStrindex, 3, Type::kInt32),
};
constexpr Field kScope[] = {
    Scalar(Key::kName, 1, Type::kString),
    Scalar(Key::kVersion, 2, Type::kString),
    Many(Key::kAttributes, 3, Message::kKeyValue),
    Scalar(Key::kDroppedAttributesCount, 4, Type::kUint32),
};
constexpr Field kEntityRef[] = {
    Scalar(Key::kSchemaUrl, 1, Type::kString),
    Scalar(Key::kType, 2, Type::kString),
    Scalar(Key::kIdKeys, 3, Type::kString, Presence::kRepeated),
    Scalar(Key::kDescriptionKeys, 4, Type::kString, Presence::kRepeated),
};
constexpr Field kResource[] = {
    Many(Key::kAttributes, 1, Message::kKeyValue),
    Scalar(Key::kDroppedAttributesCount, 2, Type::kUint32),
    Many(Key::kEntityRefs, 3, Message::kEntityRef),
};

// --- Traces -----------------------------------------------------------------------------------

constexpr Field kTraces[] = {Many(Key::kResourceSpans, 1, Message::kResourceSpans)};
constexpr Field kResourceSpans[] = {
    One(Key::kResource, 1, Message::kResource),
    Many(Key::kScopeSpans, 2, Message::kScopeSpans),
    Scalar(Key::kSchemaUrl, 3, Type::kString),
};
constexpr Field kScopeSpans[] = {
    One(Key::kScope, 1, Message::kScope),
    Many(Key::kSpans, 2, Message::kSpan),
    Scalar(Key::kSchemaUrl, 3, Type::kString),
};
constexpr Field kSpan[] = {
    Scalar(Key::kTraceId, 1, Type::kId),
    Scalar(Key::kSpanId, 2, Type::kId),
    Scalar(Key::kTraceState, 3, Type::kString),
    Scalar(Key::kParentSpanId, 4, Type::kId),
    Scalar(Key::kName, 5, Type::kString),
    Enum(Key::kKind, 6, kSpanKindNames),
    Scalar(Key::kStartTimeUnixNano, 7, Type::kFixed64),
    Scalar(Key::kEndTimeUnixNano, 8, Type::kFixed64),
    Many(Key::kAttributes, 9, Message::kKeyValue),
    Scalar(Key::kDroppedAttributesCount, 10, Type::kUint32),
    Many(Key::kEvents, 11, Message::kEvent),
    Scalar(Key::kDroppedEventsCount, 12, Type::kUint32),
    Many(Key::kLinks, 13, Message::kLink),
    Scalar(Key::kDroppedLinksCount, 14, Type::kUint32),
    One(Key::kStatus, 15, Message::kStatus),
    Scalar(Key::kFlags, 16, Type::kFixed32),
};
constexpr Field kEvent[] = {
    Scalar(Key::kTimeUnixNano, 1, Type::kFixed64),
    Scalar(Key::kName, 2, Type::kString),
    Many(Key::kAttributes, 3, Message::kKeyValue),
    Scalar(Key::kDroppedAttributesCount, 4, Type::kUint32),
};
constexpr Field kLink[] = {
    Scalar(Key::kTraceId, 1, Type::kId),
    Scalar(Key::kSpanId, 2, Type::kId),
    Scalar(Key::kTraceState, 3, Type::kString),
    Many(Key::kAttributes, 4, Message::kKeyValue),
    Scalar(Key::kDroppedAttributesCount, 5, Type::kUint32),
    Scalar(Key::kFlags, 6, Type::kFixed32),
};
constexpr Field kStatus[] = {
    Scalar(Key::kMessage, 2, Type::kString),
    Enum(Key::kCode, 3, kStatusCodeNames),
};

// --- Metrics ----------------------------------------------------------------------------------

constexpr Field kMetrics[] = {Many(Key::kResourceMetrics, 1, Message::kResourceMetrics)};
constexpr Field kResourceMetrics[] = {
    One(Key::kResource, 1, Message::kResource),
    Many(Key::kScopeMetrics, 2, Message::kScopeMetrics),
    Scalar(Key::kSchemaUrl, 3, Type::kString),
};
constexpr Field kScopeMetrics[] = {
    One(Key::kScope, 1, Message::kScope),
    Many(Key::kMetrics, 2, Message::kMetric),
    Scalar(Key::kSchemaUrl, 3, Type::kString),
};
constexpr Field kMetric[] = {
    Scalar(Key::kName, 1, Type::kString),
    Scalar(Key::kDescription, 2, Type::kString),
    Scalar(Key::kUnit, 3, Type::kString),
    One(Key::kGauge, 5, Message::kGauge, Presence::kOneof),
    One(Key::kSum, 7, Message::kSum, Presence::kOneof),
    One(Key::kHistogram, 9, Message::kHistogram, Presence::kOneof),
    One(Key::kExponentialHistogram, 10, Message::kExponentialHistogram, Presence::kOneof),
    One(Key::kSummary, 11, Message::kSummary, Presence::kOneof),
    Many(Key::kMetadata, 12, Message::kKeyValue),
};
constexpr Field kGauge[] = {Many(Key::kDataPoints, 1, Message::kNumberDataPoint)};
constexpr Field kSum[] = {
    Many(Key::kDataPoints, 1, Message::kNumberDataPoint),
    Enum(Key::kAggregationTemporality, 2, kTemporalityNames),
    Scalar(Key::kIsMonotonic, 3, Type::kBool),
};
constexpr Field kHistogram[] = {
    Many(Key::kDataPoints, 1, Message::kHistogramDataPoint),
    Enum(Key::kAggregationTemporality, 2, kTemporalityNames),
};
constexpr Field kExponentialHistogram[] = {
    Many(Key::kDataPoints, 1, Message::kExponentialHistogramDataPoint),
    Enum(Key::kAggregationTemporality, 2, kTemporalityNames),
};
constexpr Field kSummary[] = {Many(Key::kDataPoints, 1, Message::kSummaryDataPoint)};
constexpr Field kNumberDataPoint[] = {
    Scalar(Key::kStartTimeUnixNano, 2, Type::kFixed64),
    Scalar(Key::kTimeUnixNano, 3, Type::kFixed64),
    Scalar(Key::kAsDouble, 4, Type::kDouble, Presence::kOneof),
    Many(Key::kExemplars, 5, Message::kExemplar),
    Scalar(Key::kAsInt, 6, Type::kSfixed64, Presence::kOneof),
    Many(Key::kAttributes, 7, Message::kKeyValue),
    Scalar(Key::kFlags, 8, Type::kUint32),
};
constexpr Field kHistogramDataPoint[] = {
    Scalar(Key::kStartTimeUnixNano, 2, Type::kFixed64),
    Scalar(Key::kTimeUnixNano, 3, Type::kFixed64),
    Scalar(Key::kCount, 4, Type::kFixed64),
    Scalar(Key::kSum, 5, Type::kDouble, Presence::kExplicit),
    Scalar(Key::kBucketCounts, 6, Type::kFixed64, Presence::kRepeated),
    Scalar(Key::kExplicitBounds, 7, Type::kDouble, Presence::kRepeated),
    Many(Key::kExemplars, 8, Message::kExemplar),
    Many(Key::kAttributes, 9, Message::kKeyValue),
    Scalar(Key::kFlags, 10, Type::kUint32),
    Scalar(Key::kMin, 11, Type::kDouble, Presence::kExplicit),
    Scalar(Key::kMax, 12, Type::kDouble, Presence::kExplicit),
};
constexpr Field kExponentialHistogramDataPoint[] = {
    Many(Key::kAttributes, 1, Message::kKeyValue),
    Scalar(Key::kStartTimeUnixNano, 2, Type::kFixed64),
    Scalar(Key::kTimeUnixNano, 3, Type::kFixed64),
    Scalar(Key::kCount, 4, Type::kFixed64),
    Scalar(Key::kSum, 5, Type::kDouble, Presence::kExplicit),
    Scalar(Key::kScale, 6, Type::kSint32),
    Scalar(Key::kZeroCount, 7, Type::kFixed64),
    One(Key::kPositive, 8, Message::kBuckets),
    One(Key::kNegative, 9, Message::kBuckets),
    Scalar(Key::kFlags, 10, Type::kUint32),
    Many(Key::kExemplars, 11, Message::kExemplar),
    Scalar(Key::kMin, 12, Type::kDouble, Presence::kExplicit),
    Scalar(Key::kMax, 13, Type::kDouble, Presence::kExplicit),
    Scalar(Key::kZeroThreshold, 14, Type::kDouble),
};
constexpr Field kBuckets[] = {
    Scalar(Key::kOffset, 1, Type::kSint32),
    Scalar(Key::kBucketCounts, 2, Type::kUint64, Presence::kRepeated),
};
constexpr Field kSummaryDataPoint[] = {
    Scalar(Key::kStartTimeUnixNano, 2, Type::kFixed64),
    Scalar(Key::kTimeUnixNano, 3, Type::kFixed64),
    Scalar(Key::kCount, 4, Type::kFixed64),
    Scalar(Key::kSum, 5, Type::kDouble),
    Many(Key::kQuantileValues, 6, Message::kValueAtQuantile),
    Many(Key::kAttributes, 7, Message::kKeyValue),
    Scalar(Key::kFlags, 8, Type::kUint32),
};
constexpr Field kValueAtQuantile[] = {
    Scalar(Key::kQuantile, 1, Type::kDouble),
    Scalar(Key::kValue, 2, Type::kDouble),
};
constexpr Field kExemplar[] = {
    Scalar(Key::kTimeUnixNano, 2, Type::kFixed64),
    Scalar(Key::kAsDouble, 3, Type::kDouble, Presence::kOneof),
    Scalar(Key::kSpanId, 4, Type::kId),
    Scalar(Key::kTraceId, 5, Type::kId),
    Scalar(Key::kAsInt, 6, Type::kSfixed64, Presence::kOneof),
    Many(Key::kFilteredAttributes, 7, Message::kKeyValue),
};

// --- Logs -------------------------------------------------------------------------------------

constexpr Field kLogs[] = {Many(Key::kResourceLogs, 1, Message::kResourceLogs)};
constexpr Field kResourceLogs[] = {
    One(Key::kResource, 1, Message::kResource),
    Many(Key::kScopeLogs, 2, Message::kScopeLogs),
    Scalar(Key::kSchemaUrl, 3, Type::kString),
};
constexpr Field kScopeLogs[] = {
    One(Key::kScope, 1, Message::kScope),
    Many(Key::kLogRecords, 2, Message::kLogRecord),
    Scalar(Key::kSchemaUrl, 3, Type::kString),
};
constexpr Field kLogRecord[] = {
    Scalar(Key::kTimeUnixNano, 1, Type::kFixed64),
    Enum(Key::kSeverityNumber, 2, kSeverityNames),
    Scalar(Key::kSeverityText, 3, Type::kString),
    One(Key::kBody, 5, Message::kAnyValue),
    Many(Key::kAttributes, 6, Message::kKeyValue),
    Scalar(Key::kDroppedAttributesCount, 7, Type::kUint32),
    Scalar(Key::kFlags, 8, Type::kFixed32),
    Scalar(Key::kTraceId, 9, Type::kId),
    Scalar(Key::kSpanId, 10, Type::kId),
    Scalar(Key::kObservedTimeUnixNano, 11, Type::kFixed64),
    Scalar(Key::kEventName, 12, Type::kString),
};

// In the order of OtlpMessage.
constexpr std::array<std::span<const Field>, kOtlpMessages> kMessages = {
    kTraces,
    kResourceSpans,
    kScopeSpans,
    kSpan,
    kEvent,
    kLink,
    kStatus,
    kMetrics,
    kResourceMetrics,
    kScopeMetrics,
    kMetric,
    kGauge,
    kSum,
    kHistogram,
    kExponentialHistogram,
    kSummary,
    kNumberDataPoint,
    kHistogramDataPoint,
    kExponentialHistogramDataPoint,
    kBuckets,
    kSummaryDataPoint,
    kValueAtQuantile,
    kExemplar,
    kLogs,
    kResourceLogs,
    kScopeLogs,
    kLogRecord,
    kResource,
    kScope,
    kEntityRef,
    kKeyValue,
    kAnyValue,
    kArrayValue,
    kKeyValueList,
};

constexpr bool IsSound(std::span<const Field> fields) {
  return fields.size() <= kOtlpFieldsMax &&
         std::ranges::adjacent_find(fields, std::ranges::greater_equal(), &Field::number) ==
             fields.end();
}
static_assert(std::ranges::all_of(kMessages, IsSound), "ascending numbers, no more than the most");

}  // namespace

std::span<const OtlpField> OtlpFields(OtlpMessage message) {
  return kMessages[static_cast<size_t>(message)];
}

}  // namespace slowburn::collector
