// forward/forward_totals.h: what became of what a downstream was given.
//
// Room     forward
// Uses     standard library
// Threads  a value
// Units    items: spans, log records, data points; of a remote write samples, histograms, exemplars
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace slowburn::forward {

// routed = delivered + pending + the sum of dropped, at any moment a snapshot is taken.
struct ForwardTotals {
  uint64_t routed = 0;
  uint64_t delivered = 0;
  uint64_t pending = 0;
  std::map<std::string, uint64_t> dropped;  // by reason
};

}  // namespace slowburn::forward
