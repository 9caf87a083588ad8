// storage/rocksdb/testing/recovery_listener.h: tells a test when RocksDB has overcome a full disk.
//
// Room     storage/rocksdb, tests only
// Uses     RocksDB
// Threads  thread-safe
// Units    none
#pragma once

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/time.h>
#include <rocksdb/listener.h>

namespace slowburn::storage {

class RecoveryListener final : public rocksdb::EventListener {
 public:
  void OnErrorRecoveryEnd(const rocksdb::BackgroundErrorRecoveryInfo& info) override {
    absl::MutexLock lock(&mutex_);
    if (info.new_bg_error.ok()) ++recovered_;
  }
  // That it has done so for the `times`th time. It looks for space every 5 s.
  bool Await(int times) {
    absl::MutexLock lock(&mutex_);
    const auto reached = [&] { return recovered_ >= times; };
    return mutex_.AwaitWithTimeout(absl::Condition(&reached), absl::Seconds(60));
  }

 private:
  absl::Mutex mutex_;
  int recovered_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace slowburn::storage
