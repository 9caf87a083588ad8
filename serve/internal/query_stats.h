// serve/internal/query_stats.h: what a query took, for who asks it with `stats`.
//
// Room     serve
// Uses     promql/
// Threads  pure functions
// Units    seconds; samples of 16 bytes
// Source   Prometheus 3.14, util/stats, "HTTP API"
#pragma once

#include <string>
#include <string_view>

#include "promql/value.h"
#include "serve/internal/api_context.h"

namespace slowburn::serve::internal {

// `parameter` is "" where nothing was asked for; with "all" the samples of each step are told too.
inline bool WantsStats(std::string_view parameter) { return !parameter.empty(); }
// Says so where it is neither "true" nor "all".
void WarnOfStats(std::string_view parameter, promql::Annotations& annotations);
// ,"stats":{"timings":{...},"samples":{...}}
std::string StatsJson(const ApiContext& context, std::string_view parameter,
                      const promql::QueryResult& result);

}  // namespace slowburn::serve::internal
