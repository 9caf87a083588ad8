// promql/internal/duration_value.h: what a computed duration is in one query.
//
// Room     promql, internal
// Uses     promql/
// Threads  pure functions
// Units    milliseconds
// Source   Prometheus 3 documentation, "Duration expressions"
#pragma once

#include <string_view>

#include <absl/status/statusor.h>

#include "promql/prepare.h"

namespace slowburn::promql::internal {

// Whole milliseconds, cut off. kInvalidArgument for a division by zero, for more than 292 years,
// and for what is not above 0 unless `may_be_negative`.
absl::StatusOr<int64_t> DurationValueMs(const DurationExpr& expr, std::string_view query,
                                        const EvaluationTimes& times, bool may_be_negative);

}  // namespace slowburn::promql::internal
