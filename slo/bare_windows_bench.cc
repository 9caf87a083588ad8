// The bare limit of window sums, beside engine_bench: the two plain layouts of counts by the minute
// for 30 days, without late events, groups, stores or checkpoints. A: prefix sums of good and total
// in each bucket, so a window is one subtraction. B: bad and total in each bucket and prefix sums
// every 16, so a window adds up to 15 buckets at either end.
#include <array>
#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>

namespace slowburn::slo {
namespace {

constexpr uint32_t kBuckets = 30 * 24 * 60;
constexpr uint32_t kEvery = 16;
constexpr std::array<uint32_t, 8> kWindows = {5, 30, 60, 120, 360, 1440, 4320, kBuckets - 1};

class PrefixEach {
 public:
  PrefixEach() : buckets_(kBuckets) {
    for (uint32_t i = 1; i < kBuckets; ++i) buckets_[i] = {i * 999ull, i * 1000ull};
  }
  void Add(uint64_t good, uint64_t total) {
    buckets_.back().good += good;
    buckets_.back().total += total;
  }
  uint64_t Bad(uint32_t window) const {
    const Bucket& newest = buckets_.back();
    const Bucket& oldest = buckets_[kBuckets - 1 - window];
    return (newest.total - oldest.total) - (newest.good - oldest.good);
  }
  static constexpr double kBytes = kBuckets * 16.0;

 private:
  struct Bucket {
    uint64_t good = 0, total = 0;
  };
  std::vector<Bucket> buckets_;
};

class PrefixEverySixteen {
 public:
  PrefixEverySixteen() : buckets_(kBuckets, Bucket{1, 1000}), prefixes_(kBuckets / kEvery + 1) {
    for (uint32_t i = 1; i < prefixes_.size(); ++i) prefixes_[i] = {i * 16ull, i * 16'000ull};
  }
  void Add(uint64_t good, uint64_t total) {
    buckets_.back().bad += static_cast<uint32_t>(total - good);
    buckets_.back().total += static_cast<uint32_t>(total);
  }
  uint64_t Bad(uint32_t window) const { return Before(kBuckets) - Before(kBuckets - window); }
  static constexpr double kBytes = kBuckets * 8.0 + (kBuckets / kEvery + 1) * 16.0;

 private:
  struct Bucket {
    uint32_t bad = 0, total = 0;
  };
  struct Prefix {
    uint64_t bad = 0, total = 0;
  };
  uint64_t Before(uint32_t end) const {
    Prefix sum = prefixes_[end / kEvery];
    for (uint32_t i = end - end % kEvery; i < end; ++i) {
      sum.bad += buckets_[i].bad;
      sum.total += buckets_[i].total;
    }
    benchmark::DoNotOptimize(sum.total);
    return sum.bad;
  }
  std::vector<Bucket> buckets_;
  std::vector<Prefix> prefixes_;
};

template <typename Layout>
void BM_Bare_Evaluate(benchmark::State& state) {
  const std::vector<Layout> slos(static_cast<size_t>(state.range(0)));
  for (auto _ : state) {
    for (const Layout& slo : slos) {
      uint64_t bad = 0;
      for (const uint32_t window : kWindows) bad += slo.Bad(window);
      benchmark::DoNotOptimize(bad);
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["bytes_per_group"] = Layout::kBytes;
}
BENCHMARK_TEMPLATE(BM_Bare_Evaluate, PrefixEach)->ArgName("groups")->Arg(1)->Arg(100)->Arg(1000);
BENCHMARK_TEMPLATE(BM_Bare_Evaluate, PrefixEverySixteen)
    ->ArgName("groups")
    ->Arg(1)
    ->Arg(100)
    ->Arg(1000);

template <typename Layout>
void BM_Bare_Add(benchmark::State& state) {
  Layout slo;
  for (auto _ : state) {
    slo.Add(1, 1);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_TEMPLATE(BM_Bare_Add, PrefixEach);
BENCHMARK_TEMPLATE(BM_Bare_Add, PrefixEverySixteen);

}  // namespace
}  // namespace slowburn::slo
