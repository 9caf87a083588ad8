#include "net/internal/open_count.h"

namespace slowburn::net::internal {

void OpenCount::Add() {
  const std::lock_guard lock(mutex_);
  ++open_;
}

void OpenCount::Remove() {
  const std::lock_guard lock(mutex_);
  if (--open_ == 0) none_.notify_all();
}

bool OpenCount::WaitForNone(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return none_.wait_for(lock, timeout, [this] { return open_ == 0; });
}

}  // namespace slowburn::net::internal
