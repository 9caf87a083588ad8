// collector/internal/trace_fields.h: the tags of a trace export that we read.
//
// Room     collector/internal
// Uses     collector/internal
// Threads  constants
// Units    none
// Source   opentelemetry/proto/{common,resource,trace,collector/trace}/v1
#pragma once

#include "collector/internal/wire_reader.h"

namespace slowburn::collector::trace_fields {

inline constexpr uint32_t kRequestResourceSpans = FieldTag(1, WireType::kBytes);

inline constexpr uint32_t kResourceSpansResource = FieldTag(1, WireType::kBytes);
inline constexpr uint32_t kResourceSpansScopeSpans = FieldTag(2, WireType::kBytes);

inline constexpr uint32_t kResourceAttributes = FieldTag(1, WireType::kBytes);
inline constexpr uint32_t kResourceDroppedAttributes = FieldTag(2, WireType::kVarint);

inline constexpr uint32_t kScopeSpansScope = FieldTag(1, WireType::kBytes);
inline constexpr uint32_t kScopeSpansSpans = FieldTag(2, WireType::kBytes);

inline constexpr uint32_t kScopeName = FieldTag(1, WireType::kBytes);
inline constexpr uint32_t kScopeVersion = FieldTag(2, WireType::kBytes);
inline constexpr uint32_t kScopeAttributes = FieldTag(3, WireType::kBytes);

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

}  // namespace slowburn::collector::trace_fields
