// app/query_view.h: the answer of a query as a person at a terminal reads it.
//
// Room     app
// Uses     app/table.h, Boost.JSON
// Threads  pure functions
// Units    unix seconds, as the API gives them
#pragma once

#include <cstddef>
#include <string>

#include <absl/status/statusor.h>
#include <boost/json.hpp>

namespace slowburn::app {

// Both take the `data` of /api/v1/query or query_range. kInvalidArgument for what has not its
// shape.

// A row for each point: SERIES, VALUE, and TIME where there are several. A histogram shows its
// count and sum.
absl::StatusOr<std::string> QueryTable(const boost::json::value& data);

// A line of `width` bars for each series of a range query, from its lowest value to its highest,
// which stand beside it. A gap is where a series has no point.
absl::StatusOr<std::string> QueryPlot(const boost::json::value& data, size_t width);

}  // namespace slowburn::app
