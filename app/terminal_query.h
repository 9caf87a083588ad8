// app/terminal_query.h: a PromQL query as the command line words it, and its two ways to an answer:
// a server's API, or series at hand.
//
// Room     app
// Uses     promql/, serve/, storage/api
// Threads  pure functions
// Units    chrono
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include <absl/status/statusor.h>

#include "base/clock.h"
#include "storage/api/series_reader.h"

namespace slowburn::app {

// Empty: not given.
struct TerminalWords {
  std::string query;
  std::string time;   // "1700000000", RFC 3339
  std::string range;  // "1h"
  std::string step;
};

struct TerminalQuery {
  std::string text;
  std::optional<base::UnixNanos> time;            // when, or where the range ends; nothing: now
  std::optional<std::chrono::nanoseconds> range;  // nothing: an instant query
  std::chrono::nanoseconds step{0};               // of the range
};

// Without a step, one that gives about `points` of them, at least a second. kInvalidArgument says
// which word is wrong.
absl::StatusOr<TerminalQuery> ReadTerminalQuery(const TerminalWords& words, size_t points);

// "/api/v1/query?query=...", with which the server of the API is asked.
std::string ApiPathOf(const TerminalQuery& query, base::UnixNanos now);

// What that server would answer if it had these series. Without a time `newest` stands for now. The
// codes and words of an error are the engine's.
absl::StatusOr<std::string> AnswerFrom(const storage::SeriesReader& series,
                                       const TerminalQuery& query, base::UnixNanos newest,
                                       const base::Clock& clock);

}  // namespace slowburn::app
