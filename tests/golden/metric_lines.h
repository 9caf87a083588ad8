// tests/golden/metric_lines.h: what a script says of metrics.
//
// Room     tests
// Uses     base/, slo/
// Threads  pure functions
// Units    times are seconds since the beginning of the script
// Source   docs/slotest.md
#pragma once

#include <string_view>

#include <absl/status/statusor.h>

#include "slo/metric_increment.h"
#include "tests/golden/script.h"
#include "tests/golden/words.h"

namespace slowburn::golden {

// "counter", "histogram" or "gauge".
bool IsMetricSource(std::string_view word);
// "counter total bad", "histogram max 300ms bounds 0.1/0.3/1", "gauge bool", "gauge max 0.5"
absl::StatusOr<MetricSource> NextMetricSource(Words& words);

// The rest of a line "point", or "points" when `many`, after the SLO.
absl::StatusOr<PointLine> NextPoints(Words& words, const SloLine& slo, bool many);

// kInvalidArgument, with those that there are.
absl::Status CheckOutcome(std::string_view outcome);
// `outcome` is one of them.
uint64_t PointsOf(const slo::MetricTally& tally, std::string_view outcome);

}  // namespace slowburn::golden
