#include "tests/sim/scenario.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tests/sim/random.h"

namespace slowburn::sim {

std::string_view FaultName(Fault fault) {
  switch (fault) {
    case Fault::kCrash:
      return "crash";
    case Fault::kPowerLoss:
      return "power_loss";
    case Fault::kDiskFull:
      return "disk_full";
    case Fault::kDiskFails:
      return "disk_fails";
    case Fault::kSlowCheckpoint:
      return "slow_checkpoint";
    case Fault::kInterval:
      return "interval";
    case Fault::kClockStep:
      return "clock_step";
    case Fault::kReload:
      return "reload";
    case Fault::kDuplicate:
      return "duplicate";
    case Fault::kLostAnswer:
      return "lost_answer";
    case Fault::kLate:
      return "late";
    case Fault::kFuture:
      return "future";
    case Fault::kNoTime:
      return "no_time";
    case Fault::kOverflow:
      return "overflow";
    case Fault::kAlertmanagerDown:
      return "alertmanager_down";
    case Fault::kStall:
      return "stall";
    case Fault::kExclude:
      return "exclude";
    case Fault::kMetrics:
      return "metrics";
    case Fault::kLogs:
      return "logs";
    case Fault::kComposite:
      return "composite";
    case Fault::kNap:
      return "nap";
    case Fault::kPieces:
      return "pieces";
  }
  return "";
}

namespace {

// Each fault is there in half of the seeds, so that each is met with and without each other one;
// what else there is than spans, in a third, as is a second in pieces.
std::set<Fault> DrawFaults(uint64_t seed, Random& random) {
  std::set<Fault> drawn;
  for (int i = 0; i < static_cast<int>(Fault::kMetrics); ++i) {
    if (random.OneIn(2)) drawn.insert(static_cast<Fault>(i));
  }
  for (const Fault more : {Fault::kMetrics, Fault::kLogs, Fault::kComposite, Fault::kPieces}) {
    if (Random(seed, FaultName(more)).OneIn(3)) drawn.insert(more);
  }
  // Series are forgotten after a day of silence, as the wall clock has it: beside metrics there is
  // none but for the nap, which is longer without doubt.
  if (drawn.contains(Fault::kMetrics)) {
    drawn.erase(Fault::kStall);
    drawn.erase(Fault::kClockStep);
  }
  // Which group overflows follows from who is idle, which no silence may change there.
  const bool may_nap = drawn.contains(Fault::kMetrics) && !drawn.contains(Fault::kOverflow);
  if (may_nap && Random(seed, FaultName(Fault::kNap)).OneIn(3)) drawn.insert(Fault::kNap);
  return drawn;
}

// One or two of counters, histograms (of one of the two kinds, or both) and gauges.
std::vector<MetricKind> DrawMetricKinds(Random random) {
  switch (random.Below(6)) {
    case 0:
    case 1:
      return {MetricKind::kCounter};
    case 2:
      return {MetricKind::kHistogram, MetricKind::kExponential};
    case 3:
      return {MetricKind::kGauge};
    case 4:
      return {MetricKind::kCounter, MetricKind::kGauge};
    default:
      return {MetricKind::kCounter, MetricKind::kHistogram};
  }
}

}  // namespace

Scenario Scenario::Of(uint64_t seed, const std::set<Fault>& off) {
  Random random(seed, "scenario");
  Scenario scenario;
  scenario.seed = seed;
  const std::set<Fault> drawn = DrawFaults(seed, random);
  std::set_difference(drawn.begin(), drawn.end(), off.begin(), off.end(),
                      std::inserter(scenario.faults, scenario.faults.end()));
  constexpr int64_t kYear2024 = 1'704'067'200;
  scenario.start_unix_seconds = kYear2024 + random.Between(0, 365 * 86'400);
  struct Pace {
    std::vector<int64_t> tick_seconds;
    int ticks;
  };
  const std::vector<Pace> paces = {
      {{1}, 400},   {{1, 1, 1, 2, 10}, 400}, {{10}, 400},         {{60}, 300},
      {{600}, 300}, {{3600}, 240},           {{1, 10, 600}, 300}, {{10, 3600, 20'000}, 240}};
  const Pace& pace = scenario.Has(Fault::kStall) ? random.Pick(paces) : paces[random.Below(3)];
  scenario.tick_seconds = pace.tick_seconds;
  scenario.ticks = static_cast<int>(random.Between(pace.ticks / 4, pace.ticks));
  scenario.services = static_cast<uint32_t>(random.Between(1, 3));
  scenario.clients = static_cast<uint32_t>(random.Between(1, 4));
  scenario.events_max = random.Pick({200u, 1000u, 3000u});
  const uint32_t groups_max = random.Pick({1u, 2u, 4u});
  scenario.groups_max = scenario.Has(Fault::kOverflow) ? groups_max : 1000;
  scenario.routes = static_cast<uint32_t>(random.Between(1, 7));
  scenario.max_late_seconds = random.Pick({86'400, 86'400, 3600, 600});
  scenario.sync_interval_seconds = random.Pick({1, 5});
  scenario.resend_seconds = random.Pick({60, 60, 10});
  scenario.dead_man = !random.OneIn(4);
  scenario.metric_kinds = DrawMetricKinds(Random(seed, "metric kinds"));
  return scenario;
}

std::string Scenario::Text() const {
  std::vector<std::string_view> names;
  for (const Fault fault : faults) names.push_back(FaultName(fault));
  return fmt::format(
      "seed {}: {} ticks of {} s, {} clients of {} services, at most {} events, max_late {} s, {} "
      "groups, faults: {}",
      seed, ticks, fmt::join(tick_seconds, "|"), clients, services, events_max, max_late_seconds,
      groups_max, fmt::join(names, " "));
}

}  // namespace slowburn::sim
