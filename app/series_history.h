// app/series_history.h: what SLIs on metrics can know of the past: the series of the store.
//
// Room     app
// Uses     slo/ (whose interface it is), storage/api
// Threads  one thread at a time
// Units    unix nanoseconds
// Source   docs/metrics_sli.md, "The past"
#pragma once

#include <cstdint>

#include "slo/metric_history.h"
#include "storage/api/series_reader.h"

namespace slowburn::app {

// Sees the store as the snapshot does, and keeps one series in memory at a time.
class SeriesHistory final : public slo::MetricHistory {
 public:
  // `snapshot` must outlive it. Series with this id and later ones are passed over.
  explicit SeriesHistory(const storage::SeriesSnapshot& snapshot, uint64_t series_end = UINT64_MAX)
      : snapshot_(snapshot), series_end_(series_end) {}

  absl::Status Read(const model::SeriesSelector& selector, const Stretch& stretch,
                    const Visit& visit) const override;

 private:
  struct Columns;
  absl::Status ReadSeries(uint64_t id, const Stretch& stretch, Columns& columns) const;
  void ReadBefore(uint64_t id, const Stretch& stretch, Columns& columns) const;

  const storage::SeriesSnapshot& snapshot_;
  const uint64_t series_end_;
};

}  // namespace slowburn::app
