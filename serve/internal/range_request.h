// serve/internal/range_request.h: what a request for counts or a history asks for.
//
// Room     serve
// Uses     net/, base/, slo/, serve/queries.h
// Threads  pure functions
// Units    unix seconds; steps are whole slices where we choose them
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include <absl/status/statusor.h>

#include "net/http_message.h"
#include "serve/queries.h"
#include "slo/window.h"

namespace slowburn::serve::internal {

struct RangeRequest {
  GroupSelector group;
  std::optional<std::chrono::sys_seconds> start;
  std::optional<std::chrono::sys_seconds> end;
  std::optional<std::chrono::seconds> step;
  std::optional<uint32_t> epoch;  // nothing: the SLI that the SLO has now
};

// ?start=&end=&step=&epoch=&group.NAME=: what is absent or empty is left open. kInvalidArgument for
// what is no time, duration or number, or has fractions of a second. Whether the bounds are slice
// bounds is for Queries to say.
absl::StatusOr<RangeRequest> ParseRangeRequest(const net::HttpRequest& request);

// Only ?group.NAME=; a name given twice has its first value.
GroupSelector ParseGroup(const net::HttpRequest& request);

struct HistoryRange {
  std::chrono::sys_seconds start;
  std::chrono::sys_seconds end;
  std::chrono::seconds step;
};
// Fills what was left open: end is `now` down to its slice, start one window before the end (later
// by less than a step where the step does not divide the window), step the shortest that gives at
// most 300 points, and whole ones where there is such a step.
HistoryRange CompleteHistory(const RangeRequest& request, std::chrono::sys_seconds now,
                             std::chrono::seconds window);

struct TimeRange {
  std::chrono::sys_seconds start;
  std::chrono::sys_seconds end;
};
// The same for percentiles: end is that of the five minutes that are open at `now`, start where the
// window that ends there begins, down to whole five minutes.
TimeRange CompletePercentiles(const RangeRequest& request, std::chrono::sys_seconds now,
                              const slo::Window& window);

}  // namespace slowburn::serve::internal
