#include "base/logging.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace slowburn::base {
namespace {

spdlog::logger& Logger() {
  // Lives as long as the process: threads may log while statics are destroyed.
  static spdlog::logger* const logger = [] {
    auto* made = new spdlog::logger("slowburn", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_formatter(std::make_unique<spdlog::pattern_formatter>(
        "%Y-%m-%dT%H:%M:%S.%eZ %v", spdlog::pattern_time_type::utc));
    made->flush_on(spdlog::level::info);
    return made;
  }();
  return *logger;
}

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      return spdlog::level::off;
  }
  return spdlog::level::err;
}

// "app/server.cc" of "/anywhere/app/server.cc": the room and the file.
std::string_view RoomAndFile(std::string_view path) {
  const size_t file = path.rfind('/');
  if (file == std::string_view::npos || file == 0) return path;
  const size_t room = path.rfind('/', file - 1);
  return room == std::string_view::npos ? path : path.substr(room + 1);
}

bool IsPlain(std::string_view value) {
  if (value.empty()) return false;
  for (const char c : value) {
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f) return false;
  }
  return true;
}

void AppendValue(std::string& line, std::string_view value) {
  if (IsPlain(value)) {
    line += value;
    return;
  }
  line += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) {
      line += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      line += c;
    }
  }
  line += '"';
}

}  // namespace

std::string FormatLogLine(LogLevel level, std::string_view message,
                          std::initializer_list<LogField> fields, std::source_location where) {
  std::string line = fmt::format("{} {}:{} {}", "DIWE"[static_cast<int>(level)],
                                 RoomAndFile(where.file_name()), where.line(), message);
  for (const LogField& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    AppendValue(line, field.value);
  }
  return line;
}

void Log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields,
         std::source_location where) {
  if (!Logger().should_log(ToSpdlog(level))) return;
  Logger().log(ToSpdlog(level), FormatLogLine(level, message, fields, where));
}

void SetLogLevel(LogLevel level) { Logger().set_level(ToSpdlog(level)); }

}  // namespace slowburn::base
