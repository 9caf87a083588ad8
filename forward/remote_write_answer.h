// forward/remote_write_answer.h: what the answer to a remote write means for what was sent.
//
// Room     forward
// Uses     base/, forward/, net/
// Threads  pure functions
// Units    items; delays in chrono
// Source   Prometheus remote write 1.0 and 2.0; RFC 9110, Retry-After
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include <absl/status/statusor.h>

#include "base/clock.h"
#include "forward/remote_write_message.h"
#include "net/http_client.h"

namespace slowburn::forward {

struct RemoteWriteAnswer {
  enum class Kind : uint8_t {
    kSettled,    // `written` are there, the rest is refused for good
    kRetry,      // 5xx, 429, or no answer: the same again, no sooner than after `delay`
    kDowngrade,  // the receiver does not know 2.0: the same again as 1.0
  };
  Kind kind = Kind::kSettled;
  uint64_t written = 0;
  std::optional<std::chrono::nanoseconds> delay;
  std::string error;  // "" where all is written
};

// `items` are in the message. A receiver that answers 2xx to 2.0 and does not say what it wrote has
// taken the message for an empty one of 1.0, as Prometheus before 3 does.
RemoteWriteAnswer ReadRemoteWriteAnswer(const absl::StatusOr<net::HttpResult>& result,
                                        RemoteWriteProtocol protocol, uint64_t items,
                                        base::UnixNanos now);

// Seconds, or a date of HTTP; at most an hour. Nothing for what is neither.
std::optional<std::chrono::nanoseconds> ParseRetryAfter(std::string_view text, base::UnixNanos now);

}  // namespace slowburn::forward
