// slo/metric_streams.h: the state of every metric series that an SLI reads, from which points
// become counts.
//
// Room     slo
// Uses     slo/
// Threads  one thread at a time
// Units    unix nanoseconds; events
// Source   docs/metrics_sli.md; faults 10 to 15
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include "slo/cumulative_stream.h"
#include "slo/delta_stream.h"
#include "slo/gauge_stream.h"
#include "slo/metric_delta.h"
#include "slo/sli_delta.h"

namespace slowburn::slo {

// One series, as one SLI reads it.
struct MetricStream {
  SliId sli{};
  uint32_t heard_seconds = 0;  // unix time of the commit that last changed it
  // It was made of what a store has of the series, under MetricObservation::stored_stream: its next
  // point goes on from there, under whatever key it comes.
  bool is_of_history = false;
  std::variant<CumulativeStream, DeltaStream, GaugeStream> points;
  // Of a cumulative exponential histogram, as of its newest point.
  std::optional<MetricLatencies> latencies;

  uint64_t newest() const;  // time of the newest point
  friend bool operator==(const MetricStream&, const MetricStream&) = default;
};

// Who is known since when: an SLI (writer 0), or a writer of series that it reads.
struct MetricSourceKey {
  SliId sli{};
  uint64_t writer = 0;
  friend auto operator<=>(const MetricSourceKey&, const MetricSourceKey&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const MetricSourceKey& key) {
    return H::combine(std::move(h), key.sli, key.writer);
  }
};
struct MetricSource {
  uint64_t since = 0;            // time of its first point
  uint32_t heard_seconds = 0;    // unix time of a commit, at most an hour before the last one
  uint32_t interval_millis = 0;  // of an SLI: what its points are apart, mostly
  // Of an SLI: the coarsest MetricLatencies that were counted.
  uint32_t latency_coarseness = 0;
  friend bool operator==(const MetricSource&, const MetricSource&) = default;
};

// Like SliTable: Plan changes nothing, the caller makes the plan durable, Apply makes it true;
// replay applies the same states. A series is forgotten after a day of silence.
class MetricStreams {
 public:
  struct Options {
    std::chrono::seconds max_late{24 * 3600};
    // Points of more series, and of more writers, are not counted.
    size_t streams_max = 200'000;
    std::chrono::seconds silence_max{24 * 3600};
  };
  explicit MetricStreams(Options options) : options_(options) {}

  // One request: its observations but those at these positions, which came before or are refused.
  struct Request {
    const MetricDelta* delta = nullptr;
    std::vector<uint32_t> left_out;  // ascending
  };
  // Absolute states of what changes, and what it adds to the counts.
  struct Plan {
    SliDelta counts;  // for SliTable::Plan at the same time
    std::vector<std::pair<StreamKey, MetricStream>> streams;
    std::vector<std::pair<MetricSourceKey, MetricSource>> sources;
    std::vector<StreamKey> taken_over;                   // of history: others go on with them
    std::vector<std::pair<SliId, BucketBounds>> around;  // to be shown
    MetricTally tally;
    bool empty() const { return streams.empty() && sources.empty(); }  // nothing changes
  };
  Plan MakePlan(std::span<const Request> requests, std::chrono::sys_seconds now) const;
  // Live, on replay and on restore.
  void Apply(const StreamKey& key, MetricStream stream);
  void Apply(const MetricSourceKey& key, const MetricSource& source);
  void Apply(const Plan& plan);
  void Forget(const StreamKey& key);

  // Points of these SLIs are passed over: what is before them is not known yet.
  void set_waiting(absl::flat_hash_set<SliId> slis) { waiting_ = std::move(slis); }
  // Of the SLI; nothing while no point was read.
  std::optional<MetricSource> SourceOf(SliId sli) const;

  // Looks at some of the series, round and round, and forgets those that are silent. Call it each
  // second.
  void ForgetSilent(std::chrono::sys_seconds now);

  // What the points of this SLI's series are apart, mostly; nothing while that is not known.
  std::optional<std::chrono::milliseconds> PointInterval(SliId sli) const;
  // Whether the newest point of some histogram of this SLI was counted by an estimate: its
  // threshold is none of the bounds.
  bool IsInterpolated(SliId sli) const { return estimating_.contains(sli); }
  // The bounds that the threshold lies between, as the last such point had them; nothing since the
  // last start.
  std::optional<BucketBounds> Around(SliId sli) const;
  // How far percentiles of this SLI may be away from an event, as a share of it.
  double LatencyError(SliId sli) const;
  size_t size() const { return streams_.size(); }
  // For so many series more.
  size_t room() const { return options_.streams_max - std::min(options_.streams_max, size()); }
  size_t memory_bytes() const;

  // --- checkpoint: what changed since MarkClean; null: forgotten
  bool HasChanges() const { return !changed_streams_.empty() || !changed_sources_.empty(); }
  void VisitChanged(
      const std::function<void(const StreamKey&, const MetricStream*)>& stream,
      const std::function<void(const MetricSourceKey&, const MetricSource*)>& source) const;
  // After the checkpoint is written; after Restore as well.
  void MarkClean();

 private:
  class Planner;

  bool IsSilent(uint32_t heard_seconds, std::chrono::sys_seconds now) const;
  void CountEstimating(const MetricStream& stream, bool is_there);

  Options options_;
  absl::flat_hash_map<StreamKey, MetricStream> streams_;
  absl::flat_hash_map<MetricSourceKey, MetricSource> sources_;
  absl::flat_hash_map<SliId, uint32_t> estimating_;  // series; never 0
  absl::flat_hash_map<SliId, BucketBounds> around_;
  absl::flat_hash_set<SliId> waiting_;
  absl::flat_hash_set<StreamKey> changed_streams_;
  absl::flat_hash_set<MetricSourceKey> changed_sources_;
  // The order in which ForgetSilent looks: each is there once.
  std::deque<StreamKey> rounds_;
  std::deque<MetricSourceKey> source_rounds_;
};

}  // namespace slowburn::slo
