// promql/value.h: what a query answers: a number, a text, or series with their points.
//
// Room     promql
// Uses     model/, promql/
// Threads  values; histograms are immutable and shared
// Units    unix milliseconds
// Source   Prometheus documentation, "Expression language data types"
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/label_set.h"
#include "model/native_histogram.h"
#include "model/sample.h"
#include "promql/annotations.h"
#include "promql/value_type.h"

namespace slowburn::promql {

// The moments at which an expression is evaluated: start, start + step, ... An instant query has
// one.
struct StepGrid {
  int64_t start_ms = 0;
  int64_t step_ms = 1;
  uint32_t count = 1;

  int64_t TimeAt(size_t step) const { return start_ms + static_cast<int64_t>(step) * step_ms; }
  int64_t end_ms() const { return TimeAt(count == 0 ? 0 : count - 1); }
  friend bool operator==(const StepGrid&, const StepGrid&) = default;
};

// One histogram lasts over many steps (lookback), and an operator that keeps it (a filter, topk)
// hands it on: shared, so that a step costs a pointer and not a copy of all buckets.
using HistogramPtr = std::shared_ptr<const model::NativeHistogram>;

// What stands in a column of numbers where the series has none. No result is a stale marker: those
// in the store end a series, and arithmetic makes quiet NaNs only.
inline double AbsentValue() { return model::StaleMarker(); }
inline bool IsAbsent(double value) { return model::IsStale(value); }

// A series over the points of its value. At each point it has a number, or a histogram, or nothing.
struct ResultSeries {
  model::LabelSet labels;
  std::vector<int64_t> times_ms;         // of a range vector only; else the points are the steps
  std::vector<double> values;            // AbsentValue() where there is no number
  std::vector<HistogramPtr> histograms;  // empty, or parallel to values; null where there is none

  bool HasNumber(size_t point) const { return !IsAbsent(values[point]); }
  const model::NativeHistogram* HistogramAt(size_t point) const {
    return histograms.empty() ? nullptr : histograms[point].get();
  }
  bool HasPoint(size_t point) const { return HasNumber(point) || HistogramAt(point) != nullptr; }
};

// How many samples a query looked at, of 16 bytes: a native histogram is as many as it is long.
struct QuerySamples {
  std::vector<uint64_t> queryable;  // by step: as often as the step's windows saw them
  std::vector<uint64_t> read;       // by step: those that no step before it had
  uint64_t peak = 0;                // the most that were held at one time
};

// The answer of an instant query is of the expression's own type: a scalar, a text, an instant
// vector (one step), or a range vector with times of its own. That of a range query is always a
// range vector over `steps`, sorted by labels; of a scalar expression one series without labels.
struct QueryResult {
  ValueType type = ValueType::kVector;
  StepGrid steps;
  double scalar = 0;                 // kScalar
  std::string text;                  // kString
  std::vector<ResultSeries> series;  // kVector, kMatrix; no series is without points
  Annotations annotations;
  std::optional<QuerySamples> samples;  // where the query asked for it

  int64_t TimeAt(const ResultSeries& of, size_t point) const {
    return of.times_ms.empty() ? steps.TimeAt(point) : of.times_ms[point];
  }
};

}  // namespace slowburn::promql
