// app/load_report.h: a run's figures, for people and for programs.
//
// Room     app
// Uses     app/load_tally.h, Boost.JSON
// Threads  pure functions
// Units    in the JSON's keys: seconds, bytes; else items
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/load_plan.h"
#include "app/load_tally.h"

namespace slowburn::app {

struct LoadReport {
  std::string target;  // as a URL
  std::string protocol;
  std::string encoding;
  std::string compression;
  uint64_t seed = 0;
  std::optional<double> items_per_second;  // asked for
  std::vector<LoadPlan::Stream> streams;
  LoadTotals totals;
  // Items that the plan had and that never began: the server was too slow for the rate, or the run
  // was broken off. Nothing where the plan had no end.
  std::optional<uint64_t> not_sent;
  std::chrono::duration<double> elapsed{0};  // until the last answer; at least the duration
  std::chrono::duration<double> cpu{0};      // of this process, all threads

  double AckedPerSecond() const;
};

std::string LoadReportTable(const LoadReport& report);
// docs/load.md has every key.
std::string LoadReportJson(const LoadReport& report);
// What became of each request, a line for each range: "traces acked 0 99", after lines that begin
// with '#' and say how to read it.
std::string LoadRequestsText(const LoadReport& report);

// One line for a terminal, without a line end: "[####------]  12 s  10240/s  acked 122880 ...".
// `done` is 0..1.
std::string LoadProgressLine(const LoadProgress& progress, std::chrono::duration<double> elapsed,
                             std::chrono::duration<double> meanwhile, double done);

}  // namespace slowburn::app
