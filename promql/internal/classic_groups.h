// promql/internal/classic_groups.h: which series are the buckets of one classic histogram.
//
// Room     promql/internal
// Uses     promql/internal/
// Threads  the thread of the query
// Units    none
// Source   Prometheus documentation, "histogram_quantile()"
#pragma once

#include <optional>
#include <vector>

#include "promql/internal/query_context.h"

namespace slowburn::promql {

// Series that differ by le alone, found once for all steps.
struct ClassicGroup {
  struct Bound {
    double upper = 0;
    size_t column = 0;
  };
  const model::LabelSet* labels = nullptr;  // without le
  std::vector<Bound> bounds;                // ascending
  std::optional<size_t> native;             // a column with native histograms and these labels
};

// Warns of numbers without a le that is a number, and leaves them out. `place` is what the warning
// is about.
std::vector<ClassicGroup> GroupBuckets(QueryContext& context, const Expr& place, Columns& columns);

}  // namespace slowburn::promql
