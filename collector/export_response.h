// collector/export_response.h: the bytes that an OTLP client is answered with.
//
// Room     collector
// Uses     model/, protozero
// Threads  pure functions
// Units    none
// Source   OTLP specification, "Full Success", "Partial Success", "Failures"; google.rpc.Status
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/signal.h"

namespace slowburn::collector {

// `message` for a client, which may refuse what is not UTF-8: its valid part, at most `bytes_max`.
std::string ErrorText(std::string_view message, size_t bytes_max);

// Export<Signal>ServiceResponse: empty bytes when nothing was rejected and `message` is empty. A
// message is cut to 4 KiB. All three have the same field numbers.
std::string EncodeExportResponse(int64_t rejected, std::string_view message);
// As proto3 JSON: "{}", or {"partialSuccess":{"rejectedSpans":"1","errorMessage":"..."}} with the
// signal's name of the count.
std::string EncodeExportResponseJson(model::Signal signal, int64_t rejected,
                                     std::string_view message);

// google.rpc.Status; with `retry_delay` it carries a RetryInfo, and with code 3 (INVALID_ARGUMENT)
// a BadRequest whose violation says the same.
std::string EncodeStatus(int code, std::string_view message,
                         std::optional<std::chrono::milliseconds> retry_delay);
// The same as proto3 JSON, without details.
std::string EncodeStatusJson(int code, std::string_view message);

}  // namespace slowburn::collector
