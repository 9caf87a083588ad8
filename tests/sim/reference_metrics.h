// tests/sim/reference_metrics.h: what points of metrics should come to, recounted from all of a
// series whenever a point is added.
//
// Room     tests/sim: written from docs/metrics_sli.md, not from the code; includes nothing of slo/
// Uses     tests/sim
// Threads  one owner
// Units    unix seconds; events
// Source   docs/metrics_sli.md, "What is counted", "Resets, gaps, order", "The first value",
// "Points
//          that are too far apart"
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/sim/reference_estimate.h"
#include "tests/sim/slo_config.h"
#include "tests/sim/traffic.h"

namespace slowburn::sim {

// What a series is to an SLI: one of its selectors of counters, or all that it reads.
enum class MetricRole : uint8_t { kTotal, kGood, kBad, kWhole };

// A point that one SLI reads.
struct MetricUse {
  SliConfig sli;
  MetricRole role = MetricRole::kWhole;
  std::vector<std::string> group;  // the values of its group_by
  MetricSample sample;
  int64_t good = 0;  // events of a delta histogram that are good
};
// Of a histogram: its SLI's threshold is one of the bounds.
bool IsExact(const MetricUse& use);
// Those that the SLI makes of the point: none, one, or one of each of two roles.
std::vector<MetricUse> UsesOf(const SliConfig& sli, const MetricSample& sample);

// Of a gauge's sample.
bool IsGood(const SliConfig& sli, const MetricSample& sample);

// How the counts of one slice change.
struct SliceShift {
  SliConfig sli;
  std::vector<std::string> group;
  int64_t slice = 0;
  int64_t good = 0;
  int64_t bad = 0;
  int64_t last_second = 0;  // of the newest event that came or went
};
using MetricShifts =
    std::vector<SliceShift>;  // each slice once, in the order of their first change

class ReferenceMetrics {
 public:
  using SeriesKey = std::tuple<SliConfig, MetricRole, std::string, std::optional<std::string>,
                               std::string>;  // instance, route, code
  struct Series {
    std::vector<MetricUse> taken;    // in the order of their time, each time once but for gauges
    std::optional<bool> is_delta;    // of a counter or histogram
    bool first_counts = false;       // cumulative: all of the first value
    int64_t closed_until = 0;        // delta: gaps before it are forgotten
    int64_t covered_until = 0;       // time that the other temporality counted
    int64_t heard = 0;               // when a point of it was taken last
    Estimate good_rest;              // delta: what is estimated as good and is no event yet
    bool has_begun_anew = false;     // it was forgotten, or has changed its temporality
    std::map<int64_t, bool> slices;  // gauge: those with a sample, whether one of them is bad
    std::optional<int64_t> newest() const;
  };

  // The points of one commit, in their order.
  MetricShifts Take(const std::vector<MetricUse>& uses, int64_t now_seconds);
  // What the points of each SLI are apart, in milliseconds.
  const std::map<SliConfig, int64_t>& intervals() const { return intervals_; }
  const std::map<SeriesKey, Series>& series() const { return series_; }

 private:
  class Shifts;
  // Events of (from, to].
  struct Stretch {
    int64_t from = 0;
    int64_t to = 0;
    int64_t count = 0;
    int64_t good = 0;  // of a histogram
    friend bool operator==(const Stretch&, const Stretch&) = default;
  };
  using Stretches = std::vector<Stretch>;

  static Stretches CumulativeStretches(const Series& series);
  static Stretches StretchesOf(const Series& series);
  static bool PlaceDelta(Series& series, MetricUse use);
  static bool PlaceCumulative(Series& series, const MetricUse& use, bool counts_if_first);
  static bool PlaceGauge(Series& series, const MetricUse& use, Shifts& shifts);
  static bool CountsIfFirst(const MetricSample& sample, int64_t sli_since,
                            std::optional<int64_t> writer_since);
  static void Count(const Stretch& stretch, int64_t sign, const MetricUse& use, Shifts& shifts);
  bool Place(const MetricUse& use, bool counts_if_first, Series& series, Shifts& shifts);
  bool PlaceCounted(const MetricUse& use, bool counts_if_first, Series& series, Shifts& shifts);
  void SeeDistance(const SliConfig& sli, int64_t seconds);

  std::map<SeriesKey, Series> series_;
  std::map<SliConfig, int64_t> sli_since_;
  struct Writer {
    int64_t since = 0;
    int64_t heard = 0;
  };
  std::map<std::pair<SliConfig, std::string>, Writer> writers_;
  std::map<SliConfig, int64_t> intervals_;
};

}  // namespace slowburn::sim
