#include "net/internal/worker.h"

#include <exception>

#include "base/clock.h"
#include "base/logging.h"
#include "net/internal/http_session.h"
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

void Worker::Enter(Session& session) {
  sessions_.insert(&session);
  if (sessions_.size() == 1) ArmSweep();
}

void Worker::Leave(Session& session) {
  sessions_.erase(&session);
  if (sessions_.empty()) sweep_.cancel();
}

void Worker::CloseIdle() {
  for (Session* const session : sessions_) session->CloseIfIdle();
}

void Worker::AbortAll() {
  aborted_ = true;
  for (Session* const session : sessions_) session->Abort();
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
    if (cancelled || sessions_.empty()) return;
    const SteadyTime now = base::SystemClock().Monotonic();
    for (Session* const session : sessions_) session->Expire(now);
    ArmSweep();
  });
}

}  // namespace slowburn::net::internal
