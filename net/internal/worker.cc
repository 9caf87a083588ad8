#include "net/internal/worker.h"

#include <exception>

#include "base/clock.h"
#include "base/logging.h"
#include "net/internal/connection.h"
#include "net/internal/response_head.h"

namespace slowburn::net::internal {
namespace {

// Timeouts are whole seconds; they are noticed this late at most.
constexpr std::chrono::milliseconds kSweepInterval{200};
constexpr std::chrono::seconds kLogInterval{10};

}  // namespace

Worker::Worker() : context(1), guard_(context.get_executor()), sweep_(context.get_executor()) {}

void Worker::Run() {
  for (;;) {
    try {
      context.run();
      return;
    } catch (const std::exception& error) {
      base::Log(base::LogLevel::kError, "event loop threw", {{"error", error.what()}});
    }
  }
}

void Worker::Enter(Connection& connection) {
  connections_.insert(&connection);
  if (connections_.size() == 1) ArmSweep();
}

void Worker::Leave(Connection& connection) {
  connections_.erase(&connection);
  connection.use().state = Use::State::kClosed;
  if (connections_.empty()) sweep_.cancel();
}

void Worker::CloseIdle() {
  for (Connection* const connection : connections_) connection->CloseIfIdle();
}

void Worker::AbortAll() {
  aborted_ = true;
  for (Connection* const connection : connections_) connection->Abort();
}

std::string_view Worker::Date() {
  const std::chrono::sys_seconds now = base::FloorSeconds(base::SystemClock().Now());
  if (now != date_second_) {
    date_second_ = now;
    date_ = HttpDate(now);
  }
  return date_;
}

void Worker::LogHandlerError(std::string_view listener, std::string_view path,
                             std::string_view what) {
  const SteadyTime now = base::SystemClock().Monotonic();
  if (now < next_log_) {
    ++suppressed_;
    return;
  }
  base::Log(base::LogLevel::kError, "http handler error",
            {{"listener", listener}, {"path", path}, {"error", what}, {"suppressed", suppressed_}});
  next_log_ = now + kLogInterval;
  suppressed_ = 0;
}

void Worker::ArmSweep() {
  sweep_.expires_after(kSweepInterval);
  sweep_.async_wait([this](const error_code& cancelled) {
    if (cancelled || connections_.empty()) return;
    const SteadyTime now = base::SystemClock().Monotonic();
    for (Connection* const connection : connections_) connection->Expire(now);
    ArmSweep();
  });
}

}  // namespace slowburn::net::internal
