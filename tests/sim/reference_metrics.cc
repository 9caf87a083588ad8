#include "tests/sim/reference_metrics.h"

#include <algorithm>

namespace slowburn::sim {
namespace {

constexpr int64_t kSliceSeconds = 10;
constexpr int64_t kSpreadSeconds = 300;
constexpr int64_t kDaySeconds = 86'400;
constexpr size_t kNewestPoints = 8;
constexpr size_t kNewestGaps = 8;
constexpr int64_t kNewestSlices = 64;

bool IsEarlier(const MetricUse& a, const MetricUse& b) { return a.sample.time < b.sample.time; }

std::vector<std::string> GroupOf(const SliConfig& sli, const MetricSample& sample) {
  std::vector<std::string> values;
  for (const std::string& name : sli.group_by) {
    const auto& value = name == "http_route" ? sample.route : sample.region;
    values.push_back(value.value_or("__none__"));
  }
  return values;
}

int64_t Sum(const std::vector<int64_t>& counts) {
  int64_t sum = 0;
  for (const int64_t count : counts) sum += count;
  return sum;
}

// All that the point counts: increments, or values of a histogram.
int64_t TotalOf(const MetricUse& use) {
  return use.sample.buckets.empty() ? use.sample.value : Sum(use.sample.buckets);
}

// Of a histogram: those at or under the threshold, of the bucket that it lies in as many as if they
// were spread evenly over it; those beyond the last bound are over.
Estimate GoodOf(const MetricUse& use) {
  const std::vector<int64_t>& bounds = use.sample.bounds_millis;
  const int64_t max = use.sli.max_millis;
  const bool is_exponential = use.sample.kind == MetricKind::kExponential;
  Estimate good;
  for (size_t i = 0; i < bounds.size(); ++i) {
    const int64_t upper = bounds[i], count = use.sample.buckets[i];
    const int64_t lower = i == 0 ? 0 : bounds[i - 1];
    // An exponential bucket begins at upper / sqrt(2).
    const bool is_over = is_exponential ? 2 * max * max <= upper * upper : max <= lower;
    if (is_over) continue;
    good += max >= upper     ? Estimate::Events(count)
            : is_exponential ? Estimate::AtOrUnder(max, upper, count)
                             : Estimate::AtOrUnder(max, lower, upper, count);
  }
  return good;
}

// A counter does not fall, nor does any count of a histogram; of an estimate nobody can say.
bool Fell(const MetricUse& before, const MetricUse& point) {
  if (TotalOf(point) < TotalOf(before)) return true;
  if (!IsExact(point)) return false;
  const int64_t growth = (GoodOf(point) - GoodOf(before)).whole();
  return growth < 0 || growth > TotalOf(point) - TotalOf(before);
}

struct Share {
  int64_t slice, whole, lost;
};

// `count` evenly over the last five minutes of (from, to], in whole events: what rounding leaves
// goes to the slices that lost most by it, the earlier first.
std::vector<Share> Spread(int64_t count, int64_t from, int64_t to) {
  from = std::max(from, to - kSpreadSeconds);
  const int64_t length = to - from;
  std::vector<Share> shares;
  int64_t left = count;
  for (int64_t slice = from / kSliceSeconds; slice * kSliceSeconds < to; ++slice) {
    const int64_t begin = std::max(from, slice * kSliceSeconds);
    const int64_t end = std::min(to, (slice + 1) * kSliceSeconds);
    const int64_t part = count * (end - begin);
    shares.push_back({slice, part / length, part % length});
    left -= part / length;
  }
  for (; left > 0; --left) {
    Share& most = *std::max_element(shares.begin(), shares.end(),
                                    [](const Share& a, const Share& b) { return a.lost < b.lost; });
    ++most.whole;
    most.lost = -1;
  }
  return shares;
}

// What one event of a series adds.
struct Effect {
  int64_t good = 0;
  int64_t bad = 0;
};

// Of a total beside bad ones an event is good until it is known to be bad, and the other way round.
Effect EffectOf(const SliConfig& sli, MetricRole role) {
  switch (role) {
    case MetricRole::kTotal:
      return sli.form == CounterForm::kTotalBad ? Effect{1, 0} : Effect{0, 1};
    case MetricRole::kGood:
      return sli.form == CounterForm::kTotalGood ? Effect{1, -1} : Effect{1, 0};
    case MetricRole::kBad:
      return sli.form == CounterForm::kTotalBad ? Effect{-1, 1} : Effect{0, 1};
    case MetricRole::kWhole:
      break;
  }
  return {};
}

bool Reads(Source source, MetricKind kind) {
  switch (source) {
    case Source::kCounter:
      return kind == MetricKind::kCounter;
    case Source::kHistogram:
      return kind == MetricKind::kHistogram || kind == MetricKind::kExponential;
    case Source::kGauge:
      return kind == MetricKind::kGauge;
    case Source::kSpans:
    case Source::kLogs:
      break;
  }
  return false;
}

}  // namespace

bool IsExact(const MetricUse& use) {
  const std::vector<int64_t>& bounds = use.sample.bounds_millis;
  return bounds.empty() ||
         std::find(bounds.begin(), bounds.end(), use.sli.max_millis) != bounds.end();
}

bool IsGood(const SliConfig& sli, const MetricSample& sample) {
  switch (sli.gauge_test) {
    case GaugeTest::kNotZero:
      return sample.value != 0;
    case GaugeTest::kAtMost:
      return sample.value <= sli.gauge_threshold;
    case GaugeTest::kAtLeast:
      return sample.value >= sli.gauge_threshold;
  }
  return false;
}

std::vector<MetricUse> UsesOf(const SliConfig& sli, const MetricSample& sample) {
  if (!Reads(sli.source, sample.kind)) return {};
  if (sli.service.has_value() && *sli.service != sample.service) return {};
  std::vector<MetricUse> uses;
  const auto use = [&](MetricRole role) {
    uses.push_back({sli, role, GroupOf(sli, sample), sample});
  };
  if (sli.source != Source::kCounter) {
    use(MetricRole::kWhole);
    return uses;
  }
  if (sli.form != CounterForm::kGoodBad) use(MetricRole::kTotal);
  if (sli.form != CounterForm::kTotalBad && sample.code != "500") use(MetricRole::kGood);
  if (sli.form != CounterForm::kTotalGood && sample.code == "500") use(MetricRole::kBad);
  return uses;
}

// The changes of one commit, by slice.
class ReferenceMetrics::Shifts {
 public:
  SliceShift& At(const MetricUse& use, int64_t slice) {
    const auto [at, is_new] = by_slice_.try_emplace({use.sli, use.group, slice}, shifts_.size());
    if (is_new) shifts_.push_back({.sli = use.sli, .group = use.group, .slice = slice});
    return shifts_[at->second];
  }
  MetricShifts Take() {
    std::erase_if(shifts_,
                  [](const SliceShift& shift) { return shift.good == 0 && shift.bad == 0; });
    return std::move(shifts_);
  }

