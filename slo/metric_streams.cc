#include "slo/metric_streams.h"

#include <algorithm>

#include "base/mutant.h"
#include "slo/internal/slice_tally.h"
#include "slo/spread.h"

namespace slowburn::slo {
namespace {

using std::chrono::sys_seconds;

constexpr uint64_t kNanosPerSecond = 1'000'000'000;
constexpr uint64_t kNanosPerMilli = 1'000'000;
// An increment reaches so far back from its point: a point older than max_late less this is too
// late, so that none of its slices is.
constexpr std::chrono::seconds kReach = kSpreadMax + 2 * kSliceLength;
constexpr uint32_t kHeardAgainSeconds = 3600;
constexpr size_t kLooksPerCall = 4096;

uint64_t NanosAt(sys_seconds time) {
  return static_cast<uint64_t>(time.time_since_epoch().count()) * kNanosPerSecond;
}

// Moves an eighth towards each value, so that it settles where half of them are larger.
uint32_t MovedTowards(uint32_t current, uint64_t value) {
  const auto target = static_cast<uint32_t>(std::min<uint64_t>(value, UINT32_MAX / 2));
  if (current == 0) return std::max<uint32_t>(target, 1);
  const uint32_t step = std::max<uint32_t>(current / 8, 1);
  return target > current ? std::min(target, current + step)
                          : std::max(target, current > step ? current - step : 1u);
}

bool IsEstimate(const MetricStream& stream) {
  if (const auto* cumulative = std::get_if<CumulativeStream>(&stream.points))
    return !cumulative->points.empty() && !cumulative->points.back().is_exact;
  if (const auto* delta = std::get_if<DeltaStream>(&stream.points)) return !delta->last.is_exact;
  return false;
}

}  // namespace

uint64_t MetricStream::newest() const {
  return std::visit([](const auto& stream) { return stream.newest(); }, points);
}

// --- planning

class MetricStreams::Planner {
 public:
  Planner(const MetricStreams& streams, sys_seconds now)
      : known_(streams),
        now_seconds_(static_cast<uint32_t>(now.time_since_epoch().count())),
        oldest_(NanosAt(
            now -
            std::min(streams.options_.max_late, std::chrono::seconds(now.time_since_epoch())) +
            kReach)) {}

  void Add(const Request& request) {
    plan_.tally.invalid += request.delta->invalid;
    auto left_out = request.left_out.begin();
    for (const MetricObservation& observation : request.delta->observations()) {
      if (known_.waiting_.contains(observation.sli)) continue;
      while (left_out != request.left_out.end() && *left_out < observation.position) ++left_out;
      if (left_out != request.left_out.end() && *left_out == observation.position) continue;
      Place(observation, request.delta->key(observation), request.delta->latencies(observation));
    }
  }

  Plan Finish() {
    for (const auto& [history, stream] : taken_over_) {
      if (plan_.streams[by_stream_.at(stream)].second.heard_seconds != 0)
        plan_.taken_over.push_back(history);
    }
    std::erase_if(plan_.streams, [](const auto& entry) { return entry.second.heard_seconds == 0; });
    plan_.counts = counts_.Take();
    plan_.around.assign(around_.begin(), around_.end());
    return std::move(plan_);
  }

 private:
  // It is forgotten from then on, whether ForgetSilent has come to it or not.
  bool IsSilent(uint32_t heard_seconds) const {
    return known_.IsSilent(heard_seconds, sys_seconds(std::chrono::seconds(now_seconds_)));
  }

  // The planned state, or that of the table, to be changed. Null: there are too many.
  MetricStream* StreamOf(const MetricObservation& observation) {
    const auto [at, is_first] = by_stream_.try_emplace(observation.stream, plan_.streams.size());
    if (!is_first) return &plan_.streams[at->second].second;
    MetricStream stream;
    const auto known = known_.streams_.find(observation.stream);
    const bool is_known = known != known_.streams_.end();
    if (is_known && !IsSilent(known->second.heard_seconds)) {
      stream = known->second;
    } else if (const MetricStream* history = is_known ? nullptr : TakeOver(observation);
               history != nullptr) {
      stream = *history;
    } else if (!is_known && known_.streams_.size() + new_streams_ >= known_.options_.streams_max) {
      by_stream_.erase(at);
      return nullptr;
    } else {
      if (!is_known) ++new_streams_;
      stream.sli = observation.sli;
      if (observation.kind == ObservationKind::kDelta) stream.points = DeltaStream();
      if (observation.kind == ObservationKind::kGauge) stream.points = GaugeStream();
    }
    if (std::exchange(stream.is_of_history, false)) GoOn(observation, stream);
    stream.heard_seconds = 0;  // Until something is counted.
    plan_.streams.emplace_back(observation.stream, std::move(stream));
    return &plan_.streams.back().second;
  }

