// slo/metric_history.h: whoever has series of the past, as SLIs on metrics read them.
//
// Room     slo: an interface
// Uses     model/
// Threads  one thread at a time
// Units    unix nanoseconds
// Source   docs/metrics_sli.md, "The past"
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include <absl/status/status.h>

#include "model/label_set.h"
#include "model/native_histogram.h"
#include "model/series_selector.h"

namespace slowburn::slo {

struct HistorySample {
  uint64_t time = 0;
  double value = 0;
  uint64_t start = 0;  // 0: unknown
};

struct HistoryHistogram {
  uint64_t time = 0;
  const model::NativeHistogram* value = nullptr;
};

// One of the two is empty, mostly. Both ascend in time; the end of a series is no sample.
struct HistorySeries {
  const model::LabelSet& labels;  // with __name__
  std::span<const HistorySample> samples;
  std::span<const HistoryHistogram> histograms;
};

class MetricHistory {
 public:
  // Samples of [from, to), and of each series also its newest one of [from - before, from). Series
  // that have only that one are left out, unless `with_ended`.
  struct Stretch {
    uint64_t from = 0;
    uint64_t to = 0;
    uint64_t before = 0;
    bool with_ended = false;
  };
  using Visit = std::function<absl::Status(const HistorySeries& series)>;
  virtual ~MetricHistory() = default;
  // Each series that `selector` matches and that has something of the stretch, once. Ends with the
  // first error of `visit`. kDataLoss where samples of [from, to) cannot be read; one from before
  // that cannot is left out.
  virtual absl::Status Read(const model::SeriesSelector& selector, const Stretch& stretch,
                            const Visit& visit) const = 0;
};

}  // namespace slowburn::slo
