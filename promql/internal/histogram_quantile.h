// promql/internal/histogram_quantile.h: what a native histogram says about its observations.
//
// Room     promql/internal
// Uses     model/
// Threads  pure functions
// Units    quantiles and fractions are 0..1
// Source   Prometheus documentation, "histogram_quantile()", "histogram_fraction()"
#pragma once

#include "model/native_histogram.h"

namespace slowburn::promql {

// Of a quantile below 0 or above 1 an infinity, of no observations NaN. Exponential buckets are
// interpolated exponentially, custom ones and the zero bucket linearly. Where `sum` is NaN,
// observations of NaN are in no bucket, yet counted: quantiles are too high, or NaN when they fall
// there.
double HistogramQuantile(double quantile, const model::NativeHistogram& histogram);

// Which part of all observations is between the two values.
double HistogramFraction(double lower, double upper, const model::NativeHistogram& histogram);

// Each bucket's observations at its middle.
double HistogramVariance(const model::NativeHistogram& histogram);

}  // namespace slowburn::promql
