// slo/matcher.h: spans and log records -> what they add to the counts of every SLI.
//
// Room     slo
// Uses     model/, ottl/, slo/
// Threads  immutable; Match from any thread, each with its own Scratch
// Units    events
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "model/attribute_projection.h"
#include "model/item_cursor.h"
#include "model/log_batch.h"
#include "model/span_batch.h"
#include "slo/delta_index.h"
#include "slo/metric_matcher.h"
#include "slo/series_matcher.h"
#include "slo/sli_delta.h"
#include "slo/sli_spec.h"

namespace slowburn::slo {

// The SLIs of one signal in one generation. An SLI that pins resource.attributes["service.name"] is
// found by that name, and conditions on the resource alone are decided once per resource: the cost
// of an item follows the SLIs that apply to its service, not all SLIs.
template <typename Batch>
class Matcher {
 public:
  // Distinct SLIs, of which those of this signal are taken; the specs are read now and not kept.
  explicit Matcher(std::span<const IdentifiedSli> slis);
  ~Matcher();
  Matcher(const Matcher&) = delete;
  Matcher& operator=(const Matcher&) = delete;

  // What a batch must be decoded with.
  const model::AttributeProjection& projection() const { return projection_; }

  // Working memory of one thread, for one Matcher.
  class Scratch {
   public:
    explicit Scratch(const Matcher& matcher);
    ~Scratch();

   private:
    friend class Matcher;
    struct Memo;
    model::ItemCursor<typename Batch::Item> cursor_;
    std::vector<uint32_t> active_;  // SLIs that apply to the current resource
    std::vector<Memo> memos_;       // per SLI: the entry of its last event, if it has no groups
    std::vector<Memo> of_groups_;   // entries of the last events of the others, by SLI and group
    DeltaIndex index_;
    std::string key_;
    LatencyTally latencies_;
  };

  // An item without a time counts at `received`.
  SliDelta Match(const Batch& batch, std::chrono::sys_seconds received, Scratch& scratch) const;

 private:
  using Cursor = model::ItemCursor<typename Batch::Item>;
  struct Compiled;
  void Activate(Scratch& scratch) const;
  void ActivateIfResourceMatches(uint32_t sli, Scratch& scratch) const;
  void CountItem(std::chrono::sys_seconds received, Scratch& scratch, SliDelta& delta) const;
  uint32_t EntryFor(uint32_t sli, Slice slice, Scratch& scratch, SliDelta& delta) const;

  model::AttributeProjection projection_;
  int service_slot_;
  std::vector<Compiled> slis_;
  absl::flat_hash_map<std::string, std::vector<uint32_t>> by_service_;
  std::vector<uint32_t> anywhere_;  // SLIs that pin no service
};

using SpanMatcher = Matcher<model::SpanBatch>;
using LogMatcher = Matcher<model::LogBatch>;
extern template class Matcher<model::SpanBatch>;
extern template class Matcher<model::LogBatch>;

// One generation of SLIs.
struct Matchers {
  explicit Matchers(std::span<const IdentifiedSli> slis)
      : spans(slis), logs(slis), metrics(slis), series(slis) {}

  SpanMatcher spans;
  LogMatcher logs;
  MetricMatcher metrics;
  SeriesMatcher series;  // of a remote write
};

}  // namespace slowburn::slo
