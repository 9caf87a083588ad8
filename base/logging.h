// base/logging.h: one line per event: a fixed message, then key=value.
//
// Room     base
// Uses     spdlog
// Threads  thread-safe
// Units    in the key: bytes=, seconds=
//
//   base::Log(base::LogLevel::kInfo, "store opened", {{"path", path}, {"sequence", sequence}});
//   2026-11-21T10:00:00.000Z I app/server.cc:91 store opened path=slowburn-data sequence=42
#pragma once

#include <concepts>
#include <initializer_list>
#include <source_location>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace slowburn::base {

// Error: a person must act. Warning: it will be one. Info: state changes. Debug: off by default.
// Off is for SetLogLevel alone: no line is written.
enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };

// `key=value`; a value with spaces, quotes or control characters is quoted and escaped, so no input
// can forge a line.
struct LogField {
  template <typename T>
  LogField(std::string_view name, const T& content)
      : key(name), value(fmt::format("{}", content)) {}
  std::string_view key;
  std::string value;
};

void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {},
         std::source_location where = std::source_location::current());

// Lines below `level` are dropped. Default kInfo.
void SetLogLevel(LogLevel level);

// The text of a line without its time: what Log writes. For tests.
std::string FormatLogLine(LogLevel level, std::string_view message,
                          std::initializer_list<LogField> fields, std::source_location where);

}  // namespace slowburn::base
