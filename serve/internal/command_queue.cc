#include "serve/internal/command_queue.h"

#include <utility>

#include "serve/internal/json_error.h"

namespace slowburn::serve::internal {

CommandQueue::CommandQueue() : thread_([this](const std::stop_token& stop) { Run(stop); }) {}

void CommandQueue::Push(Command command, net::Reply reply) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() < kWaitingMax) {
      waiting_.push_back({std::move(command), std::move(reply)});
      wake_.notify_one();
      return;
    }
  }
  std::move(reply)(ErrorResponse(503, "16 commands wait already; ask again when they are done"));
}

void CommandQueue::Run(const std::stop_token& stop) {
  for (;;) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, stop, [this] { return !waiting_.empty(); });
    if (stop.stop_requested()) return;
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    std::move(next.reply)(next.command());
  }
}

}  // namespace slowburn::serve::internal