 private:
  std::map<std::tuple<SliConfig, std::vector<std::string>, int64_t>, size_t> by_slice_;
  MetricShifts shifts_;
};

std::optional<int64_t> ReferenceMetrics::Series::newest() const {
  if (!taken.empty()) return taken.back().sample.time;
  return covered_until == 0 ? std::nullopt : std::optional(covered_until);
}

ReferenceMetrics::Stretches ReferenceMetrics::CumulativeStretches(const Series& series) {
  Stretches stretches;
  // What is estimated and what is counted of it: the latter neither falls nor grows by more than
  // the total does, and is of whole events.
  Estimate estimate, good;
  const auto grow = [&](Stretch& stretch, const Estimate& growth, bool is_anew) {
    if (is_anew) estimate = good;
    estimate += growth;
    const int64_t before = good.whole();
    good = std::clamp(estimate, good, good + Estimate::Events(stretch.count));
    stretch.good = good.whole() - before;
  };
  const MetricUse& first = series.taken.front();
  if (series.first_counts) {
    Stretch stretch{first.sample.start, first.sample.time, TotalOf(first)};
    grow(stretch, GoodOf(first), true);
    stretches.push_back(stretch);
  }
  for (size_t i = 1; i < series.taken.size(); ++i) {
    const MetricUse& before = series.taken[i - 1];
    const MetricUse& point = series.taken[i];
    Stretch stretch{before.sample.time, point.sample.time, TotalOf(point)};
    bool is_anew = true;
    // Where nobody knew a start before, one that lies before a known point says nothing new.
    const bool is_newer = point.sample.start > before.sample.start &&
                          (before.sample.start != 0 || point.sample.start > before.sample.time);
    if (is_newer) {
      if (point.sample.start == point.sample.time) continue;  // a base
      stretch.from = std::max(stretch.from, point.sample.start);
    } else if (point.sample.bounds_millis != before.sample.bounds_millis) {
      continue;  // a base
    } else if (!Fell(before, point)) {
      stretch.count -= TotalOf(before);
      is_anew = false;
    }
    grow(stretch, GoodOf(point) - (is_anew ? Estimate() : GoodOf(before)), is_anew);
    stretches.push_back(stretch);
  }
  return stretches;
}

ReferenceMetrics::Stretches ReferenceMetrics::StretchesOf(const Series& series) {
  if (series.taken.empty()) return {};
  if (!series.taken.front().sample.is_delta) return CumulativeStretches(series);
  Stretches stretches;
  for (const MetricUse& point : series.taken)
    stretches.push_back({point.sample.start, point.sample.time, TotalOf(point), point.good});
  return stretches;
}

// Each moment counts once, and only where the gap is among the newest. Parts of events are carried
// from point to point, as they come.
bool ReferenceMetrics::PlaceDelta(Series& series, MetricUse use) {
  if (use.sample.start < series.closed_until) return false;
  for (const MetricUse& point : series.taken) {
    if (use.sample.start < point.sample.time && point.sample.start < use.sample.time) return false;
  }
  series.good_rest += GoodOf(use);
  use.good = series.good_rest.whole();
  series.good_rest = series.good_rest - Estimate::Events(use.good);
  series.taken.insert(std::upper_bound(series.taken.begin(), series.taken.end(), use, IsEarlier),
                      use);
  std::vector<int64_t> gap_ends;
  int64_t covered_until = series.closed_until;
  for (const MetricUse& point : series.taken) {
    if (point.sample.start > covered_until) gap_ends.push_back(point.sample.start);
    covered_until = std::max(covered_until, point.sample.time);
  }
  if (gap_ends.size() > kNewestGaps)
    series.closed_until = gap_ends[gap_ends.size() - kNewestGaps - 1];
  return true;
}

bool ReferenceMetrics::PlaceCumulative(Series& series, const MetricUse& use, bool counts_if_first) {
  std::vector<MetricUse>& taken = series.taken;
  if (use.sample.time <= series.covered_until) return false;
  const bool is_long = taken.size() > kNewestPoints;
  if (is_long && use.sample.time < taken[taken.size() - kNewestPoints].sample.time) return false;
  const auto at = std::lower_bound(taken.begin(), taken.end(), use, IsEarlier);
  if (at != taken.end() && at->sample.time == use.sample.time) return false;
  if (at == taken.begin())
    series.first_counts = counts_if_first && use.sample.start >= series.covered_until;
  taken.insert(at, use);
  return true;
}

// A slice is one event, and bad once a sample in it is.
bool ReferenceMetrics::PlaceGauge(Series& series, const MetricUse& use, Shifts& shifts) {
  const int64_t time = use.sample.time;
  const int64_t slice = time / kSliceSeconds;
  if (series.newest() == time) return false;
  if (!series.slices.empty() && slice <= series.slices.rbegin()->first - kNewestSlices)
    return false;
  series.taken.insert(std::upper_bound(series.taken.begin(), series.taken.end(), use, IsEarlier),
                      use);
  const bool is_bad = !IsGood(use.sli, use.sample);
  const auto [known, is_new] = series.slices.try_emplace(slice, is_bad);
  if (!is_new && (known->second || !is_bad)) return true;
  known->second = is_bad;
  SliceShift& shift = shifts.At(use, slice);
  shift.good += is_bad ? (is_new ? 0 : -1) : 1;
  shift.bad += is_bad ? 1 : 0;
  shift.last_second = std::max(shift.last_second, time);
  return true;
}

bool ReferenceMetrics::CountsIfFirst(const MetricSample& sample, int64_t sli_since,
                                     std::optional<int64_t> writer_since) {
  if (sample.start == 0 || sample.start >= sample.time) return false;
  const int64_t age = sample.time - sample.start;
  if (age <= kSpreadSeconds) return true;
  if (age <= kDaySeconds && sample.start >= sli_since - kSpreadSeconds) return true;
  return writer_since.has_value() && *writer_since < sample.time;
}

// Of a histogram those that are good and those that are bad are spread each for themselves.
void ReferenceMetrics::Count(const Stretch& stretch, int64_t sign, const MetricUse& use,
                             Shifts& shifts) {
  const auto count = [&](int64_t events, const Effect& effect) {
    for (const Share& share : Spread(events, stretch.from, stretch.to)) {
      if (share.whole == 0) continue;
      SliceShift& shift = shifts.At(use, share.slice);
      shift.good += sign * share.whole * effect.good;
      shift.bad += sign * share.whole * effect.bad;
      shift.last_second = std::max(shift.last_second,
                                   std::min(stretch.to - 1, (share.slice + 1) * kSliceSeconds - 1));
    }
  };
  if (use.role == MetricRole::kWhole) {
    count(stretch.good, {1, 0});
    count(stretch.count - stretch.good, {0, 1});
  } else {
    count(stretch.count, EffectOf(use.sli, use.role));
  }
}

bool ReferenceMetrics::Place(const MetricUse& use, bool counts_if_first, Series& series,
                             Shifts& shifts) {
  if (use.sample.kind == MetricKind::kGauge) return PlaceGauge(series, use, shifts);
  if (series.is_delta.value_or(use.sample.is_delta) == use.sample.is_delta)
    return PlaceCounted(use, counts_if_first, series, shifts);
  // It changes its temporality: a new beginning after what was counted.
  const int64_t newest = *series.newest();
  if (use.sample.time <= newest) return false;
  Series anew;
  anew.closed_until = anew.covered_until = newest;
  anew.has_begun_anew = true;
  if (!PlaceCounted(use, counts_if_first, anew, shifts)) return false;
  series = std::move(anew);
  return true;
}

bool ReferenceMetrics::PlaceCounted(const MetricUse& use, bool counts_if_first, Series& series,
                                    Shifts& shifts) {
  const Stretches old = StretchesOf(series);
  const bool is_placed =
      use.sample.is_delta ? PlaceDelta(series, use) : PlaceCumulative(series, use, counts_if_first);
  if (!is_placed) return false;
  series.is_delta = use.sample.is_delta;
  const Stretches changed = StretchesOf(series);
  // What is before the point is as it was.
  const auto same = std::mismatch(old.begin(), old.end(), changed.begin(), changed.end());
  for (auto at = same.first; at != old.end(); ++at) Count(*at, -1, use, shifts);
  for (auto at = same.second; at != changed.end(); ++at) Count(*at, 1, use, shifts);
  return true;
}

// The first distance, then an eighth of itself towards each other one, at least a millisecond and
// not beyond it.
void ReferenceMetrics::SeeDistance(const SliConfig& sli, int64_t seconds) {
  const int64_t distance = seconds * 1000;
  const auto [at, is_new] = intervals_.try_emplace(sli, distance);
  int64_t& interval = at->second;
  if (is_new) return;
  const int64_t step = std::max<int64_t>(interval / 8, 1);
  interval = distance > interval ? std::min(distance, interval + step)
                                 : std::max(distance, interval - step);
}

// A series, and what writes series, is forgotten after a day of silence; an SLI never is.
MetricShifts ReferenceMetrics::Take(const std::vector<MetricUse>& uses, int64_t now_seconds) {
  Shifts shifts;
  const auto is_silent = [&](int64_t heard) { return now_seconds - heard > kDaySeconds; };
  for (const MetricUse& use : uses) {
    const MetricSample& sample = use.sample;
    int64_t& sli_since = sli_since_.try_emplace(use.sli, sample.time).first->second;
    sli_since = std::min(sli_since, sample.time);
    const auto [at, is_new] =
        writers_.try_emplace({use.sli, sample.instance}, Writer{sample.time, now_seconds});
    Writer& writer = at->second;
    const bool is_known = !is_new && !is_silent(writer.heard);
    const bool counts_if_first =
        CountsIfFirst(sample, sli_since, is_known ? std::optional(writer.since) : std::nullopt);
    writer.since = is_known ? std::min(writer.since, sample.time) : sample.time;
    writer.heard = now_seconds;
    Series& series = series_[{use.sli, use.role, sample.instance, sample.route, sample.code}];
    if (series.heard != 0 && is_silent(series.heard)) {
      series = {};
      series.has_begun_anew = true;
    }
    const std::optional<int64_t> newest = series.newest();
    if (!Place(use, counts_if_first, series, shifts)) continue;
    series.heard = now_seconds;
    if (newest.has_value() && sample.time > *newest) SeeDistance(use.sli, sample.time - *newest);
  }
  return shifts.Take();
}

}  // namespace slowburn::sim
