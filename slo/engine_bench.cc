// What a second costs when every group has events in every window, and what a group weighs.
#include <algorithm>
#include <map>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>

#include "slo/engine.h"
#include "slo/testing/build_slo.h"
#include "slo/testing/rolling_windows.h"

namespace slowburn::slo {
namespace {

using std::chrono::sys_seconds;
using namespace std::chrono_literals;

constexpr sys_seconds kNow{1'702'080'000s};
constexpr SliCounts kPerSlice{.good = 1000, .bad = 0};
constexpr size_t kGroupsPerSli = 1000;  // the default limit

SliceBlock SteadyBlock(uint32_t slots, uint64_t slices_per_slot) {
  SliceBlock block(slots);
  for (uint32_t slot = 0; slot < slots; ++slot)
    block.Set(slot, {kPerSlice.good * slices_per_slot, 0});
  return block;
}

// The same traffic in each slice of all time.
class SteadySource final : public BlockSource {
 public:
  absl::StatusOr<std::optional<SliceBlock>> ReadHour(SliId, GroupId, uint32_t) const override {
    return hour_;
  }
  absl::StatusOr<std::optional<SliceBlock>> ReadDay(SliId, GroupId, uint32_t) const override {
    return day_;
  }

 private:
  SliceBlock hour_ = SteadyBlock(kHourSlots, 1);
  SliceBlock day_ = SteadyBlock(kDaySlots, kSlicesPerDaySlot);
};

// The state of a group that has had this traffic for 100 days.
GroupRunningState SteadyState(const std::vector<uint32_t>& windows) {
  GroupRunningState state;
  state.through = SliceOf(kNow);
  state.first = SliceOf(kNow - 100 * 24h);
  state.days_rolled = SliceOf(kNow) / kSlicesPerDay - 2;
  state.last_event = kNow;
  for (const uint32_t window : windows)
    state.sums.push_back(
        {Window::Rolling(window * kSliceLength).Text(), {kPerSlice.good * (window + 1), 0}});
  return state;
}

// `groups` budgets: SLIs of up to 1,000 groups (the total is one), each with an SLO of 30 d and one
// of 90 d by the workbook's policy: 5m, 30m, 1h, 2h, 6h, 1d, 3d and their own.
struct Loaded {
  SteadySource source;
  Engine engine{{.counting = {}, .external_url = "http://127.0.0.1:7560"}, source};
  sys_seconds now = kNow;

  explicit Loaded(size_t groups) {
    SloSet slos;
    for (size_t first = 0; first < groups; first += kGroupsPerSli) {
      const std::string name = std::to_string(first);
      SliSpec sli = BuildSli({.bad = "false", .group_by = {"http.route"}});
      std::get<EventSli>(sli.source).match =
          ottl::Condition::Parse("span.name == \"" + name + "\"").value();
      for (const auto days : {30, 90}) {
        SloSpec slo = BuildSlo({.name = name + "-" + std::to_string(days), .window = days * 24h});
        slo.sli = sli;
        slos.push_back(std::move(slo));
      }
      AddSli(sli, std::min(kGroupsPerSli, groups - first));
    }
    if (!engine.Install(std::make_shared<const SloSet>(std::move(slos)), kNow).ok()) std::abort();
  }
  void AddSli(const SliSpec& sli, size_t groups) {
    SliTable& table = engine.table();
    const SliId id = table.NextId();
    bool ok = table.Register(id, sli.CanonicalText()).ok();
    for (uint32_t g = 1; g < groups; ++g)
      ok &= table.Admit({id, GroupId{g}, {"/route/" + std::to_string(g)}}).ok();
    const GroupRunningState state =
        SteadyState({30, 180, 360, 720, 2160, 8640, 25'920, 30 * 8640, 90 * 8640});
    for (uint32_t g = 0; g < groups; ++g) table.Restore(id, GroupId{g}, state);
    if (!ok) std::abort();
  }
};

// Made once for all repetitions of a size, and only one size is in memory.
Loaded& LoadedOnce(size_t groups) {
  static std::map<size_t, std::unique_ptr<Loaded>> cache;
  if (!cache.contains(groups)) {
    cache.clear();
    cache[groups] = std::make_unique<Loaded>(groups);
    cache[groups]->engine.Step(kNow + 11s);  // the windows' edges are in memory after it
    cache[groups]->now += 11s;
  }
  return *cache[groups];
}

// One second of engine time; every tenth slides the windows. The counter `second` is what one (SLO,
// group) takes of it.
void BM_Engine_Step(benchmark::State& state) {
  const auto groups = static_cast<size_t>(state.range(0));
  Loaded& loaded = LoadedOnce(groups);
  for (auto _ : state) {
    loaded.now += 1s;
    loaded.engine.Step(loaded.now);
  }
  state.counters["per_group"] = benchmark::Counter(
      static_cast<double>(2 * groups),
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  state.counters["bytes_per_group"] =
      static_cast<double>(loaded.engine.table().memory_bytes()) / static_cast<double>(groups);
}
BENCHMARK(BM_Engine_Step)
    ->ArgName("groups")
    ->Arg(1)
    ->Arg(100)
    ->Arg(10'000)
    ->Arg(100'000)
    ->Unit(benchmark::kMicrosecond);

// A change of the open slice with the windows of both SLOs.
void BM_GroupCounts_Add(benchmark::State& state) {
  const SteadySource source;
  GroupCounts counts(SliId{1}, GroupId{0});
  const std::vector<uint32_t> windows = {30,   180,    360,       720,      2160,
                                         8640, 25'920, 30 * 8640, 90 * 8640};
  counts.Restore(SteadyState(windows), SharedRollingWindows(windows));
  const SliceChange change{SliId{1}, GroupId{0}, SliceOf(kNow), 3, {.good = 1, .bad = 0}};
  if (!counts.Load(change.slice, source).ok()) std::abort();
  for (auto _ : state) {
    counts.Add(change, source);
    benchmark::DoNotOptimize(counts.sum(0));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_GroupCounts_Add);

// Requests that change a slice of `changes` groups each, among `groups`: the next request touches
// the next ones, so with many groups none is in a cache of the processor.
std::vector<SliDelta> Requests(size_t groups, size_t changes, sys_seconds now) {
  std::vector<SliDelta> requests(std::max<size_t>(groups / changes, 1));
  const size_t stride = 7919;  // a prime: neighbours in a request are not neighbours in memory
  size_t group = 0;
  for (SliDelta& request : requests) {
    for (size_t i = 0; i < changes; ++i, group = (group + stride) % groups) {
      const size_t in_sli = group % kGroupsPerSli;
      std::string key;
      AppendGroupValue(key, "/route/" + std::to_string(in_sli));
      const auto sli = static_cast<SliId>(group / kGroupsPerSli + 1);
      request.Count(request.Append(sli, SliceOf(now), key), true, 3);
    }
  }
  return requests;
}

// Planning and applying one request.
void BM_SliTable_Commit(benchmark::State& state) {
  const auto groups = static_cast<size_t>(state.range(0));
  const auto changes = static_cast<size_t>(state.range(1));
  Loaded& loaded = LoadedOnce(groups);
  SliTable& table = loaded.engine.table();
  const std::vector<SliDelta> requests = Requests(groups, changes, loaded.now);
  size_t next = 0;
  for (auto _ : state) {
    const SliDelta* deltas[] = {&requests[next++ % requests.size()]};
    const auto plan = table.Plan(deltas, loaded.now);
    if (!plan.ok() || !table.Apply(*plan).ok()) std::abort();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(changes));
}
BENCHMARK(BM_SliTable_Commit)
    ->ArgNames({"groups", "changes"})
    ->Args({1, 1})
    ->Args({100, 1})
    ->Args({100, 100})
    ->Args({10'000, 1})
    ->Args({10'000, 200})
    ->Args({100'000, 1})
    ->Args({100'000, 200});

}  // namespace
}  // namespace slowburn::slo
