#include "serve/internal/reload_queue.h"

#include <utility>

#include "base/status.h"
#include "serve/internal/json_error.h"

namespace slowburn::serve::internal {
namespace {

net::HttpResponse ReloadResponse(const absl::Status& status) {
  if (status.ok()) {
    net::HttpResponse response;
    response.body = "slowburn reloaded its SLO files.\n";
    return response;
  }
  // Whatever else is wrong lies in the files; these are ours.
  if (absl::IsUnavailable(status) || absl::IsInternal(status) || absl::IsDataLoss(status)) {
    return StatusResponse(status);
  }
  return ErrorResponse(400, base::Message(status));
}

}  // namespace

ReloadQueue::ReloadQueue(Commands& commands)
    : commands_(commands), thread_([this](const std::stop_token& stop) { Run(stop); }) {}

void ReloadQueue::Push(net::Reply reply) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() < kWaitingMax) {
      waiting_.push_back(std::move(reply));
      wake_.notify_one();
      return;
    }
  }
  std::move(reply)(ErrorResponse(503, "16 reloads wait already; ask again when they are done"));
}

void ReloadQueue::Run(const std::stop_token& stop) {
  for (;;) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, stop, [this] { return !waiting_.empty(); });
    if (stop.stop_requested()) return;
    net::Reply reply = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    std::move(reply)(ReloadResponse(commands_.Reload()));
  }
}

}  // namespace slowburn::serve::internal
