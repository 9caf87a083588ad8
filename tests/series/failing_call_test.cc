// Goal: whichever one call of the disk fails, what was acknowledged is there, and the rest was
// refused. Method: a short life of the store, with the nth call of a kind failing, for every n that
// it comes to; after a refusal the store is closed and opened again.
//
// Left out: bytes that are read wrong (damaged_files_test), what only asks for haste or room
// (RangeSync, Allocate, Truncate), and FORMAT and HIGH_WATER, which do not go through RocksDB.
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/testing/temp_dir.h"
#include "storage/rocksdb/testing/failing_call_file_system.h"
#include "storage/series/packed_labels.h"
#include "storage/series/series_store.h"

namespace slowburn::storage {
namespace {

constexpr int64_t kBeginMs = 1'795'219'200'000;
constexpr int kSeries = 3;

// By pod, and by time.
using Samples = std::map<std::string, std::map<int64_t, double>>;

std::shared_ptr<FailingCallFileSystem> WellDisk() {
  return std::make_shared<FailingCallFileSystem>(DiskCall{.part = "no such file"}, 1);
}

// A program that writes, and starts again after what it was refused.
class Life {
 public:
  Life(std::filesystem::path directory, std::shared_ptr<FailingCallFileSystem> disk)
      : directory_(std::move(directory)), disk_(std::move(disk)) {}

  void Run() {
    for (int round = 0; round < 2; ++round) {
      if (!Open()) continue;
      for (int i = 0; i < 2; ++i) Commit();
      Checkpoint();
      Commit();
      if (round == 0) {
        Filler();
        store_->Reclaim(/*last=*/true);
      }
      Commit();
      if (!store_->MarkHighWater().ok()) ++refused_;
      Close();
    }
  }

  // From now on the disk is well.
  void Repair() { disk_ = WellDisk(); }
  // False: it was refused.
  bool Open() {
    auto store = OpenOnDisk(
        {.directory = directory_, .block_cache_bytes = 1 << 20, .write_buffer_bytes = 1 << 20},
        disk_);
    if (!store.ok()) {
      ++refused_;
      last_refusal_ = store.status();
      return false;
    }
    store_ = *std::move(store);
    series_ = std::make_unique<SeriesStore>(SeriesOptions(), *store_);
    const absl::Status recovered = series_->Recover(now_ms_);
    EXPECT_TRUE(recovered.ok()) << recovered;
    const absl::Status replayed = store_->ReplayLog(
        series_->covered_sequence(), [&](uint64_t sequence, std::string_view part) {
          return series_->Replay(sequence, part, now_ms_);
        });
    EXPECT_TRUE(replayed.ok()) << replayed;
    return recovered.ok() && replayed.ok();
  }
  void Close() {
    series_.reset();
    store_.reset();
  }

  Samples Read() const {
    Samples samples;
    const auto snapshot = series_->TakeSnapshot({}, {});
    const TimeRange all{kBeginMs - 1, now_ms_ + 1};
    const auto selected = snapshot->Select({}, all);
    EXPECT_TRUE(selected.ok()) << selected.status();
    if (!selected.ok()) return samples;
    for (const SelectedSeries& series : *selected) {
      SampleColumns columns;
      const absl::Status read = snapshot->ReadSamples(series.id, all, columns);
      EXPECT_TRUE(read.ok()) << read;
      for (size_t i = 0; i < columns.times_ms.size(); ++i) {
        samples[std::string(series.labels->Get("pod"))][columns.times_ms[i]] = columns.values[i];
      }
    }
    return samples;
  }

  const Samples& acknowledged() const { return acknowledged_; }
  int refused() const { return refused_; }
  const absl::Status& last_refusal() const { return last_refusal_; }

 private:
  void Commit() {
    now_ms_ += 15'000;
    const auto plan = series_->Plan(now_ms_);
    for (int i = 0; i < kSeries; ++i) {
      const model::LabelSet labels{{"__name__", "up"}, {"pod", fmt::format("pod{}", i)}};
      SampleFate fate = SampleFate::kTaken;
      const auto series = plan->Define(KeyOfLabels(PackLabels(labels)), labels, fate);
      if (!series.ok()) {  // it was looked for in the store
        ++refused_;
        return;
      }
      plan->Add(**series, now_ms_, i);
    }
    const std::string part = plan->Encode();
    if (!store_->AppendLog(part, Durability::kSynced).ok()) {
      ++refused_;
      return;
    }
    plan->Apply(part.size());
    for (int i = 0; i < kSeries; ++i) acknowledged_[fmt::format("pod{}", i)][now_ms_] = i;
  }

  void Checkpoint() {
    Batch batch;
    const auto covered =
        series_->AddCheckpoint(now_ms_, store_->last_sequence(), batch, CheckpointPace::kFinish);
    if (covered.ok()) store_->KeepLogAfter(*covered);
    if (covered.ok() && store_->WriteCheckpoint(std::move(batch)).ok()) {
      series_->CheckpointWritten();
    } else {
      series_->CheckpointFailed();
      ++refused_;
    }
  }

