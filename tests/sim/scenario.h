// tests/sim/scenario.h: what a seed chooses: how long, how busy, and which faults there are.
//
// Room     tests/sim
// Uses     tests/sim
// Threads  values
// Units    seconds where the name says so; rates are per mille
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/traffic.h"

namespace slowburn::sim {

// What can be switched off, one by one, to find what a failure needs.
enum class Fault : uint8_t {
  kCrash,           // at a boundary of a commit or checkpoint, or between two
  kPowerLoss,       // a crash takes what was not synced
  kDiskFull,        // appends and checkpoints fail for a while
  kDiskFails,       // a write fails for good
  kSlowCheckpoint,  // checkpoints fail often, so the log grows
  kInterval,        // commits are buffered, and synced by time
  kClockStep,       // the wall clock is set, either way
  kReload,          // other SLOs
  kDuplicate,       // requests arrive twice, answered or not
  kLostAnswer,      // the client hears nothing and sends again
  kLate,            // events of the past, also beyond max_late
  kFuture,          // events ahead of time, also beyond what is taken
  kNoTime,          // spans that do not say when they ended
  kOverflow,        // more groups than may be
  kAlertmanagerDown,
  kStall,    // steps far apart, as of a machine that sleeps
  kExclude,  // somebody excludes time by the API, and takes it back
  // What else there is beside spans and SLOs that count them:
  kMetrics,    // processes export metrics, and SLOs count them
  kLogs,       // applications write log records, and SLOs count them
  kComposite,  // SLOs over SLOs
  kNap,        // beside metrics: for more than a day nothing happens, so series are forgotten
  kPieces,     // what a second asks for is done piece by piece, and requests come in between
};
inline constexpr int kFaults = 22;
std::string_view FaultName(Fault fault);  // "crash"

struct Scenario {
  uint64_t seed = 0;
  std::set<Fault> faults;

  int64_t start_unix_seconds = 0;
  int ticks = 0;                      // with faults; then it becomes quiet
  std::vector<int64_t> tick_seconds;  // how far apart steps are: one of these each time
  uint32_t services = 1;
  uint32_t clients = 1;
  uint64_t events_max = 0;  // of all clients together
  uint32_t groups_max = 1000;
  uint32_t routes = 3;
  int64_t max_late_seconds = 0;
  int64_t sync_interval_seconds = 1;
  int64_t resend_seconds = 60;
  bool dead_man = true;
  std::vector<MetricKind> metric_kinds;  // that processes export

  bool Has(Fault fault) const { return faults.contains(fault); }
  // Without the faults of `off`; everything else is as the seed says.
  static Scenario Of(uint64_t seed, const std::set<Fault>& off);
  std::string Text() const;
};

}  // namespace slowburn::sim
