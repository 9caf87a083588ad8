// slo/sli_spec.h: what is counted: which spans are events, and which events are bad.
//
// Room     slo
// Uses     ottl/
// Threads  immutable values
// Units    latency in integer nanoseconds
// Source   DESIGN section 4, "Exact meanings"
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "ottl/condition.h"

namespace slowburn::slo {

// A span SLI. An event is a span for which `match` is true. Of `bad`, `good`, `latency_max` at
// least one is set:
//   bad alone         bad when true, else good
//   good alone        good when true, else bad
//   both              neither: not counted; both true: bad
//   latency_max       bad when the span lasted longer; with `bad` beside it, bad if either; `good`
//   cannot stand beside it
struct SliSpec {
  ottl::Condition match;
  std::optional<ottl::Condition> bad;
  std::optional<ottl::Condition> good;
  std::optional<std::chrono::nanoseconds> latency_max;
  // Attribute names: one budget per combination of their values. Each is read from the span, or
  // from its resource where the span has none.
  std::vector<std::string> group_by;

  // The identity: equal for SLIs that count the same, however they are written. Counts are kept
  // under it.
  std::string CanonicalText() const;
};

}  // namespace slowburn::slo
