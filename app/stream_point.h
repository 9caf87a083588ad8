// app/stream_point.h: what has to be known of a metric request to tell points that came before.
//
// Room     app
// Uses     collector/, model/, xxHash
// Threads  pure functions
// Units    unix nanoseconds as on the wire
// Source   OTLP metrics data model, "Overlap"
#pragma once

#include <cstdint>
#include <vector>

#include "model/metric_batch.h"

namespace slowburn::app {

// A point of a cumulative stream, without its value.
struct StreamPoint {
  model::StreamHash stream;
  uint64_t start_time_unix_nano = 0;
  uint64_t time_unix_nano = 0;
  uint64_t value_hash = 0;
  uint32_t position = 0;  // among the accepted points of the request, in the order of the wire
};

// Those of cumulative sums and histograms, in the order of the wire. Equal values have equal
// hashes: 5 and 5.0 are one value, and all points that only say "no recorded value" are equal. The
// hashes are in the store: made another way, a point resent across the change looks like a
// conflict.
std::vector<StreamPoint> CumulativePoints(const model::MetricBatch& batch);

}  // namespace slowburn::app
