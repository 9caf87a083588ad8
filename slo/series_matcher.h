// slo/series_matcher.h: samples of series, as a remote write brings them -> observations of the
// series that SLIs select.
//
// Room     slo
// Uses     model/, slo/
// Threads  immutable; Match from any thread, each with its own Scratch
// Units    unix milliseconds
// Source   docs/metrics_sli.md
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <absl/container/flat_hash_map.h>
#include <absl/functional/function_ref.h>

#include "model/label_set.h"
#include "model/series_batch.h"
#include "slo/metric_delta.h"
#include "slo/sli_spec.h"

namespace slowburn::slo {

// One generation of counter and gauge SLIs. A series is what its name says, since nobody else says
// it: what a counter's selector selects is cumulative, without a start, so it begins anew where its
// value falls; x_count and x_bucket{le} are such counters. Selectors are evaluated once for each
// series: who comes again is known by the hash of its labels, which are not read then.
class SeriesMatcher {
 public:
  struct Options {
    size_t series_per_thread_max = 262'144;  // more: all are looked at anew
  };
  // Distinct SLIs; others than counters and gauges are left out. The specs are read now.
  SeriesMatcher(std::span<const IdentifiedSli> slis, Options options);
  explicit SeriesMatcher(std::span<const IdentifiedSli> slis) : SeriesMatcher(slis, Options()) {}
  ~SeriesMatcher();
  SeriesMatcher(const SeriesMatcher&) = delete;
  SeriesMatcher& operator=(const SeriesMatcher&) = delete;

  bool empty() const { return bindings_.empty(); }

  // Working memory of one thread, for one matcher.
  class Scratch {
   public:
    Scratch();
    ~Scratch();

   private:
    friend class SeriesMatcher;
    struct Cache;
    std::unique_ptr<Cache> cache_;
  };

  // The labels of a series of the batch; false: they are none.
  using ReadLabels =
      absl::FunctionRef<bool(const model::SeriesBatch::Series& series, model::LabelSet& labels)>;

  // Of floats; `position` is among the samples of the batch. Stale markers are no samples, and what
  // is later than `latest_ms` is left out.
  MetricDelta Match(const model::SeriesBatch& batch, int64_t latest_ms, ReadLabels read_labels,
                    Scratch& scratch) const;

 private:
  struct Binding;
  struct SeriesMatch;
  struct Series;

  Series MakeSeries(const model::LabelSet& labels) const;
  void Observe(const model::Sample& sample, uint32_t position, const Series& series,
               MetricDelta& delta) const;

  Options options_;
  std::vector<Binding> bindings_;
  // By the metric name that a selector pins; and those that pin none.
  absl::flat_hash_map<std::string, std::vector<uint32_t>> by_name_;
  std::vector<uint32_t> by_other_;
};

}  // namespace slowburn::slo
