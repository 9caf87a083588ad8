#include "serve/internal/query_pool.h"

#include <utility>

namespace slowburn::serve::internal {

QueryPool::QueryPool(const Options& options, const base::Clock& clock)
    : options_(options), clock_(clock) {
  for (size_t i = 0; i < options.threads; ++i)
    threads_.emplace_back([this](const std::stop_token& stop) { Run(stop); });
}

QueryPool::~QueryPool() {
  // All at once: the destructor of each would wait for one query after the other.
  for (std::jthread& thread : threads_) thread.request_stop();
}

bool QueryPool::Push(Work work, net::Reply& reply) {
  const std::lock_guard lock(mutex_);
  if (waiting_.size() >= options_.waiting_max) return false;
  waiting_.push_back({std::move(work), std::move(reply), clock_.Monotonic()});
  wake_.notify_one();
  return true;
}

void QueryPool::Run(const std::stop_token& stop) {
  for (;;) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, stop, [this] { return !waiting_.empty(); });
    if (stop.stop_requested()) return;
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    std::move(next.reply)(next.work({next.asked, stop}));
  }
}

}  // namespace slowburn::serve::internal
