// storage/series/series_records.h: what the family `series` holds beside keys.
//
// Room     storage/series: pure functions
// Uses     base/, storage/api
// Threads  values
// Units    unix milliseconds; INT64_MIN: never
// Source   docs/format/series.md
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "storage/api/series_reader.h"

namespace slowburn::storage {

// The end of what the store has of a series, as of a record of the log.
struct SeriesCover {
  uint64_t sequence = 0;
  int64_t samples_through_ms = std::numeric_limits<int64_t>::min();
  int64_t exemplars_through_ms = std::numeric_limits<int64_t>::min();
  friend bool operator==(const SeriesCover&, const SeriesCover&) = default;
};

// A series that the store knows. `cover` is right for one that has left the head.
struct SeriesRecord {
  SeriesCover cover;
  std::string packed_labels;
};

// The samples of a living series that are in no chunk yet, of each kind blocks one after the other,
// each a string (internal/bytes.h) as HeadColumn::AppendBlocks writes it.
struct OpenSeries {
  SeriesCover cover;
  int64_t floats_sealed_through_ms = std::numeric_limits<int64_t>::min();
  int64_t histograms_sealed_through_ms = std::numeric_limits<int64_t>::min();
  std::string floats;
  std::string histograms;
  std::string exemplars;
  bool has_kinds = true;  // false: it is of format 1, and its blocks are all hot and do not say so
};

// What one day has in chunks.
struct DaySummary {
  uint64_t chunks = 0;
  uint64_t samples = 0;
  uint64_t bytes = 0;  // chunks and postings, keys included
  int64_t min_time_ms = std::numeric_limits<int64_t>::max();
  int64_t max_time_ms = std::numeric_limits<int64_t>::min();
};

struct SeriesState {
  uint64_t next_id = 1;           // no series had an id from here on
  uint64_t covered_sequence = 0;  // records up to here are not needed any more
};

std::string EncodeSeriesRecord(const SeriesRecord& record);
std::string EncodeOpenSeries(const OpenSeries& open);  // always of the newest format
std::string EncodeDaySummary(const DaySummary& day);
std::string EncodeSeriesState(const SeriesState& state);
std::string EncodeSeriesIds(const std::vector<uint64_t>& ids);
std::string EncodeMetadata(const std::vector<MetricMetadata>& metadata);  // of one metric

// kDataLoss for other bytes.
absl::StatusOr<SeriesRecord> DecodeSeriesRecord(std::string_view bytes);
absl::StatusOr<OpenSeries> DecodeOpenSeries(std::string_view bytes);
absl::StatusOr<DaySummary> DecodeDaySummary(std::string_view bytes);
absl::StatusOr<SeriesState> DecodeSeriesState(std::string_view bytes);
absl::StatusOr<std::vector<uint64_t>> DecodeSeriesIds(std::string_view bytes);
absl::StatusOr<std::vector<MetricMetadata>> DecodeMetadata(std::string_view metric,
                                                           std::string_view bytes);

}  // namespace slowburn::storage
