// app/demo_history.h: thirty days of a small shop's past, so that budgets and charts mean something
// at once.
//
// Room     app
// Uses     slo/, app/
// Threads  before the commit loop starts
// Units    events per 10 s slice
#pragma once

#include <chrono>

#include <absl/status/status.h>

#include "app/commit_loop.h"

namespace slowburn::app {

// The services and routes of the demo: its SLO files, its past and its traffic speak of the same
// shop.
struct DemoRoute {
  const char* service;
  const char* method;
  const char* route;
  double requests_per_second;  // at the busiest hour
  double error_ratio;          // on an ordinary day
  double slow_ratio;           // longer than the latency SLO's maximum
};
const std::vector<DemoRoute>& DemoRoutes();
// 0.25 at night to 1 in the evening.
double DemoTrafficAt(std::chrono::sys_seconds time);

// Writes the past of every SLO in force, up to `now`.
absl::Status WriteDemoHistory(CommitLoop& loop, Core& core, std::chrono::sys_seconds now);

}  // namespace slowburn::app
