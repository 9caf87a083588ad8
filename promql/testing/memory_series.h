// promql/testing/memory_series.h: series that a test writes down, behind the reader's interface.
//
// Room     promql/testing: tests only
// Uses     model/, storage/api/
// Threads  read from any thread; append to it while no snapshot lives
// Units    milliseconds
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/label_set.h"
#include "model/native_histogram.h"
#include "storage/api/series_reader.h"

namespace slowburn::promql::testing {

// Plain and slow: every selection looks at every series. It must outlive its snapshots.
class MemorySeries : public storage::SeriesReader {
 public:
  // Times may come in any order; a later sample of the same time replaces the earlier one.
  void Append(const model::LabelSet& labels, int64_t time_ms, double value);
  void Append(const model::LabelSet& labels, int64_t time_ms, model::NativeHistogram histogram);
  void Clear();

  // Keeps the limits on series and samples.
  std::unique_ptr<storage::SeriesSnapshot> TakeSnapshot(const storage::ReadLimits& limits,
                                                        std::stop_token stop) const override;

  struct Series {
    uint64_t id = 0;
    std::map<int64_t, double> values;
    std::map<int64_t, model::NativeHistogram> histograms;
  };
  const std::map<model::LabelSet, Series>& series() const { return series_; }
  // By id.
  const std::vector<const Series*>& by_id() const { return by_id_; }

 private:
  Series& Of(const model::LabelSet& labels);

  std::map<model::LabelSet, Series> series_;
  std::vector<const Series*> by_id_;
};

}  // namespace slowburn::promql::testing
