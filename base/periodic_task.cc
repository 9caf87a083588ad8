#include "base/periodic_task.h"

namespace slowburn::base {

PeriodicTask::PeriodicTask(std::chrono::milliseconds interval, std::function<void()> task)
    : interval_(interval),
      task_(std::move(task)),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

void PeriodicTask::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    task_();
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, interval_, [] { return false; });
  }
}

}  // namespace slowburn::base
