// storage/api/series_reader.h: time series as who asks sees them: which there are, and their
// samples.
//
// Room     storage/api: the interface. Nothing here knows how series are kept
// Uses     base/, model/
// Threads  SeriesReader: any thread. A SeriesSnapshot: any number of threads at once
// Units    times are unix milliseconds; ranges are [begin, end); limits count what one snapshot
// gave Source   Prometheus data model; HTTP API (metadata, exemplars, status/tsdb)
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "model/label_matcher.h"
#include "model/label_set.h"
#include "model/native_histogram.h"

namespace slowburn::storage {

struct TimeRange {
  int64_t begin_ms = std::numeric_limits<int64_t>::min();
  int64_t end_ms = std::numeric_limits<int64_t>::max();
};

// Of one query, all its selections together. What is over them fails with kResourceExhausted, which
// says which limit and how much.
struct ReadLimits {
  uint64_t series = 1'000'000;
  uint64_t samples = 50'000'000;  // a native histogram counts its buckets
  uint64_t bytes = uint64_t{1} << 30;
};

// All of them must hold; a series that has not the label has "" for it.
using Matchers = std::vector<model::LabelMatcher>;

struct SelectedSeries {
  uint64_t id = 0;                          // what ReadSamples takes; newer series have larger ones
  const model::LabelSet* labels = nullptr;  // with __name__; lives as long as the snapshot
};

// The samples of one series in the order of time, floats and histograms apart: no time is in both.
// Stale markers are among them. Reuse it for the next series (ReadSamples clears it first and keeps
// the memory).
struct SampleColumns {
  std::vector<int64_t> times_ms;
  std::vector<double> values;  // parallel to times_ms
  std::vector<int64_t> histogram_times_ms;
  std::vector<model::NativeHistogram> histograms;  // parallel to histogram_times_ms

  void Clear() {
    times_ms.clear();
    values.clear();
    histogram_times_ms.clear();
    histograms.clear();
  }
};

struct MetricMetadata {
  std::string metric;
  std::string type;  // counter, gauge, histogram, summary, info, stateset, unknown
  std::string help;
  std::string unit;
};

struct SeriesExemplar {
  model::LabelSet labels;
  int64_t time_ms = 0;
  double value = 0;
};

struct SeriesExemplars {
  const model::LabelSet* series = nullptr;
  std::vector<SeriesExemplar> exemplars;  // in the order of time
};

struct NamedCount {
  std::string name;
  uint64_t count = 0;
};

// How much is held now, for status/tsdb: the largest first.
struct SeriesStatistics {
  uint64_t series = 0;
  uint64_t chunks = 0;
  int64_t min_time_ms = 0;  // 0, 0: nothing is held
  int64_t max_time_ms = 0;
  std::vector<NamedCount> series_by_metric;
  std::vector<NamedCount> values_by_label;
  std::vector<NamedCount> bytes_by_label;
  std::vector<NamedCount> series_by_label_value;  // "job=api"
};

// What the store held at one moment; later writes do not change it. Destroy it soon: it holds old
// versions back. Every call may also fail with kCancelled once its stop was requested, and with
// kDataLoss, which names file and range, where stored bytes are wrong.
class SeriesSnapshot {
 public:
  virtual ~SeriesSnapshot() = default;

  // The series that match and have samples in the range (or may have: days are the finest grain
  // that is promised), sorted by labels.
  virtual absl::StatusOr<std::vector<SelectedSeries>> Select(const Matchers& matchers,
                                                             TimeRange range) const = 0;
  // The samples of a selected series in the range.
  virtual absl::Status ReadSamples(uint64_t id, TimeRange range, SampleColumns& samples) const = 0;

  // Sorted; of series that match all of `matchers` (none: of every series), at most `limit`
  // (0: all).
  virtual absl::StatusOr<std::vector<std::string>> LabelNames(const Matchers& matchers,
                                                              TimeRange range,
                                                              uint64_t limit) const = 0;
  virtual absl::StatusOr<std::vector<std::string>> LabelValues(std::string_view name,
                                                               const Matchers& matchers,
                                                               TimeRange range,
                                                               uint64_t limit) const = 0;

  // Sorted by metric; "" asks for every metric. One metric may have several.
  virtual absl::StatusOr<std::vector<MetricMetadata>> Metadata(std::string_view metric) const = 0;
  // Of the series that match, those that have any in the range, sorted by labels.
  virtual absl::StatusOr<std::vector<SeriesExemplars>> Exemplars(const Matchers& matchers,
                                                                 TimeRange range) const = 0;
  virtual absl::StatusOr<SeriesStatistics> Statistics(uint64_t top) const = 0;
};

class SeriesReader {
 public:
  virtual ~SeriesReader() = default;
  virtual std::unique_ptr<SeriesSnapshot> TakeSnapshot(const ReadLimits& limits,
                                                       std::stop_token stop) const = 0;
};

}  // namespace slowburn::storage
