// base/periodic_task.h: something to do every so often, on a thread of its own.
//
// Room     base
// Uses     standard library
// Threads  made and destroyed by one thread; the task runs on its own
// Units    chrono
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>

namespace slowburn::base {

// Runs `task` at once and then again each `interval` after it returned, until it is destroyed,
// which waits for a run that is going on.
class PeriodicTask {
 public:
  PeriodicTask(std::chrono::milliseconds interval, std::function<void()> task);

 private:
  void Run(const std::stop_token& stop);

  const std::chrono::milliseconds interval_;
  const std::function<void()> task_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;
};

}  // namespace slowburn::base
