// storage/series/head_snapshot.h: a SeriesSnapshot over head and store, both as of one moment.
//
// Room     storage/series
// Uses     storage/api, storage/series
// Threads  any number of threads at once
// Units    unix milliseconds
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>

#include "storage/api/series_keys.h"
#include "storage/api/series_reader.h"
#include "storage/api/store.h"
#include "storage/series/head_state.h"
#include "storage/series/postings.h"

namespace slowburn::storage {

class HeadSnapshot final : public SeriesSnapshot {
 public:
  // `state` must outlive it.
  HeadSnapshot(HeadState& state, const ReadLimits& limits, std::stop_token stop);
  ~HeadSnapshot() override;
  HeadSnapshot(const HeadSnapshot&) = delete;
  HeadSnapshot& operator=(const HeadSnapshot&) = delete;

  absl::StatusOr<std::vector<SelectedSeries>> Select(const Matchers& matchers,
                                                     TimeRange range) const override;
  absl::Status ReadSamples(uint64_t id, TimeRange range, SampleColumns& samples) const override;
  absl::StatusOr<std::vector<std::string>> LabelNames(const Matchers& matchers, TimeRange range,
                                                      uint64_t limit) const override;
  absl::StatusOr<std::vector<std::string>> LabelValues(std::string_view name,
                                                       const Matchers& matchers, TimeRange range,
                                                       uint64_t limit) const override;
  absl::StatusOr<std::vector<MetricMetadata>> Metadata(std::string_view metric) const override;
  absl::StatusOr<std::vector<SeriesExemplars>> Exemplars(const Matchers& matchers,
                                                         TimeRange range) const override;
  absl::StatusOr<SeriesStatistics> Statistics(uint64_t top) const override;

 private:
  using Found = std::map<uint64_t, const model::LabelSet*>;  // by id

  absl::Status CheckStop() const;
  absl::Status Charge(std::atomic<uint64_t>& used, uint64_t more, uint64_t limit,
                      std::string_view what) const;
  std::vector<uint32_t> DaysIn(TimeRange range) const;
  const model::LabelSet* Keep(uint64_t id, std::string_view packed_labels) const;
  absl::Status FindInHead(const Matchers& matchers, TimeRange range, Found& found) const;
  absl::Status FindInDay(const Matchers& matchers, uint32_t day, Found& found) const;
  std::shared_ptr<const SeriesData> Version(uint64_t id) const;
  template <typename Codec>
  absl::Status ReadChunks(uint64_t id, ChunkKey::Kind kind, TimeRange range,
                          std::vector<int64_t>& times_ms,
                          std::vector<typename Codec::Value>& values) const;
  template <typename Codec>
  absl::Status ReadColumn(uint64_t id, ChunkKey::Kind kind, const HeadColumn<Codec>* head,
                          TimeRange range, std::vector<int64_t>& times_ms,
                          std::vector<typename Codec::Value>& values) const;
  absl::Status HeadNames(TimeRange range, std::vector<std::string>& names) const;
  // Each value of the label that a series has which the snapshot sees, until `visit` returns false.
  absl::Status VisitHeadValues(std::string_view name, TimeRange range,
                               const std::function<bool(const std::string& value)>& visit) const;
  bool AnyVisible(const internal::SlotSet& set, TimeRange range) const;

  HeadState& state_;
  const ReadLimits limits_;
  const std::stop_token stop_;
  uint64_t epoch_ = 0;
  std::unique_ptr<Snapshot> stored_;
  std::map<uint32_t, DaySummary> days_;
  // shared: later writes make another.
  std::shared_ptr<const MetadataBook> metadata_;

  mutable std::atomic<uint64_t> series_used_{0};
  mutable std::atomic<uint64_t> samples_used_{0};
  mutable std::atomic<uint64_t> bytes_used_{0};
  mutable absl::Mutex kept_mutex_;
  // By id: a query that selects a series twice holds its labels once. Its nodes do not move.
  mutable std::unordered_map<uint64_t, model::LabelSet> kept_ ABSL_GUARDED_BY(kept_mutex_);
};

}  // namespace slowburn::storage