  // What history has of the series under another key, if nobody goes on with it yet.
  const MetricStream* TakeOver(const MetricObservation& observation) {
    const StreamKey& key = observation.stored_stream;
    if (key == StreamKey{} || key == observation.stream) return nullptr;
    const auto history = known_.streams_.find(key);
    if (history == known_.streams_.end() || !history->second.is_of_history) return nullptr;
    if (!taken_over_.emplace(key, observation.stream).second) return nullptr;
    return &history->second;
  }

  // Labels do not say what the points do.
  static void GoOn(const MetricObservation& observation, MetricStream& stream) {
    auto* const cumulative = std::get_if<CumulativeStream>(&stream.points);
    if (cumulative == nullptr) return;
    if (observation.kind == ObservationKind::kDelta) {
      stream.points = DeltaStream::CoveredUntil(cumulative->newest());
      return;
    }
    // A bucket that is a counter has no bounds but its own.
    for (CounterPoint& point : cumulative->points) {
      if (!observation.effect.has_good) point.layout = observation.point.layout;
    }
  }

  // Null: there are too many.
  MetricSource* SourceOf(const MetricSourceKey& key) {
    const auto [at, is_first] = by_source_.try_emplace(key, plan_.sources.size());
    if (!is_first) return &plan_.sources[at->second].second;
    const auto known = known_.sources_.find(key);
    if (known == known_.sources_.end() &&
        known_.sources_.size() + plan_.sources.size() >= 2 * known_.options_.streams_max) {
      by_source_.erase(at);
      return nullptr;
    }
    // An SLI keeps its beginning: what was before it is known not to be its own.
    const bool is_kept = known != known_.sources_.end() &&
                         (key.writer == 0 || !IsSilent(known->second.heard_seconds));
    plan_.sources.emplace_back(key, is_kept ? known->second : MetricSource());
    return &plan_.sources.back().second;
  }

  // 0: nobody has heard of it.
  uint64_t SinceOfHistory(const MetricObservation& observation) const {
    const auto known =
        known_.sources_.find(MetricSourceKey{observation.sli, observation.stored_writer});
    return observation.stored_writer == 0 || known == known_.sources_.end() ? 0
                                                                            : known->second.since;
  }

  void Hear(MetricSource& source, uint64_t time) const {
    if (source.since == 0 || time < source.since) source.since = time;
    if (now_seconds_ > source.heard_seconds + kHeardAgainSeconds || source.heard_seconds == 0)
      source.heard_seconds = now_seconds_;
  }

  void Place(const MetricObservation& observation, std::string_view key,
             const MetricLatencies* latencies) {
    const uint64_t time = observation.point.time;
    if (time < oldest_) {
      ++plan_.tally.too_late;
      return;
    }
    MetricStream* stream = StreamOf(observation);
    MetricSource* sli = SourceOf({observation.sli, 0});
    if (sli != nullptr) Hear(*sli, time);
    // Found anew: a vector may have moved.
    MetricSource* writer = SourceOf({observation.sli, observation.writer});
    if (stream == nullptr || writer == nullptr || sli == nullptr) {
      ++plan_.tally.untracked;
      return;
    }
    if (writer->since == 0) writer->since = SinceOfHistory(observation);
    const uint64_t newest = stream->newest();
    const FirstValueRule rule{.sli_since = SourceOf({observation.sli, 0})->since,
                              .writer_since = writer->since};
    Hear(*writer, time);
    if (!PlacePoint(observation, key, rule, *stream)) return;
    stream->heard_seconds = now_seconds_;
    if (!observation.point.is_exact) around_[observation.sli] = observation.around;
    if (observation.kind == ObservationKind::kDelta) {
      stream->latencies.reset();
      if (latencies != nullptr) CountLatencies(observation, key, *latencies);
    } else if (time > newest) {
      PlaceLatencies(observation, key, latencies, *stream);
    }
    if (newest != 0 && time > newest) {
      MetricSource& source = *SourceOf({observation.sli, 0});
      source.interval_millis =
          MovedTowards(source.interval_millis, (time - newest) / kNanosPerMilli);
    }
  }

