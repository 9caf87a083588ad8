#include "slo/internal/slice_tally.h"

#include <algorithm>

#include "slo/spread.h"

namespace slowburn::slo::internal {
namespace {

constexpr uint64_t kNanosPerSecond = 1'000'000'000;
constexpr uint8_t kLastSecond = static_cast<uint8_t>(kSliceLength.count() - 1);

uint64_t Times(uint64_t count, int factor) {
  return factor == 0 ? 0 : factor > 0 ? count : uint64_t{0} - count;
}

uint8_t OffsetOf(uint64_t time) {
  return static_cast<uint8_t>(time / kNanosPerSecond % static_cast<uint64_t>(kSliceLength.count()));
}

}  // namespace

void SliceTally::AddSpread(const Group& group, uint64_t count, const Increment& increment,
                           int to_good, int to_bad) {
  if (count == 0) return;
  const int sign = increment.is_taken_back ? -1 : 1;
  const SliceShares spread = Spread(count, increment.from, increment.to);
  for (const SliceShare& share : spread.shares()) {
    if (share.count == 0) continue;
    const bool is_last = share.slice == spread.shares().back().slice;
    delta_.Count(index_.FindOrAppend(group.sli, share.slice, group.key, delta_),
                 SliCounts{.good = Times(share.count, sign * to_good),
                           .bad = Times(share.count, sign * to_bad)},
                 is_last ? OffsetOf(increment.to - 1) : kLastSecond);
  }
}

void SliceTally::Add(SliId sli, std::string_view key, const Increment& increment,
                     const CountEffect& effect) {
  const Group group{sli, key};
  if (effect.has_good) {
    AddSpread(group, increment.good, increment, 1, 0);
    AddSpread(group, increment.total - increment.good, increment, 0, 1);
  } else {
    AddSpread(group, increment.total, increment, effect.total_to_good, effect.total_to_bad);
  }
}

void SliceTally::Add(SliId sli, std::string_view key, const GaugeStream::Change& change,
                     uint64_t time) {
  if (change.counts == SliCounts{}) return;
  delta_.Count(index_.FindOrAppend(sli, change.slice, key, delta_), change.counts, OffsetOf(time));
}

void SliceTally::Add(SliId sli, std::string_view key, const Increment& increment,
                     const LatencyHistogram& latencies) {
  if (latencies.empty()) return;
  const SliceShares end = Spread(1, std::max(increment.from, increment.to - 1), increment.to);
  const Slice last = end.shares().back().slice;
  latencies_[index_.FindOrAppend(sli, last, key, delta_)].Merge(latencies);
}

SliDelta SliceTally::Take() {
  std::vector<LatencyCount> counts;
  for (const auto& [entry, latencies] : latencies_) {
    latencies.ForEach([&](const LatencyHistogram::Bucket& bucket) {
      counts.push_back({entry, bucket.index,
                        static_cast<uint32_t>(std::min<uint64_t>(bucket.count, UINT32_MAX))});
    });
  }
  delta_.set_latencies(std::move(counts));
  delta_.DropEmpty();
  return std::move(delta_);
}

}  // namespace slowburn::slo::internal
