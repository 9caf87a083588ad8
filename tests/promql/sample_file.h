// tests/promql/sample_file.h: series that another program made, as JSON lines, brought into a
// store.
//
// Room     tests
// Uses     model/, storage/series, Boost.JSON
// Threads  one thread
// Units    unix milliseconds
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "model/label_set.h"
#include "model/native_histogram.h"
#include "storage/api/store.h"
#include "storage/series/series_store.h"

namespace slowburn::promql {

struct FileSeries {
  model::LabelSet labels;
  // In the order of time.
  std::vector<std::pair<int64_t, std::variant<double, model::NativeHistogram>>> samples;
};

// A line for each series: {"labels":{"__name__":"up"},"samples":[[TIME_MS,"1.5"],...],
// "histograms":[[TIME_MS,{"schema":0,"count":3,"sum":"4","zero_threshold":0,"zero_count":0,
// "spans":[[OFFSET,LENGTH],...],"counts":[3],"gauge":true}],...]}. Sums and values are texts,
// because JSON has no NaN. kInvalidArgument with the number of the line.
absl::StatusOr<std::vector<FileSeries>> ParseSampleFile(std::string_view text);

// Writes them as time goes by: a commit for each quarter of a minute, a checkpoint every ten
// minutes, so that sealed chunks, open ones and the head all have a share.
absl::Status Write(const std::vector<FileSeries>& series, storage::Store& store,
                   storage::SeriesStore& into);

}  // namespace slowburn::promql
