// model/histogram_addition.h: what two exponential histograms count together.
//
// Room     model
// Uses     model/
// Threads  pure functions
// Units    as model/native_histogram.h
// Source   OTLP metrics data model, "Exponential histogram: merge"
#pragma once

#include <cstddef>

#include "model/native_histogram.h"

namespace slowburn::model {

// Exact: in the coarser schema of the two, with the wider zero bucket. A zero bucket that would cut
// a populated bucket grows to its end. Coarser still, where there would be more than `buckets_max`.
// Custom buckets are added where both have the same bounds; else the sum is `more` alone.
NativeHistogram AddHistograms(const NativeHistogram& sum, const NativeHistogram& more,
                              size_t buckets_max);

}  // namespace slowburn::model
