// slo/metric_history.h: counts of the past for an SLI on metrics, from the series that a store has.
//
// Room     slo
// Uses     model/, slo/
// Threads  one thread at a time
// Units    unix nanoseconds; a range is [begin, end) in slices
// Source   docs/metrics_sli.md, "The past"; DESIGN section 4, "Backfill"
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "model/label_set.h"
#include "model/series_selector.h"
#include "slo/metric_backfill.h"
#include "slo/metric_increment.h"
#include "slo/sli_spec.h"

namespace slowburn::slo {

struct HistorySample {
  uint64_t time = 0;
  double value = 0;
  uint64_t start = 0;  // 0: unknown
};

// Whoever has series: cumulative counters, gauges, histograms by their _bucket.
class MetricHistory {
 public:
  // `labels` have __name__; samples ascend in time.
  using Visit = std::function<absl::Status(const model::LabelSet& labels,
                                           const std::vector<HistorySample>& samples)>;
  virtual ~MetricHistory() = default;
  // Each series that `selector` matches and that has samples of [from, to), once. Ends with the
  // first error of `visit`.
  virtual absl::Status Read(const model::SeriesSelector& selector, uint64_t from, uint64_t to,
                            const Visit& visit) const = 0;
};

// What the SLI would have counted in `range`, by the same rules as live, goes to `backfill`, which
// is of `sli`: applying it again, or another one of the same range, changes nothing. The range is
// whole hours. An hour before it is read too, for the values that counting goes on from. What a
// resource says and no label does is not known to a store, so a group by it is __none__. Returns
// what became of the samples. kInvalidArgument for a range that is not whole hours, for an SLI that
// reads no metrics, and for a histogram whose name the selector does not pin.
absl::StatusOr<MetricTally> FillFromHistory(const IdentifiedSli& sli, const MetricHistory& history,
                                            SliceRange range, Backfill& backfill);

}  // namespace slowburn::slo
