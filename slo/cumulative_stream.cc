#include "slo/cumulative_stream.h"

#include <algorithm>
#include <iterator>

#include "base/mutant.h"
#include "slo/spread.h"

// Each two neighbours among the points have one increment that depends on these two alone (the
// relations below), so a stream's counts are those of its points in the order of time. A late point
// takes back the increment that it divides, and those after it, and adds them anew: where nothing
// else changed they cancel each other.

namespace slowburn::slo {
namespace {

using Sums = CumulativeStream::Sums;

constexpr uint64_t kSpreadNanos = std::chrono::nanoseconds(kSpreadMax).count();
// A stream that is older may have been known, and forgotten since.
constexpr uint64_t kForgottenNanos = 24ull * 3600 * 1'000'000'000;

enum class Relation : uint8_t {
  kGrew,        // one run: the difference counts
  kRestarted,   // a new start: all of the value counts
  kFell,        // no new start, but a smaller value: as restarted
  kUnknown,     // a new start that is the point's own time: the value is a base
  kOtherLayout  // buckets of other bounds: the value is a base
};

bool StartsAnew(const CounterPoint& before, const CounterPoint& point) {
  if (point.start == 0 || point.start <= before.start) return false;
  // Where nobody knew a start before, one that lies before a known point says nothing new.
  return before.start != 0 || point.start > before.time;
}

bool Fell(const CounterPoint& before, const CounterPoint& point) {
  if (point.total < before.total) return true;
  if (!point.is_exact || !before.is_exact) return false;
  return point.good < before.good || point.total - point.good < before.total - before.good;
}

Relation RelationOf(const CounterPoint& before, const CounterPoint& point) {
  if (StartsAnew(before, point))
    return point.start < point.time ? Relation::kRestarted : Relation::kUnknown;
  if (point.layout != before.layout) return Relation::kOtherLayout;
  return Fell(before, point) ? Relation::kFell : Relation::kGrew;
}

double Difference(const CounterValue& a, const CounterValue& b) {
  return static_cast<double>(static_cast<int64_t>(a.whole - b.whole)) + (a.fraction - b.fraction);
}

// `good_growth` is an estimate: the sum takes of it what the total allows.
Increment Grow(Sums& sums, const CounterValue& growth, double good_growth) {
  const Sums old = sums;
  sums.total += growth;
  const uint64_t total = sums.total.whole - old.total.whole;
  sums.lead += good_growth;
  const double good = std::clamp(sums.lead, 0.0, static_cast<double>(total));
  sums.lead -= good;
  sums.good += CounterValue::Of(good).value_or(CounterValue{});
  if (SB_MUTANT("estimate_loses_parts")) sums.good.fraction = 0;
  return {.total = total, .good = sums.good.whole - old.good.whole};
}

// The increment from `before` to `point`; `sums` go on to `point`.
Increment Step(Sums& sums, const CounterPoint& before, const CounterPoint& point) {
  const Relation relation = RelationOf(before, point);
  Increment increment;
  if (relation == Relation::kGrew) {
    increment = Grow(sums, point.total - before.total, Difference(point.good, before.good));
  } else if (relation == Relation::kRestarted ||
             (relation == Relation::kFell && !SB_MUTANT("drop_reset"))) {
    sums.lead = 0;
    increment = Grow(sums, point.total, Difference(point.good, {}));
  }
  increment.from =
      relation == Relation::kRestarted ? std::max(before.time, point.start) : before.time;
  increment.to = point.time;
  return increment;
}

// The increments that end at points[begin] and later, of a stream whose oldest point is its head.
void Append(const CumulativeStream& stream, size_t begin, bool is_taken_back,
            std::vector<Increment>& increments) {
  const auto append = [&](Increment increment) {
    if (increment.total == 0) return;
    increment.is_taken_back = is_taken_back;
    increments.push_back(increment);
  };
  if (begin == 0 && stream.head == CumulativeStream::Head::kCounted) {
    const CounterPoint& first = stream.points.front();
    append({.from = first.start,
            .to = first.time,
            .total = stream.head_sums.total.whole,
            .good = stream.head_sums.good.whole});
  }
  Sums sums = stream.head_sums;
  for (size_t i = 1; i < stream.points.size(); ++i) {
    const Increment increment = Step(sums, stream.points[i - 1], stream.points[i]);
    if (i >= begin) append(increment);
  }
}

void Note(Relation relation, MetricTally& tally) {
  if (relation == Relation::kFell) ++tally.resets_by_value;
  if (relation == Relation::kOtherLayout) ++tally.layout_changes;
}

}  // namespace

CumulativeStream CumulativeStream::From(const CounterPoint& point) {
  CumulativeStream stream;
  stream.head_sums.total.fraction = point.total.fraction;
  stream.head_sums.good.fraction = point.good.fraction;
  stream.points.push_back(point);
  return stream;
}

void CumulativeStream::DropOldest() {
  Step(head_sums, points[0], points[1]);
  head = Head::kContinues;
  points.erase(points.begin());
}

bool FirstValueRule::CountsFully(const CounterPoint& point) const {
  if (point.start == 0 || point.start >= point.time) return false;
  const uint64_t age = point.time - point.start;
  if (age <= kSpreadNanos || SB_MUTANT("first_value_counts")) return true;
  if (writer_since != 0 && writer_since < point.time) return true;
  return age <= kForgottenNanos && point.start + kSpreadNanos >= sli_since;
}

bool CumulativeStream::Place(CounterPoint point, const FirstValueRule& rule,
                             std::vector<Increment>& increments, MetricTally& tally) {
  point.start = std::min(point.start, point.time);
  const auto at =
      std::lower_bound(points.begin(), points.end(), point.time,
                       [](const CounterPoint& known, uint64_t time) { return known.time < time; });
  const auto index = static_cast<size_t>(at - points.begin());
  if (at != points.end() && at->time == point.time) {
    ++(*at == point ? tally.duplicates : tally.conflicts);
    return false;
  }
  const bool is_before_head = index == 0 && !points.empty() && head == Head::kContinues;
  if (is_before_head || point.time <= covered_until) {
    ++tally.out_of_order;
    return false;
  }
  if (index < points.size() && !SB_MUTANT("late_point_twice"))
    Append(*this, index, /*is_taken_back=*/true, increments);
  points.insert(at, point);
  if (index == 0) {
    const bool counts = point.start >= covered_until && rule.CountsFully(point);
    head = counts ? Head::kCounted : Head::kBase;
    head_sums = {};
    if (counts) Grow(head_sums, point.total, Difference(point.good, {}));
  }
  Append(*this, index, /*is_taken_back=*/false, increments);
  if (index > 0) Note(RelationOf(points[index - 1], point), tally);
  if (points.size() > kPointsMax) DropOldest();
  ++tally.counted;
  return true;
}

}  // namespace slowburn::slo
