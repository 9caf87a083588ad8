// promql/internal/date_functions.h: parts of a date.
//
// Room     promql/internal
// Uses     promql/
// Threads  pure functions
// Units    unix seconds in, cut to whole ones; UTC
// Source   Prometheus documentation, "Functions"
#pragma once

#include "promql/function_table.h"

namespace slowburn::promql {

// hour, minute, year, month, day_of_month, day_of_week, day_of_year, days_in_month.
double DatePart(FunctionId function, double unix_seconds);

}  // namespace slowburn::promql
