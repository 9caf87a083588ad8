// What a sample costs from its series' key to the disk: planned, encoded, appended to RocksDB's log
// (buffered), applied, and in time brought into chunks. One iteration is one scrape: each series
// gets a sample, 2,000 of them a commit; the clock goes on 15 s. The data is that of the peers'
// comparison: 60 % counters (a quarter idle), 30 % integer gauges (a third flat), 10 % walks of
// full doubles. BM_Read reads the last day of all series.
#include <chrono>
#include <ctime>
#include <fstream>
#include <memory>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include "base/testing/temp_dir.h"
#include "storage/rocksdb/rocksdb_store.h"
#include "storage/series/packed_labels.h"
#include "storage/series/series_store.h"

namespace slowburn::storage {
namespace {

constexpr int64_t kScrapeMs = 15'000;
constexpr size_t kCommitSamples = 2000;

class Scrapes {
 public:
  explicit Scrapes(size_t count)
      : store_(*OpenRocksdbStore({.directory = dir_.path()})),
        series_(std::make_unique<SeriesStore>(SeriesOptions(), *store_)) {
    for (size_t i = 0; i < count; ++i) {
      labels_.push_back({{"__name__", fmt::format("metric_{}_total", i % 50)},
                         {"cluster", "eu-1"},
                         {"env", "prod"},
                         {"instance", fmt::format("10.0.{}.{}:9100", i / 12800, i / 50 % 256)},
                         {"job", fmt::format("job-{}", i % 7)},
                         {"namespace", fmt::format("team-{}", i % 20)},
                         {"node", fmt::format("node-{}", i / 50 % 64)},
                         {"pod", fmt::format("service-{}-{}", i % 7, i / 50)},
                         {"zone", fmt::format("zone-{}", i % 3)}});
      keys_.push_back({i + 1, ~i});
      values_.push_back(static_cast<double>(random_() % 100'000));
    }
  }

  void Scrape() {
    now_ms_ += kScrapeMs;
    for (size_t from = 0; from < labels_.size(); from += kCommitSamples) {
      Commit(from, std::min(from + kCommitSamples, labels_.size()), now_ms_);
    }
    Checkpoint();
  }

  // So many series that had one sample each and have left memory: a hundred thousand live at
  // a time, and all are of yesterday or before.
  void Bury(size_t count) {
    constexpr size_t kGeneration = 100'000;
    for (size_t from = 0; from < count; from += kGeneration) {
      BuryGeneration(from, std::min(from + kGeneration, count));
    }
    now_ms_ += 24 * 3600 * 1000;
    store_->Reclaim(/*last=*/true);  // or what is measured would be the end of their making
  }
  // As a start of the program does. Returns the seconds that it took.
  double Reopen() {
    series_.reset();
    store_.reset();
    const auto begin = std::chrono::steady_clock::now();
    store_ = *OpenRocksdbStore({.directory = dir_.path()});
    series_ = std::make_unique<SeriesStore>(SeriesOptions(), *store_);
    series_->Recover(now_ms_).IgnoreError();
    store_
        ->ReplayLog(series_->covered_sequence(),
                    [&](uint64_t sequence, std::string_view part) {
                      return series_->Replay(sequence, part, now_ms_);
                    })
        .IgnoreError();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }

  // Hours of samples within seconds, as remote write brings them to a new server: their times end
  // now. A checkpoint for every million and a half.
  void Load(size_t steps) {
    uint64_t since = 0;
    for (size_t step = 0; step < steps; ++step) {
      const int64_t time_ms = now_ms_ - static_cast<int64_t>(steps - step) * kScrapeMs;
      for (size_t from = 0; from < labels_.size(); from += kCommitSamples) {
        Commit(from, std::min(from + kCommitSamples, labels_.size()), time_ms);
      }
      since += labels_.size();
      if (since < 1'500'000) continue;
      since = 0;
      const uint64_t rounds = series_->counts().rounds;
      now_ms_ += 1000;
      Checkpoint();
      if (series_->counts().rounds != rounds) store_->Reclaim(/*last=*/false);
    }
  }
  // As the program does when it stops.
  void Finish() {
    while (series_->covered_sequence() < store_->last_sequence()) {
      Checkpoint(CheckpointPace::kFinish);
    }
    store_->MarkHighWater().IgnoreError();
    store_->Reclaim(/*last=*/true);
  }
  uint64_t disk_bytes() const { return store_->statistics().disk_bytes; }

  SeriesStore& series() { return *series_; }
  int64_t now_ms() const { return now_ms_; }
  size_t count() const { return labels_.size(); }

 private:
  void BuryGeneration(size_t begin, size_t end) {
    for (size_t from = begin; from < end; from += kCommitSamples) {
      const auto plan = series_->Plan(now_ms_);
      for (size_t i = from; i < std::min(end, from + kCommitSamples); ++i) {
        const model::LabelSet labels{{"__name__", fmt::format("metric_{}_total", i % 50)},
                                     {"cluster", "eu-1"},
                                     {"env", "prod"},
                                     {"instance", fmt::format("10.1.{}.{}:9100", i / 256, i % 256)},
                                     {"job", fmt::format("job-{}", i % 7)},
                                     {"namespace", fmt::format("team-{}", i % 20)},
                                     {"node", fmt::format("node-{}", i % 64)},
                                     {"pod", fmt::format("service-{}-{:x}", i % 7, random_())},
                                     {"zone", fmt::format("zone-{}", i % 3)}};
        SampleFate fate = SampleFate::kTaken;
        plan->Add(**plan->Define(KeyOfLabels(PackLabels(labels)), labels, fate), now_ms_, 1);
      }
      Append(*plan);
      Checkpoint();
    }
    now_ms_ += 3 * 3600 * 1000;
    while (series_->counts().living_series > 0) Checkpoint(CheckpointPace::kFinish);
  }

  double Next(size_t i) {
    double& value = values_[i];
    switch (i % 20) {
      case 0:
      case 1:
        return value += normal_(random_);
      case 2:
      case 3:
      case 4:
      case 5:
        return value += static_cast<double>(random_() % 41) - 20;
      case 6:
      case 7:
      case 8:
      case 9:
      case 10:
        return value;
      default:  // each at a rate of its own
        return value +=
               static_cast<double>(1 + i * 7919 % 1000 + random_() % (1 + i * 7919 % 1000));
    }
  }

  void Commit(size_t from, size_t to, int64_t time_ms) {
    const auto plan = series_->Plan(now_ms_);
    for (size_t i = from; i < to; ++i) {
      HeadSeries* series = plan->Find(keys_[i]);
      if (series == nullptr) {
        SampleFate fate = SampleFate::kTaken;
        series = *plan->Define(keys_[i], labels_[i], fate);
      }
      plan->Add(*series, time_ms, Next(i));
    }
    Append(*plan);
  }

  void Append(WritePlan& plan) {
    const std::string part = plan.Encode();
    log_bytes_ += part.size();
    store_->AppendLog(part, Durability::kBuffered).IgnoreError();
    plan.Apply(part.size());
  }

  void Checkpoint(CheckpointPace pace = CheckpointPace::kSteady) {
    Batch batch;
    store_->KeepLogAfter(*series_->AddCheckpoint(now_ms_, store_->last_sequence(), batch, pace));
    store_->WriteCheckpoint(std::move(batch)).IgnoreError();
    series_->CheckpointWritten();
  }

  base::TempDir dir_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<SeriesStore> series_;
  std::vector<model::LabelSet> labels_;
  std::vector<SeriesKey> keys_;
  std::vector<double> values_;
  std::mt19937_64 random_{42};
  std::normal_distribution<double> normal_;
  int64_t now_ms_ = 1'795'219'200'000;
  uint64_t log_bytes_ = 0;
};

void BM_SeriesStore_Write(benchmark::State& state) {
  Scrapes scrapes(static_cast<size_t>(state.range(0)));
  scrapes.Scrape();
  for (auto _ : state) scrapes.Scrape();
  const auto samples =
      static_cast<double>(scrapes.count() * static_cast<size_t>(state.iterations()));
  state.counters["samples"] = benchmark::Counter(samples, benchmark::Counter::kIsRate);
  const auto counts = scrapes.series().counts();
  if (counts.stored_samples > 0) {
    state.counters["stored_bytes_per_sample"] =
        static_cast<double>(counts.stored_bytes) / static_cast<double>(counts.stored_samples);
  }
  state.counters["head_bytes_per_series"] =
      static_cast<double>(scrapes.series().SampleMemory()) / static_cast<double>(scrapes.count());
}
BENCHMARK(BM_SeriesStore_Write)->ArgName("series")->Arg(1000)->Arg(10'000)->MeasureProcessCPUTime();

// What the program leaves on disk of a load, and what it takes for that, its end included.
void BM_SeriesStore_Load(benchmark::State& state) {
  const auto samples = static_cast<double>(state.range(0) * state.range(1));
  for (auto _ : state) {
    Scrapes scrapes(static_cast<size_t>(state.range(0)));
    scrapes.Load(static_cast<size_t>(state.range(1)));
    state.counters["live_bytes_per_sample"] = static_cast<double>(scrapes.disk_bytes()) / samples;
    const auto begin = std::chrono::steady_clock::now();
    scrapes.Finish();
    state.counters["finish_s"] =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    state.counters["rest_bytes_per_sample"] = static_cast<double>(scrapes.disk_bytes()) / samples;
  }
  state.counters["samples"] = benchmark::Counter(samples, benchmark::Counter::kIsRate);
}
BENCHMARK(BM_SeriesStore_Load)
    ->ArgNames({"series", "steps"})
    ->Args({100, 100})
    ->Args({2'000, 480})
    ->Args({500, 5'760})
    ->Args({10'000, 960})
    ->Args({100'000, 240})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime();

double SelectMicros(Scrapes& scrapes, benchmark::State& state) {
  constexpr int kSelects = 100;
  const Matchers matchers{
      *model::LabelMatcher::Create("__name__", model::LabelMatcher::Op::kEqual, "metric_7_total")};
  size_t selected = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kSelects; ++i) {
    const auto snapshot = scrapes.series().TakeSnapshot({}, {});
    selected +=
        snapshot->Select(matchers, {scrapes.now_ms() - 3600 * 1000, scrapes.now_ms() + 1})->size();
  }
  state.counters["selected"] = static_cast<double>(selected) / kSelects;
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin)
             .count() /
         kSelects;
}

double ResidentMegabytes() {
  malloc_trim(0);
  uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return static_cast<double>(pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE))) / 1e6;
}

// Of the processor, by this thread: without RocksDB's.
double ThreadMicros() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) * 1e6 + static_cast<double>(used.tv_nsec) / 1e3;
}

// The living among the dead: 1,000 series go on, and are selected by a label that dead ones had
// too.
void BM_SeriesStore_AmongDead(benchmark::State& state) {
  const double before_mb = ResidentMegabytes();
  Scrapes scrapes(1000);
  const auto begin = std::chrono::steady_clock::now();
  scrapes.Bury(static_cast<size_t>(state.range(0)));
  state.counters["bury_s"] =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  state.counters["dead_disk_mb"] = static_cast<double>(scrapes.disk_bytes()) / 1e6;
  state.counters["dead_mb"] = ResidentMegabytes() - before_mb;
  for (int i = 0; i < 10; ++i) scrapes.Scrape();
  const double writer_begin_us = ThreadMicros();
  for (auto _ : state) scrapes.Scrape();
  state.counters["writer_us"] =
      (ThreadMicros() - writer_begin_us) / static_cast<double>(state.iterations());
  state.counters["samples"] = benchmark::Counter(
      static_cast<double>(scrapes.count()) * static_cast<double>(state.iterations()),
      benchmark::Counter::kIsRate);
  state.counters["select_us"] = SelectMicros(scrapes, state);
  state.counters["open_s"] = scrapes.Reopen();
  state.counters["open_mb"] = ResidentMegabytes() - before_mb;
  state.counters["select_opened_us"] = SelectMicros(scrapes, state);
}
BENCHMARK(BM_SeriesStore_AmongDead)
    ->ArgName("dead")
    ->Arg(0)
    ->Arg(10'000)
    ->Arg(100'000)
    ->Arg(1'000'000)
    ->Arg(10'000'000)
    ->Iterations(1000)
    ->Unit(benchmark::kMicrosecond)
    ->MeasureProcessCPUTime();

void BM_SeriesStore_Read(benchmark::State& state) {
  Scrapes scrapes(200);
  for (int64_t i = 0; i < state.range(0); ++i) scrapes.Scrape();
  uint64_t samples = 0;
  SampleColumns columns;
  for (auto _ : state) {
    const auto snapshot = scrapes.series().TakeSnapshot({}, {});
    const TimeRange range{scrapes.now_ms() - 24 * 3600 * 1000, scrapes.now_ms() + 1};
    const auto selected = snapshot->Select({}, range);
    for (const SelectedSeries& series : *selected) {
      snapshot->ReadSamples(series.id, range, columns).IgnoreError();
      samples += columns.times_ms.size();
    }
  }
  state.counters["samples"] =
      benchmark::Counter(static_cast<double>(samples), benchmark::Counter::kIsRate);
}
BENCHMARK(BM_SeriesStore_Read)->ArgName("scrapes")->Arg(100)->Arg(5760);

}  // namespace
}  // namespace slowburn::storage
