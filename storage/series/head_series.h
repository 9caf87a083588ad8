// storage/series/head_series.h: a living series: its labels, its newest samples, and what planning
// and checkpoints note about it.
//
// Room     storage/series
// Uses     storage/series
// Threads  changed by the one writer under the lock of the store; see each part
// Units    unix milliseconds
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/series/head_column.h"

namespace slowburn::storage {

inline constexpr int64_t kNever = std::numeric_limits<int64_t>::min();

// What a writer knows a series by before it has built its labels: a hash of its raw bytes. Two
// writers may call one series by two keys.
struct SeriesKey {
  uint64_t high = 0;
  uint64_t low = 0;
  friend bool operator==(const SeriesKey&, const SeriesKey&) = default;
  template <typename H>
  friend H AbslHashValue(H hash, const SeriesKey& key) {
    return H::combine(std::move(hash), key.high, key.low);
  }
};

// Of the labels themselves.
SeriesKey KeyOfLabels(std::string_view packed_labels);

// The samples that are not in the store yet, and those of the last hour that may still get
// neighbours. A version of it that a snapshot sees is never changed again.
struct SeriesData {
  SeriesData() = default;
  SeriesData(const SeriesData& other)
      : floats(other.floats),
        histograms(other.histograms == nullptr
                       ? nullptr
                       : std::make_unique<HeadColumn<HistogramCodec>>(*other.histograms)),
        exemplars(other.exemplars == nullptr
                      ? nullptr
                      : std::make_unique<HeadColumn<ExemplarCodec>>(*other.exemplars)) {}
  SeriesData& operator=(const SeriesData&) = delete;

  uint64_t epoch = 0;  // when this version was made
  HeadColumn<FloatCodec> floats;
  std::unique_ptr<HeadColumn<HistogramCodec>> histograms;  // few series have any
  std::unique_ptr<HeadColumn<ExemplarCodec>> exemplars;

  bool empty() const {
    return floats.empty() && (histograms == nullptr || histograms->empty()) &&
           (exemplars == nullptr || exemplars->empty());
  }
  bool HasSamples(TimeRange range) const {
    return floats.Overlaps(range) || (histograms != nullptr && histograms->Overlaps(range));
  }
  size_t memory_bytes() const {
    return sizeof(*this) + floats.memory_bytes() +
           (histograms == nullptr ? 0 : sizeof(*histograms) + histograms->memory_bytes()) +
           (exemplars == nullptr ? 0 : sizeof(*exemplars) + exemplars->memory_bytes());
  }
};

// What a sample needs comes first: it is two lines of memory, kHotBytes.
struct alignas(64) HeadSeries {
  static constexpr size_t kHotBytes = 128;

  HeadSeries(uint64_t new_id, std::string labels)
      : key(KeyOfLabels(labels)), id(new_id), packed_labels(std::move(labels)) {}

  const SeriesKey key;  // of its labels
  const uint64_t id;

  // The versions, newest in `data`. shared: a snapshot reads one without the lock while the writer
  // goes on with a copy.
  std::shared_ptr<SeriesData> data = std::make_shared<SeriesData>();

  // --- of the writer alone
  int64_t newest_ms = kNever;          // of floats and histograms
  int64_t closed_through_ms = kNever;  // nothing at or before it is taken: it is in the store
  int64_t heard_ms = 0;                // when something was last taken, engine time

  // --- of the plan that is being made (plan_number says which)
  uint64_t plan_number = 0;
  int64_t plan_newest_ms = kNever;
  uint32_t plan_last = 0;  // its last sample in the plan, plus 1
  uint32_t plan_base = 0;  // the newest that an increment can be added to, plus 1
  int32_t plan_late = -1;  // its times in the plan, once one was late

  // --- of the writer alone
  bool is_dirty = true;        // the store does not have all of it
  bool is_registered = false;  // the store knows its labels
  bool is_closed = false;      // all of it is in the store: it may leave
  int64_t newest_exemplar_ms = kNever;
  uint64_t covered_sequence = 0;  // the store has what records up to here brought
  uint32_t posted_day = 0;        // the newest day whose postings have it, as far as known

  uint32_t slot = 0;
  uint32_t mark = 0;  // of whoever follows the plans of the writer; 0 until it sets one
  const std::string packed_labels;
  uint64_t created_epoch = 0;
  std::vector<std::shared_ptr<const SeriesData>> older;  // by epoch; those that snapshots may see
};

}  // namespace slowburn::storage
