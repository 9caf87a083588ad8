// Goal: a request is known for ten minutes, or as long as memory allows, and the window says which.
// Method: entries by hand.
#include "app/dedup_window.h"

#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "storage/api/keys.h"

namespace slowburn::app {
namespace {

using namespace std::chrono_literals;

constexpr base::UnixNanos kNow{std::chrono::seconds(1'700'000'000)};

store::v1::DedupEntry Entry(uint64_t id, base::UnixNanos time) {
  store::v1::DedupEntry entry;
  entry.set_hash_high(id);
  entry.set_hash_low(id);
  entry.set_time_unix_nano(time.time_since_epoch().count());
  return entry;
}

TEST(DedupWindowTest, KnowsARequestForTenMinutes) {
  DedupWindow window(1 << 20);
  window.Add(Entry(1, kNow));
  window.Add(Entry(2, kNow + 5min));
  window.Expire(kNow + 10min);
  EXPECT_NE(window.Find({1, 1}), nullptr);
  window.Expire(kNow + 10min + 1s);
  EXPECT_EQ(window.Find({1, 1}), nullptr);
  EXPECT_NE(window.Find({2, 2}), nullptr);
  EXPECT_EQ(window.oldest_time_unix_nano(), (kNow + 5min).time_since_epoch().count());
  EXPECT_EQ(window.EffectiveWindow(kNow + 11min), 10min);
}

TEST(DedupWindowTest, ForgetsTheOldestWhenMemoryIsShortAndSaysSo) {
  DedupWindow window(1000);
  for (uint64_t i = 0; i < 100; ++i) window.Add(Entry(i, kNow + std::chrono::seconds(i)));
  EXPECT_LT(window.size(), 20u);
  EXPECT_NE(window.Find({99, 99}), nullptr);
  EXPECT_EQ(window.Find({0, 0}), nullptr);
  EXPECT_LT(window.EffectiveWindow(kNow + 99s), 60s);
  EXPECT_EQ(window.EffectiveWindow(kNow + 1h), 10min);
}

// A long log that is replayed holds a request twice when it was forgotten between the two.
TEST(DedupWindowTest, ARequestThatCameOnceMoreIsAsOldAsThat) {
  DedupWindow window(1 << 20);
  window.Add(Entry(1, kNow));
  window.Add(Entry(2, kNow + 1min));
  store::v1::DedupEntry again = Entry(1, kNow + 15min);
  again.set_rejected(3);
  window.Add(again);
  EXPECT_EQ(window.size(), 2u);
  window.Expire(kNow + 15min);
  EXPECT_EQ(window.Find({2, 2}), nullptr);
  ASSERT_NE(window.Find({1, 1}), nullptr);
  EXPECT_EQ(window.Find({1, 1})->rejected(), 3u);
  EXPECT_EQ(window.oldest_time_unix_nano(), (kNow + 15min).time_since_epoch().count());
  window.Expire(kNow + 26min);
  EXPECT_EQ(window.size(), 0u);
}

// While the clock was ahead an entry was checkpointed; the log has one from after it was set back.
TEST(DedupWindowTest, TheOldestIsTheOldestAlsoWhenItCameLater) {
  DedupWindow window(1 << 20);
  window.Add(Entry(1, kNow + 1h));
  window.Add(Entry(2, kNow));
  EXPECT_EQ(window.oldest_time_unix_nano(), kNow.time_since_epoch().count());
  EXPECT_EQ(window.newest_time_unix_nano(), (kNow + 1h).time_since_epoch().count());
  window.Expire(kNow + 11min);
  EXPECT_EQ(window.Find({2, 2}), nullptr);
  EXPECT_NE(window.Find({1, 1}), nullptr);
}

// Puts a checkpoint of `window` into `stored` as a store would.
void Checkpoint(DedupWindow& window, uint64_t sequence,
                std::map<std::string, std::string>& stored) {
  storage::Batch batch;
  window.PutChanged(sequence, batch);
  for (const storage::Batch::Operation& operation : batch.operations()) {
    if (operation.kind == storage::Batch::Operation::Kind::kPut) {
      stored[operation.key] = operation.value;
    } else {
      stored.erase(stored.lower_bound(operation.key), stored.lower_bound(operation.value));
    }
  }
  window.CheckpointWritten();
}

TEST(DedupWindowTest, CheckpointsAreOneBlockEachThatGoesWithItsLastRequest) {
  DedupWindow window(1 << 20);
  std::map<std::string, std::string> stored;
  for (uint64_t i = 0; i < 100; ++i) window.Apply(Entry(i, kNow + std::chrono::seconds(i)));
  Checkpoint(window, 1, stored);
  EXPECT_EQ(stored.size(), 1u);
  EXPECT_FALSE(window.HasChanges());
  Checkpoint(window, 1, stored);
  EXPECT_EQ(stored.size(), 1u);
  window.Apply(Entry(100, kNow + 99s));  // in the same nanosecond
  Checkpoint(window, 2, stored);
  EXPECT_EQ(stored.size(), 2u);

  const base::UnixNanos later = kNow + 10min + 50s;
  window.Expire(later);
  Checkpoint(window, 2, stored);
  EXPECT_EQ(stored.size(), 2u);
  DedupWindow loaded(1 << 20);
  for (const auto& [key, value] : stored) ASSERT_TRUE(loaded.Load(key, value, later).ok());
  EXPECT_FALSE(loaded.HasChanges());
  EXPECT_EQ(loaded.size(), 51u);
  EXPECT_EQ(loaded.Find({49, 49}), nullptr);
  EXPECT_NE(loaded.Find({50, 50}), nullptr);
  EXPECT_NE(loaded.Find({100, 100}), nullptr);

  window.Expire(kNow + 10min + 100s);
  Checkpoint(window, 2, stored);
  EXPECT_EQ(stored.size(), 0u);
}

// The requests in each stored block, in the order of keys.
std::vector<std::vector<uint64_t>> Blocks(const std::map<std::string, std::string>& stored) {
  std::vector<std::vector<uint64_t>> blocks;
  for (const auto& [key, value] : stored) {
    store::v1::DedupBlock block;
    EXPECT_TRUE(block.ParseFromString(value));
    blocks.emplace_back();
    for (const store::v1::DedupEntry& entry : block.entries())
      blocks.back().push_back(entry.hash_high());
  }
  return blocks;
}

// What waits for the checkpoint is held to the limit too.
TEST(DedupWindowTest, WhatIsForgottenBeforeTheCheckpointIsNotWritten) {
  DedupWindow window(1000);
  std::map<std::string, std::string> stored;
  std::vector<uint64_t> known;
  for (uint64_t i = 0; i < 100; ++i) window.Apply(Entry(i, kNow + std::chrono::seconds(i)));
  for (uint64_t i = 0; i < 100; ++i) {
    if (window.Find({i, i}) != nullptr) known.push_back(i);
  }
  ASSERT_LT(known.size(), 20u);
  Checkpoint(window, 1, stored);
  EXPECT_EQ(Blocks(stored), (std::vector<std::vector<uint64_t>>{known}));
  window.Apply(Entry(100, kNow + 100s));
  window.Expire(kNow + 1h);
  EXPECT_FALSE(window.HasChanges());
  Checkpoint(window, 2, stored);
  EXPECT_TRUE(stored.empty());
}

// A clock that was set back gives many requests one time: none is written with each block anew.
TEST(DedupWindowTest, RequestsOfOneTimeAreWrittenOnce) {
  DedupWindow window(1 << 20);
  std::map<std::string, std::string> stored;
  for (uint64_t i = 0; i < 6; ++i) {
    window.Apply(Entry(i, kNow));
    if (i % 2 == 1) Checkpoint(window, i, stored);
  }
  EXPECT_EQ(Blocks(stored), (std::vector<std::vector<uint64_t>>{{0, 1}, {2, 3}, {4, 5}}));
}

// A checkpoint is from while the clock was ahead; the log that is replayed is from after that.
TEST(DedupWindowTest, WhatComesOutOfOrderIsWrittenToo) {
  std::map<std::string, std::string> stored;
  {
    DedupWindow window(1 << 20);
    window.Apply(Entry(1, kNow + 1h));
    Checkpoint(window, 1, stored);
  }
  DedupWindow window(1 << 20);
  for (const auto& [key, value] : stored) ASSERT_TRUE(window.Load(key, value, kNow).ok());
  window.Apply(Entry(2, kNow));
  window.Apply(Entry(3, kNow + 1h));
  Checkpoint(window, 3, stored);
  for (int restart = 0; restart < 2; ++restart) {
    DedupWindow loaded(1 << 20);
    for (const auto& [key, value] : stored) ASSERT_TRUE(loaded.Load(key, value, kNow).ok());
    for (uint64_t id = 1; id <= 3; ++id) EXPECT_NE(loaded.Find({id, id}), nullptr) << id;
    EXPECT_EQ(loaded.size(), 3u);
    Checkpoint(loaded, 3, stored);
    loaded.Expire(kNow + 11min);
    EXPECT_EQ(loaded.Find({2, 2}), nullptr);
    EXPECT_NE(loaded.Find({1, 1}), nullptr);
    loaded.Expire(kNow + 2h);
    EXPECT_EQ(loaded.size(), 0u);
  }
}

TEST(DedupWindowTest, LoadsTheEntriesOfOlderFormatsAndRefusesDamage) {
  DedupWindow window(1 << 20);
  const std::string old_key =
      storage::DedupTimeKey(kNow.time_since_epoch().count()) + std::string(16, 'h');
  ASSERT_TRUE(window.Load(old_key, Entry(7, kNow).SerializeAsString(), kNow).ok());
  EXPECT_NE(window.Find({7, 7}), nullptr);
  EXPECT_TRUE(absl::IsDataLoss(window.Load(old_key, "\xff", kNow)));
  EXPECT_TRUE(absl::IsDataLoss(window.Load(storage::DedupBlockKey(1, 2), "\xff", kNow)));
}

TEST(DedupWindowTest, HashTellsSignalsEncodingsAndBodiesApart) {
  using enum model::Signal;
  using enum collector::BodyEncoding;
  const RequestHash hash = HashRequest(kTraces, kProtobuf, "a");
  EXPECT_EQ(HashRequest(kTraces, kProtobuf, "a"), hash);
  EXPECT_NE(HashRequest(kTraces, kProtobuf, "b"), hash);
  EXPECT_NE(HashRequest(kLogs, kProtobuf, "a"), hash);
  EXPECT_NE(HashRequest(kTraces, kJson, "a"), hash);
}

}  // namespace
}  // namespace slowburn::app