  // As much as makes it worth to the store to flush its tables.
  void Filler() {
    Batch batch;
    batch.Put(Family::kDedup, "filler", std::string(1 << 20, 'f'));
    if (!store_->WriteDirect(std::move(batch)).ok()) ++refused_;
  }

  const std::filesystem::path directory_;
  std::shared_ptr<FailingCallFileSystem> disk_;
  std::unique_ptr<BackupableStore> store_;
  std::unique_ptr<SeriesStore> series_;
  int64_t now_ms_ = kBeginMs;
  Samples acknowledged_;
  int refused_ = 0;
  absl::Status last_refusal_;
};

struct CallCase {
  std::string name;
  DiskCall call;
  bool refuses = true;  // something is refused for it
};

class FailingCallTest : public testing::TestWithParam<CallCase> {
 protected:
  // A store that was there before: its making acknowledges nothing.
  void SetUp() override {
    Life life(made_.path() / "data", WellDisk());
    ASSERT_TRUE(life.Open()) << life.last_refusal();
  }

  base::TempDir made_;
};

TEST_P(FailingCallTest, LosesNothingThatWasAcknowledged) {
  uint64_t n = 1;
  int refused = 0;
  // A life may end before the compaction that it set off has come to the first of these calls.
  int lives_without = 0;
  constexpr int kLivesWithoutMax = 100;
  for (;; ++n) {
    SCOPED_TRACE(fmt::format("call {}", n));
    const base::TempDir dir;
    const auto disk = std::make_shared<FailingCallFileSystem>(GetParam().call, n);
    std::filesystem::copy(made_.path(), dir.path(), std::filesystem::copy_options::recursive);
    Life life(dir.path() / "data", disk);
    life.Run();
    if (!disk->has_failed()) {
      EXPECT_EQ(life.refused(), 0) << life.last_refusal();
      EXPECT_EQ(life.acknowledged().at("pod0").size(), 8u);
    }
    refused += life.refused();
    const Samples acknowledged = life.acknowledged();
    life.Repair();
    ASSERT_TRUE(life.Open()) << life.last_refusal();
    const Samples found = life.Read();
    for (const auto& [pod, samples] : acknowledged) {
      for (const auto& [time_ms, value] : samples) {
        const auto series = found.find(pod);
        ASSERT_NE(series, found.end()) << pod;
        const auto sample = series->second.find(time_ms);
        ASSERT_NE(sample, series->second.end()) << pod << " at " << time_ms;
        EXPECT_EQ(sample->second, value);
      }
    }
    if (testing::Test::HasFailure()) return;
    if (disk->has_failed()) continue;
    if (n > 1 || ++lives_without == kLivesWithoutMax) break;  // there are no more of them
    n = 0;
  }
  EXPECT_GT(n, 1u) << "there is no such call: the test shows nothing";
  EXPECT_EQ(refused > 0, GetParam().refuses);
  RecordProperty("calls", std::to_string(n - 1));
}

INSTANTIATE_TEST_SUITE_P(Calls, FailingCallTest,
                         testing::ValuesIn<CallCase>({
                             {"CreateWal", {CallKind::kCreate, ".log"}},
                             {"AppendToWal", {CallKind::kAppend, ".log"}},
                             {"SyncWal", {CallKind::kSync, ".log"}},
                             {"DeleteWal", {CallKind::kDelete, ".log"}, /*refuses=*/false},
                             {"CreateTable", {CallKind::kCreate, ".sst"}},
                             {"AppendToTable", {CallKind::kAppend, ".sst"}},
                             {"SyncTable", {CallKind::kSync, ".sst"}},
                             {"DeleteTable", {CallKind::kDelete, ".sst"}, /*refuses=*/false},
                             {"CreateManifest", {CallKind::kCreate, "MANIFEST"}},
                             {"AppendToManifest", {CallKind::kAppend, "MANIFEST"}},
                             {"SyncManifest", {CallKind::kSync, "MANIFEST"}},
                             {"DeleteManifest", {CallKind::kDelete, "MANIFEST"}, /*refuses=*/false},
                             {"RenameToCurrent", {CallKind::kRename, "CURRENT"}},
                             {"SyncDirectory", {CallKind::kSyncDirectory, ""}},
                             {"CloseWal", {CallKind::kClose, ".log"}, /*refuses=*/false},
                             {"CloseTable", {CallKind::kClose, ".sst"}},
                             {"CloseManifest", {CallKind::kClose, "MANIFEST"}, /*refuses=*/false},
                             {"FlushWal", {CallKind::kFlush, ".log"}},
                             {"FlushTable", {CallKind::kFlush, ".sst"}},
                             {"OpenToRead", {CallKind::kOpenToRead, ""}},
                         }),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace slowburn::storage
