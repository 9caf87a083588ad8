#include "slo/metric_past.h"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "base/status.h"
#include "slo/delta_index.h"
#include "slo/internal/past_series.h"
#include "slo/spread.h"

namespace slowburn::slo {
namespace {

using internal::PastPoint;
using internal::PastSeries;
using std::chrono::sys_seconds;

constexpr uint64_t kSliceNanos = std::chrono::nanoseconds(kSliceLength).count();
constexpr uint64_t kSpreadNanos = std::chrono::nanoseconds(kSpreadMax).count();
constexpr uint64_t kSecondNanos = 1'000'000'000;
// A series that was silent for longer is forgotten live as well.
constexpr uint64_t kBeforeNanos = 24 * 3600 * kSecondNanos;
// Groups and slices that are held at once, some 100 bytes each.
constexpr size_t kEntriesMax = 1'000'000;

MetricStreams::Options OptionsOfPast() {
  // Nothing of the past is too late, and no series of it forgotten.
  MetricStreams::Options options;
  options.max_late = options.silence_max = std::chrono::years(1000);
  options.streams_max = SIZE_MAX / 4;
  return options;
}

sys_seconds SecondsOf(uint64_t nanos) {
  return sys_seconds(std::chrono::seconds(nanos / kSecondNanos));
}

MetricDelta DeltaOf(SliId sli, const PastSeries& series, size_t first) {
  MetricDelta delta;
  delta.invalid = series.invalid;
  for (size_t i = first; i < series.points.size(); ++i) {
    const PastPoint& point = series.points[i];
    MetricObservation& observation = delta.Append(series.group_key);
    observation.stream = series.stream;
    observation.writer = series.writer;
    observation.sli = sli;
    observation.kind = series.kind;
    observation.effect = series.effect;
    observation.is_bad = point.is_bad;
    observation.position = static_cast<uint32_t>(i);
    observation.point = point.point;
    observation.around = point.around;
  }
  return delta;
}

// Counts of groups and slices, added up.
class Tally {
 public:
  Tally() { index_.Begin(); }

  // Those of `range`.
  absl::Status Add(const SliDelta& counts, const SliceRange& range) {
    for (const SliDelta::Entry& entry : counts.entries()) {
      if (entry.slice < range.begin || entry.slice >= range.end) continue;
      sum_.Count(index_.FindOrAppend(entry.sli, entry.slice, counts.key(entry), sum_), entry.counts,
                 entry.last_offset_seconds);
    }
    if (sum_.entries().size() <= kEntriesMax) return absl::OkStatus();
    return absl::ResourceExhaustedError(
        fmt::format("the past has more than {} groups and slices at once", kEntriesMax));
  }
  SliDelta Take() {
    sum_.DropEmpty();
    return std::move(sum_);
  }

 private:
  SliDelta sum_{model::Signal::kMetrics};
  DeltaIndex index_;
};

// Feeds series to streams that know nothing but their points.
class Counting {
 public:
  // `from` is where the stretch begins: points before it are where series come from.
  Counting(SliId sli, uint64_t from, sys_seconds now)
      : sli_(sli),
        from_(from),
        now_(now),
        streams_(std::make_unique<MetricStreams>(OptionsOfPast())) {}

  // What the points from the stretch's begin on count. The series are known by its points then.
  MetricStreams::Plan Feed(const PastSeries& series) {
    const size_t first = Begin(series);
    const MetricDelta delta = DeltaOf(sli_, series, first);
    const MetricStreams::Request request{.delta = &delta, .left_out = {}};
    MetricStreams::Plan plan = streams_->MakePlan(std::span(&request, 1), now_);
    tally_ += plan.tally;
    return plan;
  }
  MetricStreams& streams() { return *streams_; }
  std::unique_ptr<MetricStreams> TakeStreams() { return std::move(streams_); }
  const MetricTally& tally() const { return tally_; }

 private:
  // A series goes on from what is before, or from its first sample where nobody knows when it
  // started. Returns the first point that is left to be fed.
  size_t Begin(const PastSeries& series) {
    if (series.points.empty()) return 0;
    const CounterPoint& point = series.points.front().point;
    MetricStream stream;
    stream.sli = sli_;
    stream.heard_seconds = static_cast<uint32_t>(point.time / kSecondNanos);
    if (series.kind == ObservationKind::kGauge) {
      if (point.time >= from_) return 0;
      stream.points = GaugeStream{.newest_slice = static_cast<Slice>(point.time / kSliceNanos),
                                  .seen = ~uint64_t{0},
                                  .bad = ~uint64_t{0},
                                  .last_time = point.time};
    } else {
      if (point.time >= from_ && point.start != 0) return 0;
      stream.points = CumulativeStream::From(point);
    }
    streams_->Apply(series.stream, std::move(stream));
    return 1;
  }

