// promql/internal/sample_reading.h: samples of a series as its operator wants to see them.
//
// Room     promql/internal
// Uses     storage/api/, promql/internal/
// Threads  any: the context is only read
// Units    unix milliseconds
#pragma once

#include <absl/status/statusor.h>

#include "promql/internal/query_context.h"
#include "promql/internal/selection.h"
#include "promql/internal/windows.h"

namespace slowburn::promql {

// With stale markers, in at least `range`. Where only counts and sums of histograms are wanted,
// each gets the hint that a look at its buckets gives.
absl::StatusOr<const storage::SampleColumns*> ReadSamples(const QueryContext& context,
                                                          Selection& selection, size_t series,
                                                          storage::TimeRange range,
                                                          storage::SampleColumns& scratch);

// Without stale markers and what is not in `range`: views into `samples`, or into `scratch`, which
// may be the same.
RangeInput InputOf(const storage::SampleColumns& samples, storage::TimeRange range,
                   storage::SampleColumns& scratch);

}  // namespace slowburn::promql
