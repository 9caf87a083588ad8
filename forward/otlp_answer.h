// forward/otlp_answer.h: what an OTLP endpoint says beyond OK and not OK.
//
// Room     forward
// Uses     protozero
// Threads  pure functions
// Units    items; delays in chrono
// Source   OTLP specification, Partial Success and OTLP/gRPC Throttling;
// google/rpc/error_details.proto
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace slowburn::forward {

struct PartialSuccess {
  int64_t rejected = 0;
  std::string message;  // the endpoint's words; not checked for UTF-8
};

// Of a serialized Export*ServiceResponse (the signals share the field numbers); nothing where the
// bytes are none.
std::optional<PartialSuccess> ParsePartialSuccess(std::string_view response);

// The RetryInfo among the details of a serialized google.rpc.Status (grpc-status-details-bin), or
// nothing when there is none. A negative delay is 0; a delay is at most an hour.
std::optional<std::chrono::nanoseconds> ParseRetryDelay(std::string_view status_details);

}  // namespace slowburn::forward
