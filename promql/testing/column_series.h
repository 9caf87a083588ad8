// promql/testing/column_series.h: many series in plain columns, as fast as a reader can be.
//
// Room     promql/testing: tests and benchmarks only
// Uses     storage/api/
// Threads  read from any thread; fill it before
// Units    unix milliseconds
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "storage/api/series_reader.h"

namespace slowburn::promql::testing {

// Samples are copied out, as they would be from decoded chunks. Labels must be added in order.
class ColumnSeries : public storage::SeriesReader {
 public:
  struct Series {
    model::LabelSet labels;
    std::vector<double> values;                      // at the times of all
    std::vector<model::NativeHistogram> histograms;  // or else these
  };

  // All series are sampled at the same times.
  explicit ColumnSeries(std::vector<int64_t> times_ms) : times_ms_(std::move(times_ms)) {}
  void Add(Series series) { series_.push_back(std::move(series)); }

  std::unique_ptr<storage::SeriesSnapshot> TakeSnapshot(const storage::ReadLimits& limits,
                                                        std::stop_token stop) const override;

 private:
  std::vector<int64_t> times_ms_;
  std::vector<Series> series_;
};

}  // namespace slowburn::promql::testing
