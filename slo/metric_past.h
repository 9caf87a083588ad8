// slo/metric_past.h: what an SLI on metrics would have counted, from the series that a store has.
//
// Room     slo
// Uses     slo/
// Threads  one thread at a time
// Units    slices; unix nanoseconds
// Source   docs/metrics_sli.md, "The past"; DESIGN section 4, "Backfill"
//
// An SLI that is added later begins at one commit: what the store has then is its past, what comes
// after is counted live, by the states of series that the past left. The newest stretch of the past
// is its tail: it ends at that commit, whatever times its samples have, and is counted as a whole,
// with the states. What is before it, slices in any pieces, can be counted any time later: each
// slice is counted for itself, and nobody adds to it live.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include <absl/container/flat_hash_map.h>
#include <absl/status/statusor.h>

#include "slo/metric_history.h"
#include "slo/metric_streams.h"
#include "slo/sli_delta.h"
#include "slo/sli_spec.h"

namespace slowburn::slo {

struct SliceRange {
  Slice begin = 0;
  Slice end = 0;
};

// Of series that were behind the tail when it was counted: their newest sample then. What they
// bring later is counted live, however old it is.
using SeriesEdges = absl::flat_hash_map<StreamKey, uint64_t>;

struct PastTail {
  std::unique_ptr<MetricStreams> streams;  // as of the newest samples; all is marked as changed
  SliDelta counts{model::Signal::kMetrics};
  SeriesEdges edges;
  MetricTally tally;
};

// Counts all that `history` has from `from` on. Series that ended at most a day before it are in
// the states too. kResourceExhausted where it is more than memory should hold; else errors as those
// of `history`.
absl::StatusOr<PastTail> CountTail(const IdentifiedSli& sli, const MetricHistory& history,
                                   Slice from, std::chrono::sys_seconds now);

struct PastPiece {
  // The newest slices first. Each part begins where the one after it ends, the last one where the
  // range begins.
  struct Part {
    Slice begin = 0;
    SliDelta counts{model::Signal::kMetrics};
  };
  std::vector<Part> parts;  // at least one
  uint64_t oldest = 0;      // time of the first sample; 0: there was none
  MetricTally tally;
};

// Counts the slices of `range` without what the tail has that began at `tail_from`, and in parts of
// at most `entries_max` groups and slices, or one slice. Errors as CountTail.
absl::StatusOr<PastPiece> CountPiece(const IdentifiedSli& sli, const MetricHistory& history,
                                     SliceRange range, Slice tail_from, const SeriesEdges& edges,
                                     size_t entries_max);

}  // namespace slowburn::slo
