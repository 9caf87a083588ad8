// What a sample costs from its series' key to the disk: planned, encoded, appended to RocksDB's log
// (buffered), applied, and in time brought into chunks. One iteration is one scrape: each series
// gets a sample, 2,000 of them a commit; the clock goes on 15 s. The data is that of the peers'
// comparison: 60 % counters (a quarter idle), 30 % integer gauges (a third flat), 10 % walks of
// full doubles. BM_Read reads the last day of all series.
#include <random>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "base/testing/temp_dir.h"
#include "storage/rocksdb/rocksdb_store.h"
#include "storage/series/series_store.h"

namespace slowburn::storage {
namespace {

constexpr int64_t kScrapeMs = 15'000;
constexpr size_t kCommitSamples = 2000;

class Scrapes {
 public:
  explicit Scrapes(size_t count)
      : store_(*OpenRocksdbStore({.directory = dir_.path()})), series_({}, *store_) {
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
      values_.push_back(1000);
    }
  }

  void Scrape() {
    now_ms_ += kScrapeMs;
    for (size_t from = 0; from < labels_.size(); from += kCommitSamples) {
      Commit(from, std::min(from + kCommitSamples, labels_.size()));
    }
    Checkpoint();
  }

  SeriesStore& series() { return series_; }
  int64_t now_ms() const { return now_ms_; }
  size_t count() const { return labels_.size(); }

 private:
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
        return value = 500 + static_cast<double>(random_() % 100);
      case 6:
      case 7:
      case 8:
      case 9:
      case 10:
        return value;
      default:
        return value += static_cast<double>(random_() % 100);
    }
  }

  void Commit(size_t from, size_t to) {
    const auto plan = series_.Plan(now_ms_);
    for (size_t i = from; i < to; ++i) {
      HeadSeries* series = plan->Find(keys_[i]);
      if (series == nullptr) {
        SampleFate fate = SampleFate::kTaken;
        series = *plan->Define(keys_[i], labels_[i], fate);
      }
      plan->Add(*series, now_ms_, Next(i));
    }
    const std::string part = plan->Encode();
    log_bytes_ += part.size();
    store_->AppendLog(part, Durability::kBuffered).IgnoreError();
    plan->Apply(part.size());
  }

  void Checkpoint() {
    Batch batch;
    store_->KeepLogAfter(*series_.AddCheckpoint(now_ms_, store_->last_sequence(), batch));
    store_->WriteCheckpoint(std::move(batch)).IgnoreError();
    series_.CheckpointWritten();
  }

  base::TempDir dir_;
  std::unique_ptr<Store> store_;
  SeriesStore series_;
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
