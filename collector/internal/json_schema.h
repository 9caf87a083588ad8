// collector/internal/json_schema.h: OTLP's messages as data, for turning JSON into protobuf.
//
// Room     collector/internal
// Uses     collector/internal
// Threads  constants
// Units    none
// Source   opentelemetry-proto 1.11: common, resource, trace, metrics, logs
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "collector/internal/json_keys.h"

namespace slowburn::collector {

enum class OtlpMessage : uint8_t {
  kTraces,  // ExportTraceServiceRequest
  kResourceSpans,
  kScopeSpans,
  kSpan,
  kEvent,
  kLink,
  kStatus,
  kMetrics,  // ExportMetricsServiceRequest
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
  kLogs,  // ExportLogsServiceRequest
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
inline constexpr size_t kOtlpMessages = 34;

enum class OtlpType : uint8_t {
  kMessage,
  kString,
  kId,  // bytes that JSON writes in hex
  kBytes,
  kBool,
  kInt32,
  kSint32,
  kUint32,
  kFixed32,
  kInt64,
  kUint64,
  kFixed64,
  kSfixed64,
  kDouble,
  kEnum,
};

enum class OtlpPresence : uint8_t {
  kImplicit,  // zero is not written
  kExplicit,  // written when it is there
  kOneof,     // the same, and alone of the message's oneof; no message has two of those
  kRepeated,  // numbers are packed
};

struct OtlpField {
  JsonKey key = JsonKey::kUnknown;
  uint8_t number = 0;
  OtlpType type = OtlpType::kMessage;
  OtlpPresence presence = OtlpPresence::kImplicit;
  OtlpMessage message = OtlpMessage::kTraces;    // of a kMessage
  std::span<const std::string_view> names = {};  // of a kEnum
};
inline constexpr size_t kOtlpFieldsMax = 16;  // a span has them

// Ascending by number.
std::span<const OtlpField> OtlpFields(OtlpMessage message);

}  // namespace slowburn::collector
