// storage/series/head_state.h: what planning, applying, checkpoints and queries share: the head,
// and what is known about the store.
//
// Room     storage/series
// Uses     storage/api, storage/series, Abseil
// Threads  the one writer changes it under `mutex`, and may read it without; all others read it
// under `mutex` Units    unix milliseconds, bytes
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/synchronization/mutex.h>

#include "storage/api/store.h"
#include "storage/series/head.h"
#include "storage/series/sample_fate.h"
#include "storage/series/series_records.h"

namespace slowburn::storage {

struct SeriesOptions {
  // --- limits
  uint64_t series_max = 2'000'000;               // living ones
  uint64_t label_bytes_max = uint64_t{1} << 30;  // of all of them together, names and values
  size_t labels_max = 64;                        // of one series
  size_t name_bytes_max = 512;
  size_t value_bytes_max = 4096;
  size_t metrics_max = 100'000;                                    // that have metadata
  size_t metadata_bytes_max = 8 << 10;                             // of one
  std::chrono::milliseconds late_max = std::chrono::hours(1);      // behind a series' newest
  std::chrono::milliseconds ahead_max = std::chrono::minutes(10);  // of now
  std::chrono::milliseconds silence_max = std::chrono::hours(2);   // then it leaves the head
  // --- retention, by whole days
  std::chrono::milliseconds retention = std::chrono::hours(400 * 24);
  uint64_t retention_bytes = 0;  // of chunks and postings; 0: no limit
  // --- checkpoints: one round over all series in this time, or in so much log: as much as the
  // round before wrote of open series, within these bounds. A restart replays at most two rounds
  std::chrono::milliseconds round = std::chrono::minutes(5);
  uint64_t round_log_bytes_min = 16 << 20;
  uint64_t round_log_bytes_max = 128 << 20;
  // What came in so long is next to nothing of what waits in the log: the round is ended at once.
  std::chrono::milliseconds quiet = std::chrono::seconds(5);
  // One call's part of a round, which holds up commits; thirty-two times as much where none
  // come.
  size_t slice_series_max = 128;
  size_t slice_bytes_max = 128 << 10;
  size_t slice_samples_max = 16 << 10;  // that are packed anew
  size_t chunk_samples = 1024;
};

using MetadataBook = std::map<std::string, std::vector<MetricMetadata>, std::less<>>;

struct HeadState {
  HeadState(SeriesOptions new_options, const Store& new_store)
      : options(new_options), store(new_store) {}

  const SeriesOptions options;
  const Store& store;
  mutable absl::Mutex mutex;

  Head head;
  SeriesState known;                    // of ids and the log
  std::map<uint32_t, DaySummary> days;  // that have chunks
  // shared: a snapshot keeps the one it began with.
  std::shared_ptr<const MetadataBook> metadata = std::make_shared<MetadataBook>();
  std::vector<std::string> changed_metadata;  // metrics, since the last checkpoint
  uint64_t plans = 0;
  uint64_t log_bytes = 0;  // of parts that were applied, ever
  uint64_t log_bytes_covered = 0;
  WriteCounts counts;
};

// A series that the store knows by these labels, or nothing.
struct KnownSeries {
  uint64_t id = 0;
  SeriesCover cover;
};
absl::StatusOr<std::optional<KnownSeries>> FindInStore(const Store& store,
                                                       std::string_view packed_labels);

}  // namespace slowburn::storage
