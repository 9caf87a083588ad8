// Goal: a request is known for ten minutes, or as long as memory allows, and the window says which.
// Method: entries by hand.
#include "app/dedup_window.h"

#include <gtest/gtest.h>

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
