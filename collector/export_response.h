// collector/export_response.h: the bytes that an OTLP client is answered with.
//
// Room     collector
// Uses     protozero
// Threads  pure functions
// Units    none
// Source   OTLP specification, "Full Success", "Partial Success", "Failures"; google.rpc.Status
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace slowburn::collector {

// ExportTraceServiceResponse: empty bytes when nothing was rejected and `message` is empty. A
// message is cut to 4 KiB.
std::string EncodeTraceResponse(int64_t rejected_spans, std::string_view message);

// google.rpc.Status; with `retry_delay` it carries a RetryInfo.
std::string EncodeStatus(int code, std::string_view message,
                         std::optional<std::chrono::milliseconds> retry_delay);
// The same as proto3 JSON.
std::string EncodeStatusJson(int code, std::string_view message);

}  // namespace slowburn::collector
