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

bool QueryPool::PushJob(absl::FunctionRef<Job()> make, std::stop_token gone) {
  std::deque<Waiting> unwanted;  // Dropped without the lock: a reply may do anything.
  const std::lock_guard lock(mutex_);
  if (waiting_.size() >= options_.waiting_max) DropUnwanted(unwanted);
  if (waiting_.size() >= options_.waiting_max) return false;
  waiting_.push_back({make(), clock_.Monotonic(), std::move(gone)});
  wake_.notify_one();
  return true;
}

void QueryPool::GoOn(Job job) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back({std::move(job), clock_.Monotonic(), {}});
  wake_.notify_one();
}

void QueryPool::Run(const std::stop_token& stop) {
  for (;;) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, stop, [this] { return !waiting_.empty(); });
    if (stop.stop_requested()) return;
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    if (next.gone.stop_requested()) continue;
    std::stop_source unwanted;
    const auto cancel = [&unwanted] { unwanted.request_stop(); };
    const std::stop_callback at_end(stop, cancel);
    const std::stop_callback when_gone(next.gone, cancel);
    next.job({next.asked, unwanted.get_token()});
  }
}

void QueryPool::DropUnwanted(std::deque<Waiting>& unwanted) {
  std::deque<Waiting> wanted;
  for (Waiting& one : waiting_)
    (one.gone.stop_requested() ? unwanted : wanted).push_back(std::move(one));
  waiting_ = std::move(wanted);
}

}  // namespace slowburn::serve::internal
