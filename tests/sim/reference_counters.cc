#include "tests/sim/reference_counters.h"

#include <algorithm>

namespace slowburn::sim {
namespace {

constexpr int64_t kSliceSeconds = 10;
constexpr int64_t kSpreadSeconds = 300;
constexpr int64_t kDaySeconds = 86'400;
constexpr size_t kNewestPoints = 8;
constexpr size_t kNewestGaps = 8;

bool IsEarlier(const CounterSample& a, const CounterSample& b) { return a.time < b.time; }

}  // namespace

std::vector<CounterUse> UsesOf(const SliConfig& sli, const CounterSample& sample) {
  if (!sli.is_counter || (sli.service.has_value() && *sli.service != sample.service)) return {};
  std::vector<CounterUse> uses{{sli, false, sample}};
  if (sample.code == "500") uses.push_back({sli, true, sample});
  return uses;
}

ReferenceCounters::Stretches ReferenceCounters::CumulativeStretches(const Series& series) {
  Stretches stretches;
  const CounterSample& first = series.points.front();
  if (series.first_counts) stretches.push_back({first.start, first.time, first.value});
  for (size_t i = 1; i < series.points.size(); ++i) {
    const CounterSample& before = series.points[i - 1];
    const CounterSample& point = series.points[i];
    if (point.start > before.start) {
      if (point.start == point.time) continue;  // a base
      stretches.push_back({std::max(before.time, point.start), point.time, point.value});
    } else {
      const bool fell = point.value < before.value;
      stretches.push_back({before.time, point.time, point.value - (fell ? 0 : before.value)});
    }
  }
  return stretches;
}

ReferenceCounters::Stretches ReferenceCounters::StretchesOf(const Series& series) {
  if (series.points.empty()) return {};
  if (!series.points.front().is_delta) return CumulativeStretches(series);
  Stretches stretches;
  for (const CounterSample& point : series.points)
    stretches.push_back({point.start, point.time, point.value});
  return stretches;
}

// Each moment counts once, and only where the gap is among the newest.
bool ReferenceCounters::PlaceDelta(Series& series, const CounterSample& sample) {
  if (sample.start < series.closed_until) return false;
  for (const CounterSample& point : series.points) {
    if (sample.start < point.time && point.start < sample.time) return false;
  }
  series.points.insert(
      std::upper_bound(series.points.begin(), series.points.end(), sample, IsEarlier), sample);
  std::vector<int64_t> gap_ends;
  int64_t covered_until = series.closed_until;
  for (const CounterSample& point : series.points) {
    if (point.start > covered_until) gap_ends.push_back(point.start);
    covered_until = std::max(covered_until, point.time);
  }
  if (gap_ends.size() > kNewestGaps)
    series.closed_until = gap_ends[gap_ends.size() - kNewestGaps - 1];
  return true;
}

bool ReferenceCounters::PlaceCumulative(Series& series, const CounterSample& sample,
                                        bool counts_if_first) {
  std::vector<CounterSample>& points = series.points;
  const bool is_long = points.size() > kNewestPoints;
  if (is_long && sample.time < points[points.size() - kNewestPoints].time) return false;
  const auto at = std::lower_bound(points.begin(), points.end(), sample, IsEarlier);
  if (at != points.end() && at->time == sample.time) return false;
  if (at == points.begin()) series.first_counts = counts_if_first;
  points.insert(at, sample);
  return true;
}

bool ReferenceCounters::CountsIfFirst(const CounterSample& sample, int64_t sli_since,
                                      std::optional<int64_t> writer_since) {
  if (sample.start == 0 || sample.start == sample.time) return false;
  const int64_t age = sample.time - sample.start;
  if (age <= kSpreadSeconds) return true;
  if (age <= kDaySeconds && sample.start >= sli_since - kSpreadSeconds) return true;
  return writer_since.has_value() && *writer_since < sample.time;
}

// Evenly over its last five minutes, in whole events: what rounding leaves goes to the slices that
// lost most by it, the earlier first.
void ReferenceCounters::Spread(const Stretch& stretch, int64_t sign, const CounterUse& use,
                               CounterShifts& shifts) {
  const int64_t from = std::max(stretch.from, stretch.to - kSpreadSeconds);
  const int64_t length = stretch.to - from;
  struct Share {
    int64_t slice, whole, lost;
  };
  std::vector<Share> shares;
  int64_t left = stretch.count;
  for (int64_t slice = from / kSliceSeconds; slice * kSliceSeconds < stretch.to; ++slice) {
    const int64_t begin = std::max(from, slice * kSliceSeconds);
    const int64_t end = std::min(stretch.to, (slice + 1) * kSliceSeconds);
    const int64_t part = stretch.count * (end - begin);
    shares.push_back({slice, part / length, part % length});
    left -= part / length;
  }
  for (; left > 0; --left) {
    Share& most = *std::max_element(shares.begin(), shares.end(),
                                    [](const Share& a, const Share& b) { return a.lost < b.lost; });
    ++most.whole;
    most.lost = -1;
  }
  for (const Share& share : shares) {
    if (share.whole == 0) continue;
    SliceShift& shift = shifts[{use.sli, share.slice}];
    shift.good += sign * share.whole * (use.is_bad ? -1 : 1);
    shift.bad += use.is_bad ? sign * share.whole : 0;
    shift.last_second =
        std::max(shift.last_second,
                 std::min(stretch.to - 1, share.slice * kSliceSeconds + kSliceSeconds - 1));
  }
}

CounterShifts ReferenceCounters::Take(const std::vector<CounterUse>& uses) {
  CounterShifts shifts;
  for (const CounterUse& use : uses) {
    const CounterSample& sample = use.sample;
    int64_t& sli_since = sli_since_.try_emplace(use.sli, sample.time).first->second;
    sli_since = std::min(sli_since, sample.time);
    const auto [writer, is_new] =
        writer_since_.try_emplace({use.sli, sample.instance}, sample.time);
    const bool counts_if_first =
        CountsIfFirst(sample, sli_since, is_new ? std::nullopt : std::optional(writer->second));
    writer->second = std::min(writer->second, sample.time);
    Series& series = series_[{use.sli, use.is_bad, sample.instance, sample.code}];
    Stretches old = StretchesOf(series);
    const bool is_placed = sample.is_delta ? PlaceDelta(series, sample)
                                           : PlaceCumulative(series, sample, counts_if_first);
    if (!is_placed) continue;
    Stretches changed = StretchesOf(series);
    // What is before the point is as it was.
    const auto same = std::mismatch(old.begin(), old.end(), changed.begin(), changed.end());
    for (auto at = same.first; at != old.end(); ++at) Spread(*at, -1, use, shifts);
    for (auto at = same.second; at != changed.end(); ++at) Spread(*at, 1, use, shifts);
  }
  std::erase_if(shifts,
                [](const auto& entry) { return entry.second.good == 0 && entry.second.bad == 0; });
  return shifts;
}

}  // namespace slowburn::sim
