#include "app/terminal_query.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/duration_text.h"
#include "base/status.h"
#include "base/time_text.h"
#include "net/http_message.h"
#include "promql/engine.h"
#include "serve/query_answer.h"

namespace slowburn::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr int64_t kPointsMax = 11'000;  // of a series, as the API

int64_t Millis(base::UnixNanos time) {
  return std::chrono::floor<milliseconds>(time).time_since_epoch().count();
}

absl::StatusOr<nanoseconds> ReadLength(const std::string& word, const char* option) {
  const absl::StatusOr<nanoseconds> length = base::ParseDuration(word);
  if (!length.ok()) return base::Annotate(length.status(), option);
  if (*length < milliseconds(1))
    return base::InvalidArgument("{}: '{}' is less than 1ms; write 30s", option, word);
  return length;
}

absl::StatusOr<promql::QueryResult> Evaluate(const promql::Engine& engine,
                                             const storage::SeriesReader& series,
                                             const TerminalQuery& query, base::UnixNanos end) {
  if (!query.range.has_value())
    return engine.Instant(series, {.text = query.text, .time_ms = Millis(end)});
  return engine.Range(series, {.text = query.text,
                               .start_ms = Millis(end - *query.range),
                               .end_ms = Millis(end),
                               .step_ms = std::chrono::floor<milliseconds>(query.step).count()});
}

}  // namespace

absl::StatusOr<TerminalQuery> ReadTerminalQuery(const TerminalWords& words, size_t points) {
  TerminalQuery query{.text = words.query};
  if (!words.time.empty()) {
    const absl::StatusOr<base::UnixNanos> time = base::ParseTime(words.time);
    if (!time.ok()) return base::Annotate(time.status(), "--time");
    query.time = *time;
  }
  if (words.range.empty()) return query;
  SB_ASSIGN_OR_RETURN(query.range, ReadLength(words.range, "--range"));
  const auto wanted =
      std::chrono::ceil<seconds>(*query.range / static_cast<int64_t>(std::max<size_t>(points, 1)));
  query.step = std::max(wanted, seconds(1));
  if (!words.step.empty()) {
    SB_ASSIGN_OR_RETURN(query.step, ReadLength(words.step, "--step"));
  }
  if (*query.range / query.step > kPointsMax) {
    return base::InvalidArgument(
        "--step: {} in {} are more than {} points; write at least {}",
        base::FormatDuration(query.step), base::FormatDuration(*query.range), kPointsMax,
        base::FormatDuration(std::chrono::ceil<seconds>(*query.range / kPointsMax)));
  }
  return query;
}

std::string ApiPathOf(const TerminalQuery& query, base::UnixNanos now) {
  const std::string text = net::PercentEncode(query.text);
  if (!query.range.has_value()) {
    std::string path = "/api/v1/query?query=" + text;
    if (query.time.has_value()) path += fmt::format("&time={:.3f}", base::UnixSeconds(*query.time));
    return path;
  }
  const base::UnixNanos end = query.time.value_or(now);
  return fmt::format("/api/v1/query_range?query={}&start={:.3f}&end={:.3f}&step={}", text,
                     base::UnixSeconds(end - *query.range), base::UnixSeconds(end),
                     net::PercentEncode(base::FormatDuration(query.step)));
}

absl::StatusOr<std::string> AnswerFrom(const storage::SeriesReader& series,
                                       const TerminalQuery& query, base::UnixNanos newest,
                                       const base::Clock& clock) {
  SB_ASSIGN_OR_RETURN(
      const promql::QueryResult result,
      Evaluate(promql::Engine({}, clock), series, query, query.time.value_or(newest)));
  return serve::QueryAnswerJson(result);
}

}  // namespace slowburn::app
