// promql/internal/histogram_trim.h: the observations of a native histogram on one side of a value.
//
// Room     promql/internal
// Uses     model/
// Threads  pure functions
// Units    values as observed
// Source   Prometheus documentation, "Histogram trim operators"
#pragma once

#include <cstdint>

#include "model/native_histogram.h"

namespace slowburn::promql {

enum class TrimSide : uint8_t { kKeepBelow, kKeepAbove };  // </ and >/

// A bucket that `value` cuts keeps its share by interpolation. If anything went, the sum is an
// estimate from the middles of what stays; else nothing changes.
model::NativeHistogram Trimmed(const model::NativeHistogram& histogram, double value,
                               TrimSide side);

}  // namespace slowburn::promql
