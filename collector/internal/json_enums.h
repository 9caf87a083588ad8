// collector/internal/json_enums.h: the names of OTLP's enums; each stands at its number.
//
// Room     collector/internal
// Uses     standard library
// Threads  constants
// Units    none
// Source   OTLP trace.proto, metrics.proto, logs.proto; requirement J4
#pragma once

#include <array>
#include <string_view>

namespace slowburn::collector {

inline constexpr auto kSpanKindNames = std::to_array<std::string_view>(
    {"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER", "SPAN_KIND_CLIENT",
     "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"});

inline constexpr auto kStatusCodeNames =
    std::to_array<std::string_view>({"STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"});

inline constexpr auto kTemporalityNames = std::to_array<std::string_view>(
    {"AGGREGATION_TEMPORALITY_UNSPECIFIED", "AGGREGATION_TEMPORALITY_DELTA",
     "AGGREGATION_TEMPORALITY_CUMULATIVE"});

inline constexpr auto kSeverityNames = std::to_array<std::string_view>(
    {"SEVERITY_NUMBER_UNSPECIFIED", "SEVERITY_NUMBER_TRACE",  "SEVERITY_NUMBER_TRACE2",
     "SEVERITY_NUMBER_TRACE3",      "SEVERITY_NUMBER_TRACE4", "SEVERITY_NUMBER_DEBUG",
     "SEVERITY_NUMBER_DEBUG2",      "SEVERITY_NUMBER_DEBUG3", "SEVERITY_NUMBER_DEBUG4",
     "SEVERITY_NUMBER_INFO",        "SEVERITY_NUMBER_INFO2",  "SEVERITY_NUMBER_INFO3",
     "SEVERITY_NUMBER_INFO4",       "SEVERITY_NUMBER_WARN",   "SEVERITY_NUMBER_WARN2",
     "SEVERITY_NUMBER_WARN3",       "SEVERITY_NUMBER_WARN4",  "SEVERITY_NUMBER_ERROR",
     "SEVERITY_NUMBER_ERROR2",      "SEVERITY_NUMBER_ERROR3", "SEVERITY_NUMBER_ERROR4",
     "SEVERITY_NUMBER_FATAL",       "SEVERITY_NUMBER_FATAL2", "SEVERITY_NUMBER_FATAL3",
     "SEVERITY_NUMBER_FATAL4"});

}  // namespace slowburn::collector
