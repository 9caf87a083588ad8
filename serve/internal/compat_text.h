// serve/internal/compat_text.h: on /metrics, the series that boards made for Sloth or Pyrra ask
// for.
//
// Room     serve
// Uses     serve/, slo/
// Threads  a pure function
// Units    as slo/compat_series.h
// Source   DESIGN section 6, "Series we expose and store"
#pragma once

#include <string>

#include "serve/queries.h"

namespace slowburn::serve::internal {

// Of the totals of all SLOs whose spec asks for them, in the text format.
std::string CompatSeriesText(const SloReading& reading);

}  // namespace slowburn::serve::internal
