// serve/internal/query_calls.h: query, query_range, query_exemplars, format_query, parse_query.
//
// Room     serve
// Uses     promql/, serve/
// Threads  pure but for what the context reads
// Units    as Prometheus' API
#pragma once

#include "serve/internal/api_context.h"

namespace slowburn::serve::internal {

absl::StatusOr<ApiAnswer> QueryCall(const ApiContext& context, const ApiParameters& parameters);
absl::StatusOr<ApiAnswer> QueryRangeCall(const ApiContext& context,
                                         const ApiParameters& parameters);
absl::StatusOr<ApiAnswer> QueryExemplarsCall(const ApiContext& context,
                                             const ApiParameters& parameters);
absl::StatusOr<ApiAnswer> FormatQueryCall(const ApiContext& context,
                                          const ApiParameters& parameters);
absl::StatusOr<ApiAnswer> ParseQueryCall(const ApiContext& context,
                                         const ApiParameters& parameters);

}  // namespace slowburn::serve::internal
