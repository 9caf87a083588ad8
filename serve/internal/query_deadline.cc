#include "serve/internal/query_deadline.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "base/status.h"

namespace slowburn::serve::internal {
namespace {

using std::chrono::milliseconds;

// A century: what can be added to the steady clock's time.
constexpr milliseconds kLeftMax = std::chrono::hours(876'000);

}  // namespace

absl::StatusOr<milliseconds> TimeLeft(const ApiContext& context, const ApiParameters& parameters) {
  milliseconds timeout = context.options.engine.timeout;
  if (!parameters.First("timeout").empty()) {
    SB_ASSIGN_OR_RETURN(const milliseconds wanted, parameters.Duration("timeout"));
    timeout = std::min(timeout, wanted);
  }
  // As Prometheus: who gives no time at all did not wait for it.
  if (timeout <= milliseconds(0))
    return absl::DeadlineExceededError("query timed out in query execution");
  timeout -= std::chrono::floor<milliseconds>(context.begun - context.asked);
  if (timeout <= milliseconds(0))
    return absl::DeadlineExceededError("query timed out in query queue");
  return timeout;
}

QueryDeadline::QueryDeadline(milliseconds left, const std::stop_token& unwanted)
    : when_unwanted_(unwanted, [this] { stop_.request_stop(); }),
      timer_([this, left = std::min(left, kLeftMax)](const std::stop_token& done) {
        std::mutex mutex;
        std::unique_lock lock(mutex);
        std::condition_variable_any().wait_for(lock, done, left, [] { return false; });
        if (done.stop_requested()) return;
        has_passed_ = true;
        stop_.request_stop();
      }) {}

}  // namespace slowburn::serve::internal
