// serve/internal/api_parameters.h: what a request to Prometheus' API asks for, read as Prometheus
// reads it.
//
// Room     serve
// Uses     base/, net/, promql/, storage/api/
// Threads  immutable once made
// Units    unix milliseconds
// Source   Prometheus 3, "HTTP API"
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>

#include "net/http_message.h"
#include "storage/api/series_reader.h"

namespace slowburn::serve::internal {

// "MinTime" and "MaxTime": what labels and series are asked about where nothing is said. 285,000
// years either way, as far as the engine goes.
inline constexpr int64_t kMinTimeMs = -9'000'000'000'000'000;
inline constexpr int64_t kMaxTimeMs = 9'000'000'000'000'000;

// Values of the form in the body, then those of the URL. kInvalidArgument always begins with the
// parameter's name, as Prometheus has it: `invalid parameter "step": cannot parse "x" to a valid
// duration`.
class ApiParameters {
 public:
  explicit ApiParameters(const net::HttpRequest& request);

  // The first value, "" where there is none.
  std::string_view First(std::string_view name) const;
  std::vector<std::string_view> All(std::string_view name) const;
  // A segment of the path, percent-decoded.
  std::string_view Path(std::string_view name) const;

  absl::StatusOr<int64_t> TimeMs(std::string_view name, int64_t otherwise) const;
  // As query_range has it: no time is no valid timestamp.
  absl::StatusOr<int64_t> NeededTimeMs(std::string_view name) const;
  absl::StatusOr<std::chrono::milliseconds> Duration(std::string_view name) const;
  // 0: without limit.
  absl::StatusOr<uint64_t> Limit() const;
  // start and end, both inclusive, as storage has it.
  absl::StatusOr<storage::TimeRange> Range() const;
  // One for each match[]; none where there is none.
  absl::StatusOr<std::vector<storage::Matchers>> Matchers() const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
  std::vector<std::pair<std::string, std::string>> path_;
};

// `invalid parameter "query": ...`
absl::Status InvalidParameter(std::string_view name, const absl::Status& status);

// 1435781451.781 or 2015-07-01T20:10:51.781Z.
absl::StatusOr<int64_t> ParseApiTime(std::string_view text);
// 15, 0.5 or 1m30s.
absl::StatusOr<std::chrono::milliseconds> ParseApiDuration(std::string_view text);
// What escapes a name that is not of letters, digits and underscores: U__http_2e_method is
// http.method. As it is where it is no such name.
std::string UnescapedLabelName(std::string_view name);

// The series that any of the `sets` selects, each once, sorted by labels.
absl::StatusOr<std::vector<storage::SelectedSeries>> SelectAny(
    const storage::SeriesSnapshot& snapshot, const std::vector<storage::Matchers>& sets,
    storage::TimeRange range);

}  // namespace slowburn::serve::internal