  const SliId sli_;
  const uint64_t from_;
  const sys_seconds now_;
  std::unique_ptr<MetricStreams> streams_;
  MetricTally tally_;
};

// Slices before `from` are counted by pieces: no late sample may change them.
void Close(CumulativeStream& stream, uint64_t from) {
  if (stream.points.front().time < from && stream.points.size() > 1) stream.DropOldest();
  stream.head = CumulativeStream::Head::kContinues;
}
void Close(GaugeStream& stream, uint64_t from) {
  const auto begin = static_cast<Slice>(from / kSliceNanos);
  for (uint32_t age = 0; age < 64; ++age) {
    if (stream.newest_slice >= begin + age) continue;
    stream.seen |= uint64_t{1} << age;
    stream.bad |= uint64_t{1} << age;
  }
}

// The newest slices first, cut where one is over.
std::vector<PastPiece::Part> Split(const SliDelta& counts, Slice begin, size_t entries_max) {
  std::vector<uint32_t> order(counts.entries().size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return counts.entries()[a].slice > counts.entries()[b].slice;
  });
  std::vector<PastPiece::Part> parts(1);
  for (const uint32_t at : order) {
    const SliDelta::Entry& entry = counts.entries()[at];
    PastPiece::Part* part = &parts.back();
    if (part->counts.entries().size() >= entries_max && entry.slice < part->begin)
      part = &parts.emplace_back();
    part->begin = entry.slice;
    part->counts.Count(part->counts.Append(entry.sli, entry.slice, counts.key(entry)), entry.counts,
                       entry.last_offset_seconds);
  }
  parts.back().begin = begin;
  return parts;
}

}  // namespace

absl::StatusOr<PastTail> CountTail(const IdentifiedSli& sli, const MetricHistory& history,
                                   Slice from, sys_seconds now) {
  const uint64_t begin = from * kSliceNanos;
  const MetricHistory::Stretch stretch{
      .from = begin, .to = UINT64_MAX, .before = kBeforeNanos, .with_ended = true};
  PastTail tail;
  Tally sum;
  Counting counting(sli.id, begin, now);
  SB_RETURN_IF_ERROR(internal::VisitPast(sli, history, stretch, [&](PastSeries& series) {
    const MetricStreams::Plan plan = counting.Feed(series);
    counting.streams().Apply(plan);
    if (!series.points.empty() && series.points.back().point.time < begin)
      tail.edges.emplace(series.stream, series.points.back().point.time);
    return sum.Add(plan.counts, {0, UINT32_MAX});
  }));
  tail.counts = sum.Take();
  tail.tally = counting.tally();
  // As they are left: open to what comes, closed to what is counted elsewhere.
  std::vector<std::pair<StreamKey, MetricStream>> states;
  counting.streams().VisitChanged(
      [&](const StreamKey& key, const MetricStream* stream) {
        if (stream != nullptr) states.emplace_back(key, *stream);
      },
      [](const MetricSourceKey&, const MetricSource*) {});
  for (auto& [key, stream] : states) {
    stream.heard_seconds = static_cast<uint32_t>(stream.newest() / kSecondNanos);
    stream.is_of_history = true;
    if (auto* const cumulative = std::get_if<CumulativeStream>(&stream.points)) {
      Close(*cumulative, begin);
    } else if (auto* const gauge = std::get_if<GaugeStream>(&stream.points)) {
      Close(*gauge, begin);
    }
    counting.streams().Apply(key, std::move(stream));
  }
  tail.streams = counting.TakeStreams();
  return tail;
}

absl::StatusOr<PastPiece> CountPiece(const IdentifiedSli& sli, const MetricHistory& history,
                                     SliceRange range, Slice tail_from, const SeriesEdges& edges,
                                     size_t entries_max) {
  const uint64_t begin = range.begin * kSliceNanos;
  // An increment that ends after the range may reach into it.
  const uint64_t end = range.end * kSliceNanos + kSpreadNanos + kSliceNanos;
  const bool is_gauge = std::holds_alternative<GaugeSli>(sli.spec->source);
  const MetricHistory::Stretch stretch{.from = begin,
                                       .to = std::min(end, tail_from * kSliceNanos),
                                       .before = is_gauge ? 0 : kBeforeNanos,
                                       .with_ended = false};
  PastPiece piece;
  Tally sum;
  Counting counting(sli.id, begin, SecondsOf(end));
  SB_RETURN_IF_ERROR(internal::VisitPast(sli, history, stretch, [&](PastSeries& series) {
    if (const auto edge = edges.find(series.stream); edge != edges.end()) {
      std::erase_if(series.points,
                    [&](const PastPoint& point) { return point.point.time > edge->second; });
    }
    if (series.points.empty()) return absl::OkStatus();
    const uint64_t first = series.points.front().point.time;
    if (piece.oldest == 0 || first < piece.oldest) piece.oldest = first;
    const MetricStreams::Plan plan = counting.Feed(series);
    counting.streams().Forget(series.stream);
    return sum.Add(plan.counts, range);
  }));
  piece.tally = counting.tally();
  piece.parts = Split(sum.Take(), range.begin, entries_max);
  return piece;
}

}  // namespace slowburn::slo
