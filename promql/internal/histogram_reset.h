// promql/internal/histogram_reset.h: whether a counter histogram began anew between two samples.
//
// Room     promql/internal
// Uses     model/
// Threads  pure functions
// Units    none
// Source   Prometheus, "Native histograms" specification, "Counter reset considerations"
#pragma once

#include "model/native_histogram.h"

namespace slowburn::promql {

// By the hint of `current` where it has one, else because some count went down or the layout
// changed in a way that needs a reset.
bool IsReset(const model::NativeHistogram& previous, const model::NativeHistogram& current);

}  // namespace slowburn::promql
