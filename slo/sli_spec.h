// slo/sli_spec.h: which events an SLO counts, and which of them are bad.
//
// Room     slo
// Uses     model/, ottl/, slo/
// Threads  immutable values
// Units    latencies are chrono nanoseconds
// Source   DESIGN section 4, "Exact meanings"
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/signal.h"
#include "ottl/condition.h"
#include "slo/composite.h"
#include "slo/metric_sli.h"
#include "slo/slice.h"

namespace slowburn::slo {

// An event is a span (kTraces) or a log record (kLogs) for which `match` is true. Of `bad`, `good`,
// `latency_max` at least one is set, all conditions in the signal's context:
//   bad alone         bad when true, else good
//   good alone        good when true, else bad
//   both              neither: not counted; both true: bad
//   latency_max       of spans: bad when the span lasted longer; with `bad` beside it, bad if
//   either; `good` cannot stand beside it
struct EventSli {
  model::Signal signal = model::Signal::kTraces;
  ottl::Condition match;
  std::optional<ottl::Condition> bad;
  std::optional<ottl::Condition> good;
  std::optional<std::chrono::nanoseconds> latency_max;
};

struct SliSpec {
  std::variant<EventSli, CounterSli, HistogramSli, GaugeSli, CompositeSli> source;
  // Names: one budget per combination of their values. Each is an attribute of the event, or of its
  // resource where the event has none; with metrics a label of the series, or an attribute of its
  // resource.
  std::vector<std::string> group_by;

  const EventSli* events() const { return std::get_if<EventSli>(&source); }
  // It counts nothing itself.
  const CompositeSli* composite() const { return std::get_if<CompositeSli>(&source); }
  // Whether it counts what metrics say.
  bool reads_metrics() const { return events() == nullptr && composite() == nullptr; }
  const HistogramSli* histogram() const { return std::get_if<HistogramSli>(&source); }
  // How long an event may take to be good, where that tells good and bad apart.
  struct Latency {
    std::chrono::duration<double> max{0};
    double nanos_per_unit = 1;  // of what its latency histograms hold
  };
  std::optional<Latency> latency() const;
  // The identity: equal for SLIs that count the same, however they are written. Counts are kept
  // under it.
  std::string CanonicalText() const;
};

// An SLI by the id under which its counts are kept.
struct IdentifiedSli {
  SliId id{};
  const SliSpec* spec = nullptr;
};

}  // namespace slowburn::slo
