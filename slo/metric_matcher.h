// slo/metric_matcher.h: metric points -> observations of the series that SLIs select.
//
// Room     slo
// Uses     model/, slo/
// Threads  immutable; Match from any thread, each with its own Scratch
// Units    none
// Source   docs/metrics_sli.md
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "model/label_set.h"
#include "model/metric_batch.h"
#include "slo/metric_delta.h"
#include "slo/sli_spec.h"

namespace slowburn::slo {
namespace internal {
class SeriesView;
}

// One generation of SLIs. A metric is first looked up by its name and type: most are of no SLI, and
// cost that one lookup. Selectors are evaluated once for each series, and what they say is kept: a
// point of a series that was seen before costs another lookup.
//
// Which names select what, for a metric that is x in Prometheus:
//   sum that is monotonic, gauge    x for counters (a gauge: a counter whose type nobody knows)
//   gauge, sum that is no delta     x for gauges
//   histogram                       x, x_bucket, x_count for histograms; x_count and
//   x_bucket{le=...}
//                                   for counters
//   exponential histogram           x, x_bucket, x_count for histograms; x_count for counters
//   summary                         x_count for counters
class MetricMatcher {
 public:
  struct Options {
    size_t metrics_per_thread_max = 8'192;   // names and types that are kept
    size_t series_per_thread_max = 131'072;  // more of either: all are looked at anew
  };
  // Distinct SLIs; those that read no metrics are left out. The specs are read now and not kept.
  MetricMatcher(std::span<const IdentifiedSli> slis, Options options);
  explicit MetricMatcher(std::span<const IdentifiedSli> slis) : MetricMatcher(slis, Options()) {}
  ~MetricMatcher();
  MetricMatcher(const MetricMatcher&) = delete;
  MetricMatcher& operator=(const MetricMatcher&) = delete;

  bool empty() const { return bindings_.empty(); }

  // Working memory of one thread, for one matcher.
  class Scratch {
   public:
    Scratch();
    ~Scratch();

   private:
    friend class MetricMatcher;
    struct Caches;
    std::unique_ptr<Caches> caches_;
  };

  MetricDelta Match(const model::MetricBatch& batch, Scratch& scratch) const;

 private:
  struct Binding;
  struct Candidate;
  struct Candidates;
  struct Series;
  struct SeriesMatch;
  struct Place;
  class Around;

  const Candidates* CandidatesOf(const model::Metric& metric, Scratch& scratch) const;
  Candidates FindCandidates(const model::Metric& metric) const;
  void AddCandidates(std::string_view name, const model::Metric& metric, int part,
                     Candidates& found) const;
  Series& SeriesOf(const Place& place, const Candidates& candidates, Around& around,
                   Scratch& scratch) const;
  Series MakeSeries(const Place& place, const Candidates& candidates, Around& around) const;
  // As a store has what the binding reads of it; nothing where that may be several series.
  static std::optional<model::LabelSet> StoredLabels(const model::Metric& metric,
                                                     const Binding& binding, int part,
                                                     const internal::SeriesView& view);
  void Observe(const Place& place, SeriesMatch& match, uint64_t writer, MetricDelta& delta) const;

  Options options_;
  std::vector<Binding> bindings_;
  // By the metric name that a selector pins; and those that pin none.
  absl::flat_hash_map<std::string, std::vector<uint32_t>> by_name_;
  std::vector<uint32_t> by_other_;
};

}  // namespace slowburn::slo
