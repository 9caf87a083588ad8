// promql/internal/accumulator.h: one group of an aggregation, all steps at once.
//
// Room     promql/internal
// Uses     promql/internal/
// Threads  one thread at a time
// Units    none
// Source   Prometheus documentation, "Aggregation operators"
#pragma once

#include <memory>
#include <vector>

#include "promql/ast.h"
#include "promql/internal/column.h"
#include "promql/internal/notes.h"

namespace slowburn::promql {

// The same for all groups of an aggregation.
struct AccumulatorOptions {
  const Aggregate* aggregate = nullptr;
  size_t steps = 0;
  std::vector<double> quantile;  // by step, of quantile
};

class Accumulator {
 public:
  virtual ~Accumulator() = default;
  virtual void Add(const Column& column) = 0;
  // The group's numbers and histograms; labels are the caller's.
  virtual Column Finish(Notes& notes) = 0;

  // Besides kAccumulatorStepBytes for each step: of histograms, or of numbers that it keeps.
  uint64_t extra_bytes() const { return extra_bytes_; }

 protected:
  uint64_t extra_bytes_ = 0;
};

// What it can say: sum, avg, count, group, min, max, stddev, stdvar, quantile.
std::unique_ptr<Accumulator> MakeAccumulator(const AccumulatorOptions& options);

// How many bytes one has at most for each step, its extra_bytes() apart.
inline constexpr uint64_t kAccumulatorStepBytes = 40;

}  // namespace slowburn::promql
