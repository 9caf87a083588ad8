// model/histogram_contradiction.h: what cannot be in the numbers of a native histogram.
//
// Room     model
// Uses     model/
// Threads  pure functions
// Units    none
// Source   Prometheus, "Native histograms" specification, and what its store refuses
#pragma once

#include <string_view>

#include "model/native_histogram.h"

namespace slowburn::model {

// "its buckets do not make up its count": why nobody can have counted it; "" where somebody can.
// Counts below zero, a zero bucket without a width, whole counts that do not add up, and of custom
// buckets all that they cannot have. Floating counts need not add up, and may be NaN. Of a
// histogram that ends its series nothing else is looked at. That spans fit counts is not asked
// here.
std::string_view HistogramContradiction(const NativeHistogram& histogram);

}  // namespace slowburn::model
