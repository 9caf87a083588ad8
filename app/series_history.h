// app/series_history.h: what SLIs on metrics can know of the past: the series of the store.
//
// Room     app
// Uses     slo/ (whose interface it is), storage/api
// Threads  one thread at a time
// Units    unix nanoseconds
// Source   docs/metrics_sli.md, "The past"
#pragma once

#include <cstdint>
#include <stop_token>
#include <utility>

#include "slo/metric_history.h"
#include "storage/api/series_reader.h"

namespace slowburn::app {

// Floats; the end of a series is no sample. Each Read sees the store as it is then, and keeps one
// series in memory at a time. kResourceExhausted over the limits of a read.
class SeriesHistory final : public slo::MetricHistory {
 public:
  // `reader` must outlive it.
  SeriesHistory(const storage::SeriesReader& reader, const storage::ReadLimits& limits,
                std::stop_token stop)
      : reader_(reader), limits_(limits), stop_(std::move(stop)) {}

  absl::Status Read(const model::SeriesSelector& selector, uint64_t from, uint64_t to,
                    const Visit& visit) const override;

 private:
  const storage::SeriesReader& reader_;
  const storage::ReadLimits limits_;
  const std::stop_token stop_;
};

}  // namespace slowburn::app
