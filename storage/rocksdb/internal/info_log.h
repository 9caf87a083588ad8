// storage/rocksdb/internal/info_log.h: RocksDB's own messages, as lines of our log.
//
// Room     storage/rocksdb, private
// Uses     base/, RocksDB
// Threads  thread-safe
// Units    none
//
// Instead of RocksDB's file db/LOG: on a full disk that file meets the error too, and the next
// message aborts the process (an assertion that Debian's build of 7.8 has on).
#pragma once

#include <cstdarg>
#include <string>
#include <string_view>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>
#include <rocksdb/env.h>

namespace slowburn::storage {

// Warnings and worse; everything below is dropped.
class InfoLog final : public rocksdb::Logger {
 public:
  InfoLog() : Logger(rocksdb::InfoLogLevel::WARN_LEVEL) {}

  using Logger::Logv;
  void Logv(const char* format, va_list arguments) override;
  void Logv(rocksdb::InfoLogLevel level, const char* format, va_list arguments) override;
  void LogHeader(const char* /*format*/, va_list /*arguments*/) override {}

  // The first message: it names the file and the place where an open's status does not. Empty:
  // none.
  std::string first_message() const;
  // The first that has `words` in it; empty: none of those that were kept.
  std::string FirstWith(std::string_view words) const;

 private:
  mutable absl::Mutex mutex_;
  std::vector<std::string> messages_ ABSL_GUARDED_BY(mutex_);  // the first 100
};

}  // namespace slowburn::storage
