// serve/internal/command_queue.h: commands that were asked for, done one after another.
//
// Room     serve
// Uses     net/
// Threads  thread-safe; commands run on a thread of its own, so that none holds up a server thread
// Units    none
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

#include <absl/base/thread_annotations.h>

#include "net/route_table.h"

namespace slowburn::serve::internal {

// Ends with the command that runs; those that still wait are dropped, which answers 503.
class CommandQueue {
 public:
  using Command = std::function<net::HttpResponse()>;
  static constexpr size_t kWaitingMax = 16;

  CommandQueue();

  // Answers what `command` returns, once it is done. 503 at once when kWaitingMax others wait.
  void Push(Command command, net::Reply reply);

 private:
  struct Waiting {
    Command command;
    net::Reply reply;
  };

  void Run(const std::stop_token& stop);

  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<Waiting> waiting_ ABSL_GUARDED_BY(mutex_);
  std::jthread thread_;  // Last: it uses all of the above.
};

}  // namespace slowburn::serve::internal