  bool PlacePoint(const MetricObservation& observation, std::string_view key,
                  const FirstValueRule& rule, MetricStream& stream) {
    MetricTally& tally = plan_.tally;
    if (observation.kind == ObservationKind::kGauge) {
      auto& gauge = std::get<GaugeStream>(stream.points);
      const uint64_t counted = tally.counted;
      const GaugeStream::Change change =
          gauge.Place(observation.point.time, observation.is_bad, tally);
      counts_.Add(observation.sli, key, change, observation.point.time);
      return tally.counted > counted;
    }
    const bool is_delta = observation.kind == ObservationKind::kDelta;
    if (is_delta != std::holds_alternative<DeltaStream>(stream.points)) {
      if (observation.point.time <= stream.newest() || SB_MUTANT("change_is_refused")) {
        ++tally.out_of_order;
        return false;
      }
      // Only a point that counts changes anything.
      MetricStream anew = stream;
      anew.latencies.reset();
      const uint64_t covered_until = SB_MUTANT("change_covers_nothing") ? 0 : stream.newest();
      if (is_delta) {
        anew.points = DeltaStream::CoveredUntil(covered_until);
      } else {
        anew.points.emplace<CumulativeStream>().covered_until = covered_until;
      }
      if (!PlacePoint(observation, key, rule, anew)) return false;
      stream = std::move(anew);
      ++tally.temporality_changes;
      return true;
    }
    increments_.clear();
    const bool counted =
        is_delta ? std::get<DeltaStream>(stream.points).Place(observation.point, increments_, tally)
                 : std::get<CumulativeStream>(stream.points)
                       .Place(observation.point, rule, increments_, tally);
    for (const Increment& increment : increments_)
      counts_.Add(observation.sli, key, increment, observation.effect);
    return counted;
  }

  // The newest point of a cumulative series: what came since the one before, as far as it counted.
  void PlaceLatencies(const MetricObservation& observation, std::string_view key,
                      const MetricLatencies* latencies, MetricStream& stream) {
    const std::optional<MetricLatencies> before = std::move(stream.latencies);
    stream.latencies.reset();
    if (latencies == nullptr) return;
    stream.latencies = *latencies;
    const uint64_t counted = NewestIncrement(observation).total;
    if (counted == observation.point.total.whole) {
      CountLatencies(observation, key, *latencies);
    } else if (const auto since = before.has_value() ? latencies->Since(*before) : std::nullopt) {
      CountLatencies(observation, key, *since);
    } else {
      plan_.tally.without_latency += counted;
    }
  }

  void CountLatencies(const MetricObservation& observation, std::string_view key,
                      const MetricLatencies& latencies) {
    const Increment increment = NewestIncrement(observation);
    if (increment.total == 0) return;
    counts_.Add(observation.sli, key, increment, latencies.histogram);
    MetricSource& sli = *SourceOf({observation.sli, 0});
    sli.latency_coarseness = std::max(sli.latency_coarseness, latencies.coarseness);
  }

  // Of those that the last point brought, the one that ends there.
  Increment NewestIncrement(const MetricObservation& observation) const {
    for (const Increment& increment : increments_) {
      if (!increment.is_taken_back && increment.to == observation.point.time) return increment;
    }
    return {};
  }

