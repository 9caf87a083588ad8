// serve/internal/query_deadline.h: how long a call that reads series may take.
//
// Room     serve
// Uses     serve/
// Threads  a QueryDeadline has a thread that waits; all else is the caller's
// Units    none
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <stop_token>
#include <thread>

#include <absl/status/statusor.h>

#include "serve/internal/api_context.h"

namespace slowburn::serve::internal {

// What is left of the time that the server or the parameter `timeout` gives, whichever is shorter;
// waiting counts. kDeadlineExceeded where nothing is left.
absl::StatusOr<std::chrono::milliseconds> TimeLeft(const ApiContext& context,
                                                   const ApiParameters& parameters);

// Stops what looks at a stop token and not at the time: reading the store.
class QueryDeadline {
 public:
  // `unwanted` stops it too.
  QueryDeadline(std::chrono::milliseconds left, const std::stop_token& unwanted);

  std::stop_token stop() const { return stop_.get_token(); }
  // Whether the time was over before the work was: then an error is that.
  bool has_passed() const { return has_passed_; }

 private:
  std::stop_source stop_;
  std::atomic<bool> has_passed_ = false;
  std::stop_callback<std::function<void()>> when_unwanted_;
  std::jthread timer_;  // Last: it uses all of the above.
};

}  // namespace slowburn::serve::internal
