// serve/internal/ledger_series.h: the ledger as series for /metrics.
//
// Room     serve
// Uses     serve/
// Threads  pure functions
// Units    items, requests
// Source   docs/ledger.md
#pragma once

#include <string>

#include "serve/queries.h"

namespace slowburn::serve::internal {

// slowburn_ledger_* in the text format. One family has every imbalance, so that one alert covers
// them all.
std::string LedgerSeriesText(const LedgerReading& reading);

}  // namespace slowburn::serve::internal
