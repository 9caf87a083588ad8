// app/load_answer.h: what an OTLP client does about an answer: done, again, or give up.
//
// Room     app
// Uses     forward/otlp_answer.h, model/, gRPC's status, Boost.JSON
// Threads  pure functions
// Units    items; delays in chrono
// Source   OTLP specification: Failures, Throttling, Retryable Response Codes
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <grpcpp/support/status.h>

#include "base/clock.h"

namespace slowburn::app {

struct LoadAnswer {
  enum class Kind : uint8_t {
    kAcked,   // taken, but for `rejected` items
    kRetry,   // the same bytes may be sent again, after `delay` at least
    kFailed,  // sending again would not help
  };
  Kind kind = Kind::kFailed;
  uint64_t rejected = 0;
  std::optional<std::chrono::nanoseconds> delay;
  // One of few: "503", "UNAVAILABLE", "no answer", "partial success", "not OTLP"; "" when all is
  // well.
  std::string reason;
  std::string message;  // the server's words, or the network's; valid UTF-8
};

struct LoadHttpAnswer {
  int status = 0;
  std::string_view content_type;
  std::string_view retry_after;  // seconds or a date, "" when absent
  std::string_view body;
};
// A success with a body that is no OTLP answer comes from somebody else: kFailed.
LoadAnswer JudgeHttp(const LoadHttpAnswer& answer, base::UnixNanos now);
LoadAnswer JudgeGrpc(const grpc::Status& status, std::string_view response);
// Of net::HttpConnection: a response over its limit is not asked for again, all else is.
LoadAnswer JudgeNoAnswer(const absl::Status& status);

}  // namespace slowburn::app
