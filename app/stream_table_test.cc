// Goal: a point is told from the newest of its stream as the header says; what is planned changes
// nothing, and the log and the checkpoints bring the same table back. Method: rows of points, then
// random histories with restarts and failed checkpoints against a model that keeps one map.
#include "app/stream_table.h"

#include <map>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/api/keys.h"

namespace slowburn::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;
using enum PointFate;

constexpr base::UnixNanos kStart{std::chrono::seconds(1'700'000'000)};

StreamPoint Point(uint64_t stream, uint64_t time, uint64_t value, uint64_t start = 1) {
  return {.stream = {stream, stream * 31},
          .start_time_unix_nano = start,
          .time_unix_nano = time,
          .value_hash = value};
}

// What a store has after checkpoints and what its log has since.
struct FakeStore {
  std::map<std::string, std::string> blocks;
  std::vector<std::string> log;

  void Write(const storage::Batch& batch) {
    for (const storage::Batch::Operation& operation : batch.operations()) {
      EXPECT_EQ(operation.family, storage::Family::kStreams);
      if (operation.kind == storage::Batch::Operation::Kind::kPut) {
        blocks[operation.key] = operation.value;
      } else {
        EXPECT_EQ(operation.kind, storage::Batch::Operation::Kind::kDelete);
        blocks.erase(operation.key);
      }
    }
    log.clear();
  }
};

// A table with the program around it.
class Rig {
 public:
  explicit Rig(StreamTable::Options options = {}) : options_(options), table_(options) {}

  // The fates of one commit's points, applied and in the log.
  std::vector<PointFate> Commit(const std::vector<StreamPoint>& points, base::UnixNanos now) {
    store::v1::LogRecord record;
    const std::vector<PointFate> fates = Plan(points, now, record);
    EXPECT_EQ(Plan(points, now, record), fates) << "planning changed something";
    store_.log.push_back(record.SerializeAsString());
    const absl::Status applied = table_.Apply(record);
    EXPECT_TRUE(applied.ok()) << applied;
    return fates;
  }
  bool Checkpoint(base::UnixNanos now, bool fails = false) {
    const bool had_changes = table_.HasChanges();
    storage::Batch batch;
    table_.PutChanged(now, batch);
    EXPECT_EQ(batch.empty(), !had_changes);
    if (fails) {
      table_.CheckpointFailed();
    } else {
      store_.Write(batch);
      table_.CheckpointWritten();
      EXPECT_FALSE(table_.HasChanges());
    }
    return had_changes;
  }
  void Restart() {
    StreamTable fresh(options_);
    for (const auto& [key, value] : store_.blocks) {
      store::v1::StreamBlock block;
      ASSERT_TRUE(block.ParseFromString(value));
      const absl::Status restored = fresh.Restore(*storage::ReadStreamBlockKey(key), block);
      ASSERT_TRUE(restored.ok()) << restored;
    }
    for (const std::string& bytes : store_.log) {
      store::v1::LogRecord record;
      ASSERT_TRUE(record.ParseFromString(bytes));
      const absl::Status applied = fresh.Apply(record);
      ASSERT_TRUE(applied.ok()) << applied;
    }
    fresh.EndRecovery();
    table_ = std::move(fresh);
  }

  StreamTable& table() { return table_; }
  FakeStore& store() { return store_; }

 private:
  std::vector<PointFate> Plan(const std::vector<StreamPoint>& points, base::UnixNanos now,
                              store::v1::LogRecord& record) const {
    StreamTable::Plan plan(table_);
    std::vector<PointFate> fates;
    for (const StreamPoint& point : points) fates.push_back(plan.Place(point));
    record.Clear();
    record.set_time_unix_nano(now.time_since_epoch().count());
    plan.Write(record);
    return fates;
  }

  StreamTable::Options options_;
  StreamTable table_;
  FakeStore store_;
};

TEST(StreamTableTest, APointIsComparedToTheNewestOfItsStream) {
  Rig rig;
  EXPECT_THAT(rig.Commit({Point(1, 100, 7), Point(2, 100, 7)}, kStart),
              ElementsAre(kNewest, kNewest));
  // Each alone: nothing of these is remembered.
  EXPECT_THAT(rig.Commit({Point(1, 100, 7)}, kStart), ElementsAre(kDuplicate));
  EXPECT_THAT(rig.Commit({Point(1, 100, 8)}, kStart), ElementsAre(kConflict));
  EXPECT_THAT(rig.Commit({Point(1, 100, 7, 2)}, kStart), ElementsAre(kConflict));
  EXPECT_THAT(rig.Commit({Point(1, 99, 7)}, kStart), ElementsAre(kOutOfOrder));
  EXPECT_THAT(rig.Commit({Point(1, 99, 8)}, kStart), ElementsAre(kOutOfOrder));
  EXPECT_THAT(rig.Commit({Point(1, 100, 7)}, kStart), ElementsAre(kDuplicate));
  EXPECT_THAT(rig.Commit({Point(1, 101, 7)}, kStart), ElementsAre(kNewest));
  EXPECT_THAT(rig.Commit({Point(1, 102, 1, 102)}, kStart), ElementsAre(kNewest)) << "a reset";
  EXPECT_THAT(rig.Commit({Point(2, 100, 7)}, kStart), ElementsAre(kDuplicate));
  EXPECT_EQ(rig.table().size(), 2u);
}

TEST(StreamTableTest, WithinOneCommitTheSameHoldsInOrder) {
  Rig rig;
  EXPECT_THAT(rig.Commit({Point(1, 100, 7), Point(1, 100, 7), Point(1, 100, 8), Point(1, 101, 8),
                          Point(1, 100, 7), Point(1, 101, 8)},
                         kStart),
              ElementsAre(kNewest, kDuplicate, kConflict, kNewest, kOutOfOrder, kDuplicate));
  EXPECT_THAT(rig.Commit({Point(1, 101, 8)}, kStart), ElementsAre(kDuplicate));
  EXPECT_EQ(rig.table().size(), 1u);
}

TEST(StreamTableTest, ARecordOfNothingNewHasNoStreams) {
  Rig rig;
  rig.Commit({Point(1, 100, 7)}, kStart);
  rig.Commit({Point(1, 100, 7)}, kStart);
  store::v1::LogRecord record;
  ASSERT_TRUE(record.ParseFromString(rig.store().log.back()));
  EXPECT_FALSE(record.has_streams());
}

TEST(StreamTableTest, TimesOfAnySizeComeBack) {
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  Rig rig;
  const std::vector<StreamPoint> points = {Point(1, 1, 7, kMax), Point(2, kMax, kMax, 0),
                                           Point(3, 0, 0, 0)};
  rig.Commit(points, kStart);
  rig.Restart();
  EXPECT_THAT(rig.Commit(points, kStart), ElementsAre(kDuplicate, kDuplicate, kDuplicate));
  rig.Checkpoint(kStart);
  rig.Restart();
  EXPECT_THAT(rig.Commit(points, kStart), ElementsAre(kDuplicate, kDuplicate, kDuplicate));
}

TEST(StreamTableTest, BeyondTheLimitPointsAreTakenAndNotTracked) {
  Rig rig({.streams_max = 2});
  EXPECT_THAT(rig.Commit({Point(1, 100, 7), Point(2, 100, 7), Point(3, 100, 7), Point(3, 100, 7),
                          Point(1, 100, 7)},
                         kStart),
              ElementsAre(kNewest, kNewest, kUntracked, kUntracked, kDuplicate));
  EXPECT_THAT(rig.Commit({Point(3, 100, 8), Point(2, 101, 7)}, kStart),
              ElementsAre(kUntracked, kNewest));
  EXPECT_EQ(rig.table().size(), 2u);
}

TEST(StreamTableTest, AStreamIsForgottenADayAfterItsLastPoint) {
  Rig rig({.streams_max = 2});
  rig.Commit({Point(1, 100, 7), Point(2, 100, 7)}, kStart);
  rig.Checkpoint(kStart);
  rig.Commit({Point(2, 101, 7), Point(1, 99, 7)}, kStart + 1h);  // a late point is none to live on
  rig.Checkpoint(kStart + 1h);
  rig.table().FindSilent(kStart + 24h);
  EXPECT_FALSE(rig.table().HasChanges());
  rig.table().FindSilent(kStart + 24h + 1s);
  EXPECT_EQ(rig.table().size(), 2u) << "until the store has forgotten it too";
  EXPECT_TRUE(rig.Checkpoint(kStart + 24h + 1s, /*fails=*/true));
  EXPECT_EQ(rig.table().size(), 2u);
  EXPECT_TRUE(rig.Checkpoint(kStart + 24h + 1s));
  EXPECT_EQ(rig.table().size(), 1u);
  EXPECT_THAT(rig.Commit({Point(3, 100, 7), Point(2, 101, 7)}, kStart + 24h + 2s),
              ElementsAre(kNewest, kDuplicate))
      << "there is room again";
  rig.Restart();
  EXPECT_EQ(rig.table().size(), 2u);
  EXPECT_THAT(rig.Commit({Point(3, 100, 7), Point(2, 101, 7)}, kStart + 24h + 3s),
              ElementsAre(kDuplicate, kDuplicate));
  rig.table().FindSilent(kStart + 50h);
  rig.Checkpoint(kStart + 50h);
  EXPECT_EQ(rig.table().size(), 0u);
  EXPECT_TRUE(rig.store().blocks.empty());
}

TEST(StreamTableTest, AStreamThatSpeaksBeforeItIsForgottenStays) {
  Rig rig;
  rig.Commit({Point(1, 100, 7)}, kStart);
  rig.Checkpoint(kStart);
  rig.table().FindSilent(kStart + 25h);
  rig.Commit({Point(1, 101, 7)}, kStart + 25h);
  rig.Checkpoint(kStart + 25h);
  EXPECT_EQ(rig.table().size(), 1u);
}

TEST(StreamTableTest, IdsAreUsedAgainSoMemoryFollowsTheStreams) {
  Rig rig;
  size_t memory = 0;
  base::UnixNanos now = kStart;
  for (uint64_t day = 0; day < 20; ++day) {
    std::vector<StreamPoint> points;
    for (uint64_t i = 0; i < 500; ++i) points.push_back(Point(day * 1000 + i, day + 1, i));
    rig.Commit(points, now);
    rig.Checkpoint(now);
    EXPECT_EQ(rig.table().size(), 500u) << day;
    if (day == 1) memory = rig.table().memory_bytes();
    now += 25h;
    rig.table().FindSilent(now);
    rig.Checkpoint(now);
    if (day % 3 == 0) rig.Restart();
  }
  EXPECT_LT(rig.table().memory_bytes(), 2 * memory);
  EXPECT_TRUE(rig.store().blocks.empty());
}

TEST(StreamTableTest, ARecordHasTheBytesOfTheFormatPage) {
  constexpr uint64_t kNow = 1'700'000'000'000'000'000;
  Rig rig;
  std::vector<StreamPoint> points;
  for (uint64_t i = 0; i < 7; ++i) points.push_back(Point(i, 1, 1));
  rig.Commit(points, kStart);
  StreamPoint known = points.back();
  StreamPoint fresh;
  fresh.stream = {0x0102030405060708, 0x090a0b0c0d0e0f10};
  known.time_unix_nano = fresh.time_unix_nano = kNow - 1'000'000'000;
  known.start_time_unix_nano = fresh.start_time_unix_nano = kNow - 60'000'000'000;
  known.value_hash = 0x1112131415161718;
  fresh.value_hash = 0x191a1b1c1d1e1f20;
  rig.Commit({known, fresh}, kStart);
  std::string hex;
  for (const char byte : rig.store().log.back())
    hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  EXPECT_EQ(hex,
            "088080a8b1e39fe7cb17423e0a010712080807060504030201"
            "1a08100f0e0d0c0b0a0922020c022a06ffa7d6b907003207ffdfba84bf0300"
            "3a101817161514131211201f1e1d1c1b1a19");
}

TEST(StreamTableTest, AKnownStreamCostsAboutElevenBytesOfLog) {
  Rig rig;
  const uint64_t time = static_cast<uint64_t>(kStart.time_since_epoch().count());
  std::vector<StreamPoint> points;
  for (uint64_t i = 0; i < 1000; ++i)
    points.push_back(Point(i, time, i * 0x9E3779B97F4A7C15, time));
  rig.Commit(points, kStart);
  for (StreamPoint& point : points) point.time_unix_nano += 1000;
  rig.Commit(points, kStart + 10s);
  EXPECT_LT(rig.store().log.back().size(), 11'100u);
}

// --- damage

struct DamageCase {
  std::string name;
  void (*damage)(store::v1::StreamChanges& changes);
  std::string want;
};

TEST(StreamTableTest, RefusesRecordsThatDoNotFit) {
  const std::vector<DamageCase> rows = {
      {"ShortTimes", [](auto& c) { c.mutable_time_difference()->RemoveLast(); }, "unequal length"},
      {"ShortStarts", [](auto& c) { c.clear_start_difference(); }, "unequal length"},
      {"ShortValues", [](auto& c) { c.clear_value_hash(); }, "unequal length"},
      {"ShortHashes", [](auto& c) { c.clear_new_hash_low(); }, "unequal length"},
      {"UnknownId", [](auto& c) { c.set_id_difference(0, 900); }, "which is not known"},
      {"IdTwice", [](auto& c) { c.set_new_id(1, c.new_id(0)); }, "given twice"},
      {"StreamTwice",
       [](auto& c) {
         c.set_new_hash_high(1, c.new_hash_high(0));
         c.set_new_hash_low(1, c.new_hash_low(0));
       },
       "has one already"},
  };
  for (const DamageCase& row : rows) {
    Rig rig;
    rig.Commit({Point(1, 100, 7), Point(2, 100, 7)}, kStart);
    store::v1::LogRecord record;
    ASSERT_TRUE(record.ParseFromString(rig.store().log.back()));
    row.damage(*record.mutable_streams());
    const absl::Status applied = StreamTable({}).Apply(record);
    EXPECT_EQ(applied.code(), absl::StatusCode::kDataLoss) << row.name;
    EXPECT_THAT(applied.ToString(), HasSubstr(row.want)) << row.name;
  }
}

TEST(StreamTableTest, RefusesBlocksThatDoNotFit) {
  store::v1::StreamBlock whole;
  whole.add_slot(63);
  whole.add_hash_high(1);
  whole.add_hash_low(2);
  whole.add_start_difference(3);
  whole.add_time_difference(4);
  whole.add_value_hash(5);
  whole.add_heard_seconds_difference(6);
  EXPECT_TRUE(StreamTable({}).Restore(3, whole).ok());
  store::v1::StreamBlock block = whole;
  block.set_slot(0, 64);
  EXPECT_EQ(StreamTable({}).Restore(3, block).code(), absl::StatusCode::kDataLoss);
  block = whole;
  block.add_slot(1);
  EXPECT_EQ(StreamTable({}).Restore(3, block).code(), absl::StatusCode::kDataLoss);
  StreamTable table({});
  ASSERT_TRUE(table.Restore(3, whole).ok());
  EXPECT_EQ(table.Restore(4, whole).code(), absl::StatusCode::kDataLoss) << "the same stream";
}

// --- the slow model

struct ModelStream {
  uint64_t start, time, value;
  base::UnixNanos heard;
};

class SlowModel {
 public:
  explicit SlowModel(StreamTable::Options options) : options_(options) {}

  PointFate Place(const StreamPoint& point, base::UnixNanos now) {
    const auto found = streams_.find(point.stream.high);
    if (found == streams_.end()) {
      if (streams_.size() >= options_.streams_max) return kUntracked;
    } else {
      const ModelStream& last = found->second;
      if (point.time_unix_nano < last.time) return kOutOfOrder;
      if (point.time_unix_nano == last.time) {
        const bool same =
            point.start_time_unix_nano == last.start && point.value_hash == last.value;
        return same ? kDuplicate : kConflict;
      }
    }
    streams_[point.stream.high] = {point.start_time_unix_nano, point.time_unix_nano,
                                   point.value_hash, now};
    return kNewest;
  }
  void Forget(base::UnixNanos now) {
    std::erase_if(streams_, [&](const auto& entry) {
      return now - entry.second.heard > options_.silence_max;
    });
  }
  size_t size() const { return streams_.size(); }

 private:
  StreamTable::Options options_;
  std::map<uint64_t, ModelStream> streams_;
};

TEST(StreamTablePropertyTest, AgreesWithASlowModel) {
  std::map<PointFate, size_t> seen;
  size_t forgotten = 0;
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    std::mt19937 random(seed);
    const auto pick = [&random](uint32_t below) {
      return std::uniform_int_distribution<uint32_t>(0, below - 1)(random);
    };
    const StreamTable::Options options{.streams_max = 150 + pick(100), .silence_max = 100s};
    Rig rig(options);
    SlowModel model(options);
    base::UnixNanos now = kStart;
    for (int step = 0; step < 300; ++step) {
      now += std::chrono::seconds(pick(10));
      switch (pick(8)) {
        case 0:
          rig.Restart();
          break;
        case 1:
        case 2: {
          rig.table().FindSilent(now);
          const bool fails = pick(3) == 0;
          rig.Checkpoint(now, fails);
          const size_t before = model.size();
          if (!fails) model.Forget(now);
          forgotten += before - model.size();
          break;
        }
        default: {
          std::vector<StreamPoint> points;
          std::vector<PointFate> want;
          const uint32_t first = pick(400);
          for (uint32_t i = 0, count = pick(60); i < count; ++i) {
            points.push_back(Point(1 + (first + pick(80)) % 400,
                                   static_cast<uint64_t>(step) / 8 + pick(3), pick(2),
                                   pick(8) / 7));
            want.push_back(model.Place(points.back(), now));
            ++seen[want.back()];
          }
          ASSERT_EQ(rig.Commit(points, now), want) << "step " << step;
        }
      }
      ASSERT_EQ(rig.table().size(), model.size()) << "step " << step;
    }
  }
  for (const PointFate fate : {kNewest, kOutOfOrder, kUntracked, kDuplicate, kConflict})
    EXPECT_GT(seen[fate], 1000u) << static_cast<int>(fate);
  EXPECT_GT(forgotten, 1000u);  // The histories do reach these states.
}

}  // namespace
}  // namespace slowburn::app
