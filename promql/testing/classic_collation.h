// promql/testing/classic_collation.h: classic histograms as native ones with custom buckets.
//
// Room     promql/testing: tests only
// Uses     model/, promql/testing/
// Threads  pure functions
// Units    unix milliseconds
// Source   Prometheus, promql/promqltest: load_with_nhcb
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "model/label_set.h"
#include "model/native_histogram.h"
#include "promql/testing/series_text.h"

namespace slowburn::promql::testing {

// name_bucket{le}, name_count and name_sum of each time make one histogram of series name. What
// does not go together makes none.
using HistogramsByTime = std::map<int64_t, model::NativeHistogram>;
std::map<model::LabelSet, HistogramsByTime> CollateClassic(const std::vector<SeriesText>& series,
                                                           int64_t step_ms);

}  // namespace slowburn::promql::testing
