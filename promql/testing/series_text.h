// promql/testing/series_text.h: a line of a PromQL test script: a series and its values.
//
// Room     promql/testing: tests only
// Uses     model/, promql/
// Threads  pure functions
// Units    none
// Source   Prometheus, promql/promqltest: "Series values"
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "model/label_set.h"
#include "model/native_histogram.h"

namespace slowburn::promql::testing {

struct SequenceItem {
  bool is_gap = false;  // _
  double value = 0;
  std::optional<model::NativeHistogram> histogram;  // instead of the value
  bool spells_hint = false;                         // the histogram says counter_reset_hint
};

struct SeriesText {
  model::LabelSet labels;
  bool is_start_timestamps = false;  // metric@st: its items are not read
  std::vector<SequenceItem> items;
};

// metric{a="b"} 1 _x2 5+10x3 stale {{schema:0 sum:1 count:1 buckets:[1]}}x2
absl::StatusOr<SeriesText> ParseSeriesText(std::string_view line);

struct HistogramLiteral {
  model::NativeHistogram histogram;
  bool spells_hint = false;
};
// {{schema:0 sum:5 count:4 buckets:[1 2 1]}} at the begin of `text`, which loses it.
absl::StatusOr<HistogramLiteral> TakeHistogram(std::string_view& text);

// What TakeHistogram and ParseSeriesText read; no sign. Durations are seconds.
absl::StatusOr<double> TakeNumber(std::string_view& text);

}  // namespace slowburn::promql::testing
