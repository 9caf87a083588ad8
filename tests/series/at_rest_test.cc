// Goal: what a load leaves on disk, once the program has stopped, is the noise of its samples and
// little for each series: labels and index included, nothing twice, and nothing in the log. Method:
// whole gauges that step by one of 41 numbers, as likely each, through checkpoints as the program
// makes them; the files of the stopped store against the entropy of the steps.
#include <cmath>
#include <filesystem>
#include <memory>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/testing/temp_dir.h"
#include "storage/rocksdb/rocksdb_store.h"
#include "storage/rocksdb/testing/store_probe.h"
#include "storage/series/testing/series_world.h"

namespace slowburn::storage {
namespace {

constexpr uint64_t kSeries = 200;
constexpr uint64_t kSteps = 960;
constexpr uint64_t kStepKinds = 41;
// What is beside the noise: how a block and its compression begin, the keys and covers of three
// records, a filter, labels that repeat each other.
constexpr uint64_t kBesideBytes = 200;  // of a series
constexpr uint64_t kFewKeys = 10'000;   // a file for each family that has some

class Load {
 public:
  explicit Load(SeriesWorld& world) : world_(world) {
    for (uint64_t i = 0; i < kSeries; ++i) {
      labels_.push_back({{"__name__", fmt::format("metric_{}", i % 50)},
                         {"instance", fmt::format("10.0.0.{}:9100", i / 50)},
                         {"job", "shop"},
                         {"pod", fmt::format("service-{}", i / 50)}});
      values_.push_back(static_cast<double>(random_() % 100'000));
    }
  }

  void Step(int64_t time_ms) {
    std::vector<SampleToWrite> samples;
    for (uint64_t i = 0; i < kSeries; ++i) {
      values_[i] += static_cast<double>(random_() % kStepKinds) - 20;
      samples.push_back({labels_[i], time_ms, values_[i]});
    }
    world_.Write(samples);
  }

 private:
  SeriesWorld& world_;
  std::mt19937_64 random_{1};
  std::vector<model::LabelSet> labels_;
  std::vector<double> values_;
};

std::unique_ptr<BackupableStore> Open(const std::filesystem::path& directory) {
  auto store = OpenRocksdbStore({.directory = directory});
  EXPECT_TRUE(store.ok()) << store.status();
  return store.ok() ? *std::move(store) : nullptr;
}

TEST(AtRestTest, TakesLittleMoreThanTheNoise) {
  const base::TempDir dir;
  auto store = Open(dir.path());
  ASSERT_NE(store, nullptr);
  SeriesWorld world{SeriesOptions()};
  world.Start(*store);
  Load load(world);
  // Hours within seconds; then nothing comes.
  const int64_t begin_ms = world.now_ms() + 3'600'000;
  world.Advance(3'600'000 + static_cast<int64_t>(kSteps) * 15'000);
  const auto checkpoint = [&](CheckpointPace pace) {
    const uint64_t rounds = world.series().counts().rounds;
    ASSERT_TRUE(world.Checkpoint(pace).ok());
    if (world.series().counts().rounds != rounds) store->Reclaim(/*last=*/false);
  };
  for (uint64_t step = 0; step < kSteps; ++step) {
    load.Step(begin_ms + static_cast<int64_t>(step) * 15'000);
    if (step % 100 == 99) {
      world.Advance(1000);
      checkpoint(CheckpointPace::kSteady);
    }
  }
  for (int i = 0; i < 5; ++i) {
    world.Advance(5000);
    checkpoint(CheckpointPace::kSteady);
  }
  while (world.series().covered_sequence() < store->last_sequence()) {
    checkpoint(CheckpointPace::kFinish);
  }
  ASSERT_TRUE(store->MarkHighWater().ok());
  store->Reclaim(/*last=*/true);
  world.Stop();
  store.reset();
  uint64_t bytes = 0;
  for (const std::string extension : {".sst", ".log"}) {
    for (const auto& file : DatabaseFiles(dir.path(), extension)) {
      bytes += std::filesystem::file_size(file);
    }
  }
  const double noise = std::log2(kStepKinds) / 8 * kSeries * kSteps;
  EXPECT_LT(static_cast<double>(bytes), noise + kBesideBytes * kSeries + kFewKeys);
  store = Open(dir.path());
  ASSERT_NE(store, nullptr);
  world.Start(*store);
  SeriesWorld::ExpectReads(*world.Snapshot(), world.wanted(), {}, "after the start: ");
}

}  // namespace
}  // namespace slowburn::storage
