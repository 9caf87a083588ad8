// promql/internal/sample_count.h: how many samples an evaluation looked at, step by step, as
// Prometheus counts them.
//
// Room     promql/internal
// Uses     model/, promql/
// Threads  values; one thread at a time
// Units    samples of 16 bytes: a number is one, a native histogram as many as its size makes
// Source   Prometheus 3.14, util/stats; promql, HPoint.size, FloatHistogram.Size
#pragma once

#include <cstdint>
#include <vector>

#include "model/native_histogram.h"
#include "promql/internal/column.h"
#include "promql/internal/windows.h"
#include "promql/value.h"

namespace slowburn::promql {

// One without its buckets has a count and a sum.
uint64_t SamplesOf(const model::NativeHistogram& histogram, bool without_buckets);

class SampleCount {
 public:
  explicit SampleCount(const StepGrid& grid)
      : grid_(grid), queryable_(grid.count), read_(grid.count) {}

  // What an instant selector found for one series.
  void AddPoints(const Column& column, bool without_buckets);
  // What the windows of a range selector saw of one series: each step all of its window, of which
  // it read what no step before it saw.
  void AddWindows(const RangeInput& input, const Windows& windows, bool without_buckets);
  // What the windows saw of one series that a subquery made: its reading is added by AddSubquery.
  void AddSubqueryWindows(const RangeInput& input, const Windows& windows);
  // What a subquery read, at the first steps whose windows see its steps.
  void AddSubquery(const SampleCount& inner, const Windows& windows);
  // What a subquery looked at that is the query's answer, so that no window counts it.
  void AddAnswer(const SampleCount& inner);
  // What is evaluated once for all steps: each looks at it, the first one reads it.
  void AddInvariant(const SampleCount& inner);
  // Of the same grid.
  void Merge(const SampleCount& other);

  const StepGrid& grid() const { return grid_; }
  const std::vector<uint64_t>& queryable() const { return queryable_; }  // by step
  const std::vector<uint64_t>& read() const { return read_; }            // by step

 private:
  void Add(const RangeInput& input, const Windows& windows, bool without_buckets, bool reads);

  StepGrid grid_;
  std::vector<uint64_t> queryable_, read_;
};

uint64_t TotalOf(const std::vector<uint64_t>& by_step);

}  // namespace slowburn::promql
