#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include <absl/base/thread_annotations.h>

#include "forward/send_queue.h"

namespace slowburn::forward {
namespace {

// The bound holds for waiting and popped payloads together: both are memory.
class MemoryQueue final : public SendQueue {
 public:
  explicit MemoryQueue(size_t bytes_max) : bytes_max_(bytes_max) {}

  std::vector<Payload> Push(Payload payload) override {
    std::vector<Payload> dropped;
    const std::lock_guard lock(mutex_);
    const size_t size = payload.bytes->size();
    // Popped payloads cannot be dropped, so what does not fit beside them does not fit at all.
    if (closed_ || size > bytes_max_ || pending_bytes_ - waiting_bytes_ > bytes_max_ - size) {
      dropped.push_back(std::move(payload));
      return dropped;
    }
    while (pending_bytes_ + size > bytes_max_) {
      waiting_bytes_ -= waiting_.front().bytes->size();
      Forget(waiting_.front());
      dropped.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    pending_items_ += payload.items;
    pending_bytes_ += size;
    waiting_bytes_ += size;
    waiting_.push_back(std::move(payload));
    changed_.notify_one();
    return dropped;
  }

  std::optional<Payload> Pop(std::chrono::steady_clock::time_point deadline) override {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, deadline, [&] { return closed_ || !waiting_.empty(); });
    if (closed_ || waiting_.empty()) return std::nullopt;
    Payload oldest = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= oldest.bytes->size();
    return oldest;
  }

  void Done(const Payload& payload) override {
    const std::lock_guard lock(mutex_);
    Forget(payload);
  }

  void Close() override {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

  uint64_t pending_items() const override {
    const std::lock_guard lock(mutex_);
    return pending_items_;
  }

  uint64_t pending_bytes() const override {
    const std::lock_guard lock(mutex_);
    return pending_bytes_;
  }

 private:
  void Forget(const Payload& payload) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    pending_items_ -= payload.items;
    pending_bytes_ -= payload.bytes->size();
  }

  const size_t bytes_max_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Payload> waiting_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t pending_items_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t pending_bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // waiting and popped
  uint64_t waiting_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace

std::unique_ptr<SendQueue> MakeMemoryQueue(size_t bytes_max) {
  return std::make_unique<MemoryQueue>(bytes_max);
}

}  // namespace slowburn::forward
