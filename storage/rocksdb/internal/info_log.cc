#include "storage/rocksdb/internal/info_log.h"

#include <array>
#include <cstdio>
#include <utility>

#include "base/logging.h"

namespace slowburn::storage {
namespace {

constexpr size_t kMessageBytesMax = 1024;

}  // namespace

void InfoLog::Logv(const char* format, va_list arguments) {
  Logv(rocksdb::InfoLogLevel::INFO_LEVEL, format, arguments);
}

void InfoLog::Logv(rocksdb::InfoLogLevel level, const char* format, va_list arguments) {
  if (level < GetInfoLogLevel()) return;
  std::array<char, kMessageBytesMax> buffer{};
  if (std::vsnprintf(buffer.data(), buffer.size(), format, arguments) < 0) return;
  std::string text = buffer.data();
  while (!text.empty() && text.back() == '\n') text.pop_back();
  base::Log(level == rocksdb::InfoLogLevel::WARN_LEVEL ? base::LogLevel::kWarning
                                                       : base::LogLevel::kError,
            "rocksdb reports", {{"text", text}});
  absl::MutexLock lock(&mutex_);
  if (first_message_.empty()) first_message_ = std::move(text);
}

std::string InfoLog::first_message() const {
  absl::MutexLock lock(&mutex_);
  return first_message_;
}

}  // namespace slowburn::storage
