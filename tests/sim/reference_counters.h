// tests/sim/reference_counters.h: what points of counters should come to, recounted from all of a
// series whenever a point is added.
//
// Room     tests/sim: written from docs/metrics_sli.md, not from the code; includes nothing of slo/
// Uses     tests/sim
// Threads  one owner
// Units    unix seconds; events
// Source   docs/metrics_sli.md, "What is counted", "Resets, gaps, order", "The first value"
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/sim/slo_config.h"
#include "tests/sim/traffic.h"

namespace slowburn::sim {

// A point that one SLI reads, as one of total or as one of bad.
struct CounterUse {
  SliConfig sli;
  bool is_bad = false;
  CounterSample sample;
};
// Those that the SLI makes of the point: none, one, or both.
std::vector<CounterUse> UsesOf(const SliConfig& sli, const CounterSample& sample);

// How the counts of one slice change.
struct SliceShift {
  int64_t good = 0;
  int64_t bad = 0;
  int64_t last_second = 0;  // of the newest event that came or went
};
using CounterShifts = std::map<std::pair<SliConfig, int64_t>, SliceShift>;  // by SLI and slice

class ReferenceCounters {
 public:
  // The points of one commit, in their order.
  CounterShifts Take(const std::vector<CounterUse>& uses);

 private:
  // Events of (from, to].
  struct Stretch {
    int64_t from = 0;
    int64_t to = 0;
    int64_t count = 0;
    friend bool operator==(const Stretch&, const Stretch&) = default;
  };
  struct Series {
    std::vector<CounterSample> points;  // all that were taken, by time
    bool first_counts = false;          // cumulative: all of the first value
    int64_t closed_until = 0;           // delta: gaps before it are forgotten
  };
  using Stretches = std::vector<Stretch>;

  static Stretches CumulativeStretches(const Series& series);
  static Stretches StretchesOf(const Series& series);
  static bool PlaceDelta(Series& series, const CounterSample& sample);
  static bool PlaceCumulative(Series& series, const CounterSample& sample, bool counts_if_first);
  static bool CountsIfFirst(const CounterSample& sample, int64_t sli_since,
                            std::optional<int64_t> writer_since);
  static void Spread(const Stretch& stretch, int64_t sign, const CounterUse& use,
                     CounterShifts& shifts);

  std::map<std::tuple<SliConfig, bool, std::string, std::string>, Series> series_;
  std::map<SliConfig, int64_t> sli_since_;
  std::map<std::pair<SliConfig, std::string>, int64_t> writer_since_;
};

}  // namespace slowburn::sim