  const MetricStreams& known_;
  const uint32_t now_seconds_;
  const uint64_t oldest_;
  Plan plan_;
  internal::SliceTally counts_;
  absl::flat_hash_map<StreamKey, size_t> by_stream_;        // where in plan_.streams
  absl::flat_hash_map<MetricSourceKey, size_t> by_source_;  // where in plan_.sources
  absl::flat_hash_map<StreamKey, StreamKey> taken_over_;    // of history, by whom
  size_t new_streams_ = 0;
  std::vector<Increment> increments_;
  absl::flat_hash_map<SliId, BucketBounds> around_;
};

MetricStreams::Plan MetricStreams::MakePlan(std::span<const Request> requests,
                                            sys_seconds now) const {
  Planner planner(*this, now);
  for (const Request& request : requests) planner.Add(request);
  Plan plan = planner.Finish();
  std::erase_if(plan.sources, [&](const auto& entry) {
    const auto known = sources_.find(entry.first);
    return known != sources_.end() && known->second == entry.second;
  });
  return plan;
}

// --- live and on replay

void MetricStreams::Apply(const StreamKey& key, MetricStream stream) {
  CountEstimating(stream, true);
  const auto [at, is_new] = streams_.try_emplace(key);
  if (is_new) {
    rounds_.push_back(key);
  } else {
    CountEstimating(at->second, false);
  }
  at->second = std::move(stream);
  changed_streams_.insert(key);
}

void MetricStreams::CountEstimating(const MetricStream& stream, bool is_there) {
  if (!IsEstimate(stream)) return;
  if (is_there) {
    ++estimating_[stream.sli];
  } else if (const auto at = estimating_.find(stream.sli); --at->second == 0) {
    estimating_.erase(at);
  }
}

void MetricStreams::Apply(const MetricSourceKey& key, const MetricSource& source) {
  const auto [at, is_new] = sources_.insert_or_assign(key, source);
  if (is_new) source_rounds_.push_back(key);
  changed_sources_.insert(key);
}

void MetricStreams::Apply(const Plan& plan) {
  for (const auto& [key, stream] : plan.streams) Apply(key, stream);
  for (const auto& [key, source] : plan.sources) Apply(key, source);
  for (const auto& [sli, around] : plan.around) around_[sli] = around;
  for (const StreamKey& key : plan.taken_over) Forget(key);
}

// It stays in the rounds until they come to it.
void MetricStreams::Forget(const StreamKey& key) {
  const auto at = streams_.find(key);
  if (at == streams_.end()) return;
  CountEstimating(at->second, false);
  streams_.erase(at);
  changed_streams_.insert(key);
}

// --- time

bool MetricStreams::IsSilent(uint32_t heard_seconds, sys_seconds now) const {
  if (SB_MUTANT("never_forgotten")) return false;
  return now - sys_seconds(std::chrono::seconds(heard_seconds)) > options_.silence_max;
}

void MetricStreams::ForgetSilent(sys_seconds now) {
  const auto look = [&](auto& rounds, auto& known, auto& changed, auto keep, auto forget) {
    for (size_t left = std::min(kLooksPerCall, rounds.size()); left > 0; --left) {
      const auto key = rounds.front();
      rounds.pop_front();
      const auto at = known.find(key);
      if (at == known.end()) continue;
      if (keep(key) || !IsSilent(at->second.heard_seconds, now)) {
        rounds.push_back(key);
        continue;
      }
      forget(at->second);
      known.erase(at);
      changed.insert(key);
    }
  };
  look(
      rounds_, streams_, changed_streams_, [](const StreamKey&) { return false; },
      [&](const MetricStream& stream) { CountEstimating(stream, false); });
  look(
      source_rounds_, sources_, changed_sources_,
      [](const MetricSourceKey& key) { return key.writer == 0; }, [](const MetricSource&) {});
}

std::optional<std::chrono::milliseconds> MetricStreams::PointInterval(SliId sli) const {
  const auto found = sources_.find(MetricSourceKey{sli, 0});
  if (found == sources_.end() || found->second.interval_millis == 0) return std::nullopt;
  return std::chrono::milliseconds(found->second.interval_millis);
}

std::optional<MetricSource> MetricStreams::SourceOf(SliId sli) const {
  const auto found = sources_.find(MetricSourceKey{sli, 0});
  if (found == sources_.end()) return std::nullopt;
  return found->second;
}

std::optional<BucketBounds> MetricStreams::Around(SliId sli) const {
  const auto found = around_.find(sli);
  if (found == around_.end()) return std::nullopt;
  return found->second;
}

double MetricStreams::LatencyError(SliId sli) const {
  const auto found = sources_.find(MetricSourceKey{sli, 0});
  return LatencyErrorOf(found == sources_.end() ? 0 : found->second.latency_coarseness);
}

size_t MetricStreams::memory_bytes() const {
  constexpr size_t kStreamBytes = sizeof(StreamKey) + sizeof(MetricStream) +
                                  CumulativeStream::kPointsMax * sizeof(CounterPoint) +
                                  sizeof(StreamKey);  // its place in the rounds
  return streams_.size() * kStreamBytes +
         sources_.size() * (sizeof(MetricSource) + 2 * sizeof(MetricSourceKey)) +
         changed_streams_.capacity() * sizeof(StreamKey) +
         changed_sources_.capacity() * sizeof(MetricSourceKey);
}

// --- checkpoints

void MetricStreams::VisitChanged(
    const std::function<void(const StreamKey&, const MetricStream*)>& stream,
    const std::function<void(const MetricSourceKey&, const MetricSource*)>& source) const {
  for (const StreamKey& key : changed_streams_) {
    const auto found = streams_.find(key);
    stream(key, found == streams_.end() ? nullptr : &found->second);
  }
  for (const MetricSourceKey& key : changed_sources_) {
    const auto found = sources_.find(key);
    source(key, found == sources_.end() ? nullptr : &found->second);
  }
}

void MetricStreams::MarkClean() {
  changed_streams_.clear();
  changed_sources_.clear();
}

}  // namespace slowburn::slo
