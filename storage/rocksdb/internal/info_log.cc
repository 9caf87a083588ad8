#include "storage/rocksdb/internal/info_log.h"

#include <array>
#include <cstdio>
#include <utility>

#include "base/logging.h"

namespace slowburn::storage {
namespace {

constexpr size_t kMessageBytesMax = 1024;
constexpr size_t kMessagesMax = 100;

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
  // What a backup does and undoes; of no interest to anybody.
  if (text.find("File Deletions") != std::string::npos) return;
  base::Log(level == rocksdb::InfoLogLevel::WARN_LEVEL ? base::LogLevel::kWarning
                                                       : base::LogLevel::kError,
            "rocksdb reports", {{"text", text}});
  absl::MutexLock lock(&mutex_);
  if (messages_.size() < kMessagesMax) messages_.push_back(std::move(text));
}

std::string InfoLog::first_message() const {
  absl::MutexLock lock(&mutex_);
  return messages_.empty() ? std::string() : messages_.front();
}

std::string InfoLog::FirstWith(std::string_view words) const {
  absl::MutexLock lock(&mutex_);
  for (const std::string& message : messages_) {
    if (message.find(words) != std::string::npos) return message;
  }
  return {};
}

}  // namespace slowburn::storage
