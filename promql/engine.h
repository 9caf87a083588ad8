// promql/engine.h: a query in, its answer out.
//
// Room     promql
// Uses     base/, storage/api/, promql/
// Threads  thread-safe: a query has its own state and its own snapshot of the store
// Units    unix milliseconds; limits count what one query holds or reads
// Source   Prometheus 3, "Querying"
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include <absl/status/statusor.h>

#include "base/clock.h"
#include "promql/parser.h"
#include "promql/value.h"
#include "storage/api/series_reader.h"

namespace slowburn::promql {

struct EngineOptions {
  ParserOptions parser;
  std::chrono::milliseconds lookback = std::chrono::minutes(5);
  std::chrono::milliseconds subquery_step = std::chrono::minutes(1);  // of [5m:]
  std::chrono::milliseconds timeout = std::chrono::minutes(2);
  // Names go at the end of the query instead of at the function that drops them, so that
  // label_replace can still read them.
  bool delayed_name_removal = false;
  // __type__ and __unit__ go where the name goes.
  bool type_and_unit_labels = false;
  uint64_t steps_max = 1'000'000;  // of the query, and of each subquery
  // What it may read from the store. It does not hold that: a day of 10,000 series is 58 million
  // samples that go by one series at a time, so these are above the store's own defaults.
  storage::ReadLimits read = {.samples = 1'000'000'000, .bytes = uint64_t{16} << 30};
  // Of columns that it holds at one time. Besides, a quarter of it of samples that it wants again.
  uint64_t memory_bytes_max = uint64_t{2} << 30;
  uint32_t threads = 1;  // that one query may use
};

struct InstantQuery {
  std::string text;
  int64_t time_ms = 0;
  std::optional<std::chrono::milliseconds> lookback;  // instead of the engine's
  bool counts_samples = false;                        // it then takes longer
};

struct RangeQuery {
  std::string text;
  int64_t start_ms = 0;
  int64_t end_ms = 0;  // inclusive
  int64_t step_ms = 0;
  std::optional<std::chrono::milliseconds> lookback;
  bool counts_samples = false;
};

// Errors are in Prometheus' words:
// kInvalidArgument    the query is no PromQL, or not of a type that can be asked over a range
// kFailedPrecondition it cannot be evaluated over these data: many-to-many matching, ...
// kResourceExhausted  over a limit, which the message names
// kDeadlineExceeded   it took longer than the timeout
// kCancelled          the client has gone
// kDataLoss           from the store
class Engine {
 public:
  // `clock` must outlive the engine.
  Engine(const EngineOptions& options, const base::Clock& clock)
      : options_(options), clock_(clock) {}

  absl::StatusOr<QueryResult> Instant(const storage::SeriesReader& reader,
                                      const InstantQuery& query, std::stop_token stop = {}) const;
  absl::StatusOr<QueryResult> Range(const storage::SeriesReader& reader, const RangeQuery& query,
                                    std::stop_token stop = {}) const;

  const EngineOptions& options() const { return options_; }

 private:
  EngineOptions options_;
  const base::Clock& clock_;
};

}  // namespace slowburn::promql
