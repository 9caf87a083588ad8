#include "slo/delta_stream.h"

#include <algorithm>

#include "base/mutant.h"

namespace slowburn::slo {
namespace {

// The events in `value` and what is left of earlier ones.
uint64_t TakeWhole(const CounterValue& value, double& rest) {
  CounterValue sum = value + CounterValue{.whole = 0, .fraction = rest};
  rest = sum.fraction;
  return sum.whole;
}

}  // namespace

DeltaStream DeltaStream::CoveredUntil(uint64_t time) {
  DeltaStream stream;
  stream.last.start = stream.last.time = time;
  return stream;
}

bool DeltaStream::Place(CounterPoint point, std::vector<Increment>& increments,
                        MetricTally& tally) {
  const bool has_start = point.start != 0 && point.start < point.time;
  if (last.time != 0 && point.time == last.time && point.start == last.start) {
    ++(point == last ? tally.duplicates : tally.conflicts);
    return false;
  }
  if (has_start) {
    if (last.time == 0) gaps.push_back({0, point.start});
    const auto gap = std::find_if(gaps.begin(), gaps.end(), [&](const Gap& open) {
      return open.from <= point.start && point.time <= open.to;
    });
    if (last.time == 0 || point.start >= last.time) {
      if (last.time != 0 && point.start > last.time) gaps.push_back({last.time, point.start});
    } else if (gap != gaps.end()) {
      const Gap after{point.time, gap->to};
      gap->to = point.start;
      if (after.from < after.to) gaps.insert(gap + 1, after);
    } else {
      ++tally.overlaps;
      return false;
    }
    std::erase_if(gaps, [](const Gap& open) { return open.from >= open.to; });
    if (gaps.size() > (SB_MUTANT("one_gap_less") ? kGapsMax - 1 : kGapsMax))
      gaps.erase(gaps.begin());
  }
  // Without a start nobody can say what it covers: it is added where it ends.
  Increment increment{.from = has_start ? point.start : point.time, .to = point.time};
  increment.total = TakeWhole(point.total, total_rest);
  increment.good = TakeWhole(point.good, good_rest);
  if (increment.total > 0) increments.push_back(increment);
  if (point.time > last.time) last = point;
  ++tally.counted;
  return true;
}

}  // namespace slowburn::slo
