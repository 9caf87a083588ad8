#include "slo/gauge_stream.h"

#include <algorithm>

#include "base/mutant.h"

namespace slowburn::slo {
namespace {

constexpr uint64_t kSliceNanos = std::chrono::nanoseconds(kSliceLength).count();
constexpr uint32_t kSlicesKept = 64;

}  // namespace

GaugeStream::Change GaugeStream::Place(uint64_t time, bool is_bad, MetricTally& tally) {
  const auto slice = static_cast<Slice>(time / kSliceNanos);
  Change change{.slice = slice, .counts = {}};
  if (seen != 0 && time == last_time) {
    ++tally.duplicates;
    return change;
  }
  if (slice > newest_slice) {
    const uint32_t moved = slice - newest_slice;
    seen = moved < kSlicesKept ? seen << moved : 0;
    bad = moved < kSlicesKept ? bad << moved : 0;
    newest_slice = slice;
  }
  const uint32_t age = newest_slice - slice;
  if (age >= kSlicesKept) {
    ++tally.out_of_order;
    return change;
  }
  ++tally.counted;
  last_time = std::max(last_time, time);
  const uint64_t bit = uint64_t{1} << age;
  const bool was_seen = (seen & bit) != 0;
  const bool was_bad = (bad & bit) != 0;
  seen |= bit;
  if (is_bad) bad |= bit;
  if (!was_seen || SB_MUTANT("gauge_counts_samples")) {
    (is_bad ? change.counts.bad : change.counts.good) = 1;
  } else if (is_bad && !was_bad) {
    change.counts = {.good = uint64_t{0} - 1, .bad = 1};
  }
  return change;
}

}  // namespace slowburn::slo
