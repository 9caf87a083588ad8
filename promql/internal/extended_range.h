// promql/internal/extended_range.h: ranges and selectors that look beyond their ends.
//
// Room     promql/internal
// Uses     promql/internal/
// Threads  pure functions but for the notes they are given
// Units    unix milliseconds
// Source   Prometheus documentation, feature flag promql-extended-range-selectors
#pragma once

#include <optional>
#include <string_view>

#include <absl/status/status.h>

#include "promql/ast.h"
#include "promql/internal/range_call.h"
#include "storage/api/series_reader.h"

namespace slowburn::promql {

// What a selector asks for; nothing if it is an ordinary one.
std::optional<ExtendedRange> ExtendedRangeOf(const MatrixSelector& selector, int64_t lookback_ms);
// The windows with what is beyond their ends.
Windows Extend(const ExtendedRange& extended, int64_t lookback_ms, Windows windows);
// kFailedPrecondition where the function cannot do with it.
absl::Status CheckExtended(const ExtendedRange& extended, const Function& function);

// rate, increase, delta, changes, resets. A RangeKernel for a call that has `extended`.
void ExtendedRate(const RangeCall& call, const RangeInput& input, std::string_view metric,
                  Notes& notes, Column& out);

// `foo smoothed`: between the samples before and after a step, the value in between. `windows` end
// a lookback after their steps and begin one before.
void SmoothValues(const storage::SampleColumns& samples, const Windows& windows,
                  int64_t lookback_ms, const Expr& place, std::string_view metric, Notes& notes,
                  Column& out);

}  // namespace slowburn::promql
