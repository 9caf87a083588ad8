// slo/metric_sli.h: SLIs that count what metrics say.
//
// Room     slo
// Uses     model/
// Threads  immutable values
// Units    thresholds are in the metric's unit, as its name in Prometheus says it
// Source   DESIGN section 4, "Sources"; docs/metrics_sli.md
#pragma once

#include <optional>
#include <string>

#include "model/series_selector.h"

namespace slowburn::slo {

// Events are the increments of counters. Two of the three are set; the third follows from them.
struct CounterSli {
  std::optional<model::SeriesSelector> good;
  std::optional<model::SeriesSelector> bad;
  std::optional<model::SeriesSelector> total;
};

// Events are the values that a histogram counts; those at or under `max` are good.
struct HistogramSli {
  model::SeriesSelector metric;
  double max = 0;
};

// An event is a slice in which a series has a sample; it is good when all of its samples are.
struct GaugeSli {
  enum class Test { kNotZero, kAtMost, kAtLeast };
  model::SeriesSelector metric;
  Test test = Test::kNotZero;
  double threshold = 0;  // of kAtMost and kAtLeast

  bool IsGood(double value) const;
};

// Nanoseconds in the unit of time that a metric's name ends in, as Prometheus writes it
// ("_seconds", also before "_bucket" and "_count"); nothing where it says none.
std::optional<double> NanosPerUnit(const model::SeriesSelector& metric);

// "counter bad={...} total={...}": equal for SLIs that count the same.
std::string CanonicalText(const CounterSli& sli);
std::string CanonicalText(const HistogramSli& sli);
std::string CanonicalText(const GaugeSli& sli);

}  // namespace slowburn::slo
