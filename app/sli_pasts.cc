#include "app/sli_pasts.h"

#include <algorithm>
#include <limits>

#include "app/internal/count_records.h"
#include "app/internal/metric_records.h"
#include "base/status.h"
#include "storage/api/keys.h"

namespace slowburn::app {
namespace {

using slo::Slice;
using slo::SliceRange;
using slo::SliId;
using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr std::chrono::hours kDay{24};

}  // namespace

const SliPasts::Past* SliPasts::Find(SliId sli) const {
  const auto found = pasts_.find(sli);
  return found == pasts_.end() ? nullptr : &found->second;
}

std::vector<std::pair<SliId, const slo::SloSpec*>> SliPasts::InForce() const {
  std::vector<std::pair<SliId, const slo::SloSpec*>> in_force;
  const slo::SloSet& slos = *engine_.slos();
  for (size_t i = 0; i < slos.size(); ++i) {
    if (slos[i].sli.reads_metrics()) in_force.emplace_back(engine_.sli_of(i), &slos[i]);
  }
  std::ranges::stable_sort(in_force, {}, [](const auto& one) { return one.first; });
  const auto twins = std::ranges::unique(in_force, {}, [](const auto& one) { return one.first; });
  in_force.erase(twins.begin(), twins.end());
  return in_force;
}

// Whole hours.
Slice SliPasts::GoesBackTo(SliId sli, sys_seconds now) const {
  seconds longest{0};
  for (const slo::ViewedWindow& window : engine_.table().windows(sli))
    longest = std::max(longest, window.window().longest());
  const sys_seconds begin = now - std::min<seconds>(longest + kDay, retention_);
  if (begin <= sys_seconds{}) return 0;
  return slo::SliceOf(begin) / slo::kSlicesPerHour * slo::kSlicesPerHour;
}

std::optional<slo::PastStatus> SliPasts::StatusOf(SliId sli, sys_seconds now) const {
  const Past* const past = Find(sli);
  if (past == nullptr) return std::nullopt;
  slo::PastStatus status;
  const Slice goes_back_to = GoesBackTo(sli, now);
  status.goes_back_to = slo::SliceStart(goes_back_to);
  status.state = past->is_waiting()                  ? slo::PastStatus::State::kWaiting
                 : past->counted_from > goes_back_to ? slo::PastStatus::State::kCounting
                                                     : slo::PastStatus::State::kCounted;
  if (!past->is_waiting()) status.counted_from = slo::SliceStart(past->counted_from);
  for (const SliceRange& range : past->left_out)
    status.left_out.emplace_back(slo::SliceStart(range.begin), slo::SliceStart(range.end));
  return status;
}

void SliPasts::PlanNew(const slo::SloSet& slos, store::v1::LogRecord& record) const {
  std::map<std::string, SliId, std::less<>> registered;
  for (const store::v1::SliRegistration& sli : record.slis())
    registered.emplace(sli.canonical(), static_cast<SliId>(sli.sli()));
  std::set<SliId> added;
  for (const slo::SloSpec& slo : slos) {
    if (!slo.sli.reads_metrics()) continue;
    const std::string canonical = slo.sli.CanonicalText();
    const auto is_new = registered.find(canonical);
    const std::optional<SliId> sli =
        is_new != registered.end() ? is_new->second : engine_.table().Find(canonical);
    if (!sli.has_value() || pasts_.contains(*sli) || !added.insert(*sli).second) continue;
    const bool has_counted =
        is_new == registered.end() &&
        (engine_.metric_streams().SourceOf(*sli).has_value() ||
         engine_.table().counts(*sli, slo::kTotalGroup).last_event().has_value());
    if (!has_counted) record.add_pasts()->set_sli(static_cast<uint32_t>(*sli));
  }
}

void SliPasts::Apply(const store::v1::SliPast& stored) {
  const auto sli = static_cast<SliId>(stored.sli());
  Past past{.tail_from = stored.tail_from_slice(),
            .counted_from = stored.counted_from_slice(),
            .series_end = stored.series_end(),
            .edges = {},
            .left_out = {}};
  for (const store::v1::PastEdge& edge : stored.edges()) {
    past.edges.emplace(slo::StreamKey{edge.stream().high(), edge.stream().low()},
                       edge.newest_unix_nano());
  }
  for (const store::v1::SliceStretch& range : stored.left_out())
    past.left_out.push_back({range.begin(), range.end()});
  pasts_[sli] = std::move(past);
  changed_.insert(sli);
  if (deferring_ == sli) AbandonTail();
}

void SliPasts::TellEngine(sys_seconds now) {
  absl::flat_hash_set<SliId> waiting;
  for (const auto& [sli, past] : pasts_) {
    if (past.is_waiting()) waiting.insert(sli);
    engine_.SetKnownFrom(sli, past.is_waiting() ? std::numeric_limits<Slice>::max()
                              : past.counted_from > GoesBackTo(sli, now) ? past.counted_from
                                                                         : 0);
  }
  engine_.metric_streams().set_waiting(std::move(waiting));
}

// --- counting

std::optional<SliPasts::Task> SliPasts::Next(sys_seconds now) const {
  std::optional<Task> next;
  for (const auto& [sli, spec] : InForce()) {
    const Past* const past = Find(sli);
    if (past == nullptr) continue;
    const Slice goes_back_to = GoesBackTo(sli, now);
    if (!past->is_waiting() && past->counted_from <= goes_back_to) continue;
    const bool is_nearer =
        !next.has_value() || (!next->past.is_waiting() &&
                              (past->is_waiting() || past->counted_from > next->past.counted_from));
    if (is_nearer) next = Task{sli, engine_.slos(), spec, *past, goes_back_to};
  }
  return next;
}

SliPasts::Left SliPasts::left(sys_seconds now) const {
  Left left;
  for (const auto& [sli, spec] : InForce()) {
    const Past* const past = Find(sli);
    if (past == nullptr) continue;
    const Slice goes_back_to = GoesBackTo(sli, now);
    const Slice from = past->is_waiting() ? slo::SliceOf(now) : past->counted_from;
    if (from <= goes_back_to) continue;
    ++left.slis;
    left.time += (from - goes_back_to) * slo::kSliceLength;
  }
  return left;
}

void SliPasts::BeginTail(SliId sli) {
  AbandonTail();
  deferring_ = sli;
}

void SliPasts::AbandonTail() {
  deferring_.reset();
  deferred_ = {};
  deferred_bytes_ = 0;
}

void SliPasts::Defer(std::span<const Deferred> requests) {
  for (const Deferred& request : requests) {
    if (overflowed()) {
      deferred_ = {};
      return;
    }
    deferred_bytes_ += request.delta.memory_bytes() + sizeof request;
    deferred_.push_back(request);
  }
}

// As many as there is room for; points of others are untracked.
void SliPasts::PutStates(const slo::MetricStreams& streams, store::v1::LogRecord& record) const {
  size_t room = engine_.metric_streams().room();
  streams.VisitChanged(
      [&](const slo::StreamKey& key, const slo::MetricStream* stream) {
        if (stream == nullptr || room == 0) return;
        --room;
        *record.add_metric_streams() = internal::EncodeMetricStream(key, *stream);
      },
      [&](const slo::MetricSourceKey& key, const slo::MetricSource* source) {
        if (source != nullptr)
          *record.add_metric_sources() = internal::EncodeMetricSource(key, *source);
      });
}

absl::StatusOr<store::v1::LogRecord> SliPasts::PlanTail(Tail tail, base::UnixNanos now) {
  const Past* const before = Find(tail.sli);
  if (before == nullptr || !before->is_waiting() || engine_.table().windows(tail.sli).empty())
    return absl::AbortedError("the SLI does not wait for its past");
  if (tail.counted.streams == nullptr)
    tail.counted.streams = std::make_unique<slo::MetricStreams>(slo::MetricStreams::Options());
  slo::MetricStreams& streams = *tail.counted.streams;
  std::vector<slo::SliDelta> of_deferred;
  for (const Deferred& request : deferred_) {
    const slo::MetricStreams::Request of_request{.delta = &request.delta,
                                                 .left_out = request.left_out};
    slo::MetricStreams::Plan plan =
        streams.MakePlan(std::span(&of_request, 1), base::FloorSeconds(now));
    streams.Apply(plan);
    of_deferred.push_back(std::move(plan.counts));
  }
  std::vector<const slo::SliDelta*> deltas = {&tail.counted.counts};
  for (const slo::SliDelta& delta : of_deferred) deltas.push_back(&delta);
  SB_ASSIGN_OR_RETURN(const slo::CountPlan counts, engine_.table().PlanPast(deltas));
  store::v1::LogRecord record;
  record.set_time_unix_nano(now.time_since_epoch().count());
  internal::AppendCounts(counts, record);
  PutStates(streams, record);
  *record.add_pasts() = Encode(tail.sli, {.tail_from = tail.from,
                                          .counted_from = tail.from,
                                          .series_end = tail.series_end,
                                          .edges = std::move(tail.counted.edges),
                                          .left_out = std::move(tail.left_out)});
  return record;
}

absl::StatusOr<SliPasts::Past> SliPasts::After(SliId sli, Slice end, Slice begin) const {
  const Past* const before = Find(sli);
  if (before == nullptr || before->is_waiting() || before->counted_from != end ||
      engine_.table().windows(sli).empty()) {
    return absl::AbortedError("the past of the SLI is not counted so far, or nobody wants it");
  }
  Past past = *before;
  past.counted_from = begin;
  // Whoever was further behind was forgotten when the tail was counted.
  if (begin + slo::kSlicesPerDay < past.tail_from) past.edges.clear();
  return past;
}

absl::StatusOr<store::v1::LogRecord> SliPasts::PlanPart(SliId sli, Slice end,
                                                        const slo::PastPiece::Part& part,
                                                        uint64_t oldest, base::UnixNanos now) {
  SB_ASSIGN_OR_RETURN(const Past past, After(sli, end, part.begin));
  const slo::SliDelta* const delta = &part.counts;
  SB_ASSIGN_OR_RETURN(const slo::CountPlan counts, engine_.table().PlanPast(std::span(&delta, 1)));
  store::v1::LogRecord record;
  record.set_time_unix_nano(now.time_since_epoch().count());
  internal::AppendCounts(counts, record);
  // What begins now and says that it began after this has grown while the SLI was counting.
  std::optional<slo::MetricSource> source = engine_.metric_streams().SourceOf(sli);
  if (source.has_value() && oldest != 0 && oldest < source->since) {
    source->since = oldest;
    *record.add_metric_sources() = internal::EncodeMetricSource({sli, 0}, *source);
  }
  *record.add_pasts() = Encode(sli, past);
  return record;
}

absl::StatusOr<store::v1::LogRecord> SliPasts::PlanLeftOut(SliId sli, SliceRange range,
                                                           base::UnixNanos now) const {
  SB_ASSIGN_OR_RETURN(Past past, After(sli, range.end, range.begin));
  if (!past.left_out.empty() && past.left_out.front().begin == range.end) {
    past.left_out.front().begin = range.begin;
  } else {
    past.left_out.insert(past.left_out.begin(), range);
  }
  store::v1::LogRecord record;
  record.set_time_unix_nano(now.time_since_epoch().count());
  *record.add_pasts() = Encode(sli, past);
  return record;
}

// --- checkpoints

store::v1::SliPast SliPasts::Encode(SliId sli, const Past& past) {
  store::v1::SliPast stored;
  stored.set_sli(static_cast<uint32_t>(sli));
  stored.set_tail_from_slice(past.tail_from);
  stored.set_counted_from_slice(past.counted_from);
  stored.set_series_end(past.series_end);
  for (const auto& [stream, newest] : past.edges) {
    store::v1::PastEdge& edge = *stored.add_edges();
    edge.mutable_stream()->set_high(stream.high);
    edge.mutable_stream()->set_low(stream.low);
    edge.set_newest_unix_nano(newest);
  }
  for (const SliceRange& range : past.left_out) {
    store::v1::SliceStretch& stretch = *stored.add_left_out();
    stretch.set_begin(range.begin);
    stretch.set_end(range.end);
  }
  return stored;
}

void SliPasts::PutChanged(storage::Batch& batch) const {
  for (const SliId sli : changed_) {
    batch.Put(storage::Family::kMeta, storage::PastKey(static_cast<uint32_t>(sli)),
              Encode(sli, pasts_.at(sli)).SerializeAsString());
  }
}

}  // namespace slowburn::app
