// net/internal/open_count.h: how many coroutines a server has running, and waiting for them to end.
//
// Room     net/internal
// Uses     standard library
// Threads  thread-safe
// Units    chrono
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>

#include <absl/base/thread_annotations.h>

namespace slowburn::net::internal {

class OpenCount {
 public:
  void Add();
  void Remove();
  // False once `timeout` has passed.
  bool WaitForNone(std::chrono::milliseconds timeout);

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  size_t open_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace slowburn::net::internal
