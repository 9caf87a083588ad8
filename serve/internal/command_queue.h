// serve/internal/reload_queue.h: reloads that were asked for, done one after another.
//
// Room     serve
// Uses     net/, serve/queries.h
// Threads  thread-safe; reloads run on a thread of its own, so that none holds up a server thread
// Units    none
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <stop_token>
#include <thread>

#include <absl/base/thread_annotations.h>

#include "net/route_table.h"
#include "serve/queries.h"

namespace slowburn::serve::internal {

// Ends with the reload that runs; those that still wait are dropped, which answers 503.
class ReloadQueue {
 public:
  static constexpr size_t kWaitingMax = 16;

  // `commands` must outlive the queue.
  explicit ReloadQueue(Commands& commands);

  // Answers once the reload is done: 200, or 400 with every line of the error. 503 at once when
  // kWaitingMax others wait.
  void Push(net::Reply reply);

 private:
  void Run(const std::stop_token& stop);

  Commands& commands_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<net::Reply> waiting_ ABSL_GUARDED_BY(mutex_);
  std::jthread thread_;  // Last: it uses all of the above.
};

}  // namespace slowburn::serve::internal
