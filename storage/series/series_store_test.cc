// Goal: each promise of the series store by itself: what is refused and why, what a query may use,
// how days and series leave, that the dead cost nothing, that damage is named. Method: one small
// story each, on a store of maps.
#include "storage/series/series_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/sample.h"
#include "storage/api/series_keys.h"
#include "storage/series/float_block.h"
#include "storage/series/internal/bytes.h"
#include "storage/series/sealed_chunk.h"
#include "storage/series/testing/memory_store.h"
#include "storage/series/testing/series_world.h"

namespace slowburn::storage {
namespace {

using model::LabelMatcher;
using model::LabelSet;
using testing::ElementsAre;
using testing::HasSubstr;
using Fate = SampleFate;

constexpr int64_t kMinute = 60 * 1000;
constexpr int64_t kHour = 60 * kMinute;
constexpr int64_t kDay = 24 * kHour;

LabelSet Up(int n) { return {{"__name__", "up"}, {"n", std::to_string(n)}}; }

Matchers Equal(std::string name, std::string value) {
  return {
      LabelMatcher::Create(std::move(name), LabelMatcher::Op::kEqual, std::move(value)).value()};
}

class SeriesStoreTest : public testing::Test {
 protected:
  void Start(SeriesOptions options = {}) {
    options.round = std::chrono::milliseconds(0);  // a checkpoint goes all the way round
    world_ = std::make_unique<SeriesWorld>(options);
    world_->Start(store_);
  }
  SeriesWorld& world() { return *world_; }
  int64_t now() { return world_->now_ms(); }
  void Checkpoint() { ASSERT_TRUE(world().Checkpoint().ok()); }
  // Silent series leave: once written, once let go.
  void LetSilentLeave() {
    world().Advance(3 * kHour);
    Checkpoint();
    Checkpoint();
  }
  void ExpectAll() { SeriesWorld::ExpectReads(*world().Snapshot(), world().wanted(), {}, "all: "); }

  MemoryStore store_;
  std::unique_ptr<SeriesWorld> world_;
};

TEST_F(SeriesStoreTest, EachSampleHasItsFate) {
  Start();
  EXPECT_EQ(world().Write(Up(1), now(), 1.0), Fate::kTaken);
  EXPECT_EQ(world().Write(Up(1), now(), 1.0), Fate::kDuplicate);
  EXPECT_EQ(world().Write(Up(1), now(), 2.0), Fate::kConflict);
  EXPECT_EQ(world().Write(Up(1), now(), model::NativeHistogram{}), Fate::kConflict);
  EXPECT_EQ(world().Write(Up(1), now() - kHour + 1, 3.0), Fate::kTakenLate);
  EXPECT_EQ(world().Write(Up(1), now() - kHour, 3.0), Fate::kTooOld);
  EXPECT_EQ(world().Write(Up(1), now() + 10 * kMinute, 4.0), Fate::kTaken);
  EXPECT_EQ(world().Write(Up(1), now() + 10 * kMinute + 1, 4.0), Fate::kTooNew);
  EXPECT_EQ(world().Write(Up(2), now() - 401 * kDay, 4.0), Fate::kTooOld);
  EXPECT_EQ(world().Write(Up(2), -1, 4.0), Fate::kTooOld);
  EXPECT_EQ(world().Write(Up(3), now(), model::NativeHistogram{.schema = 99}),
            Fate::kInvalidHistogram);
  // A conflict within one commit; and neighbours of refused samples are taken.
  EXPECT_THAT(
      world().Write({{Up(4), now(), 1.0},
                     {Up(4), now(), 2.0},
                     {Up(4), now() + 1, 3.0},
                     {Up(4), now() + 1, 3.0},
                     {Up(5), now(), 5.0}}),
      ElementsAre(Fate::kTaken, Fate::kConflict, Fate::kTaken, Fate::kDuplicate, Fate::kTaken));
  ExpectAll();
  const FateCounts fates = world().series().counts().written.samples;
  EXPECT_EQ(fates[static_cast<size_t>(Fate::kConflict)], 3u);
  EXPECT_EQ(fates[static_cast<size_t>(Fate::kTooOld)], 3u);
  EXPECT_EQ(world().series().counts().living_series, 3u);  // what was refused made no series
}

TEST_F(SeriesStoreTest, EveryNumberIsAValue) {
  Start();
  const double nan = std::bit_cast<double>(0x7ff8000000000007);
  EXPECT_EQ(world().Write(Up(1), now(), nan), Fate::kTaken);
  EXPECT_EQ(world().Write(Up(1), now(), nan), Fate::kDuplicate);
  EXPECT_EQ(world().Write(Up(1), now(), model::StaleMarker()), Fate::kConflict);
  EXPECT_EQ(world().Write(Up(1), now() + 1, model::StaleMarker()), Fate::kTaken);
  EXPECT_EQ(world().Write(Up(1), now() + 2, -0.0), Fate::kTaken);
  EXPECT_EQ(world().Write(Up(1), now() + 2, 0.0), Fate::kConflict);
  ExpectAll();
}

struct LabelsCase {
  std::string name;
  LabelSet labels;
  Fate want;
};
class SeriesLabelsTest : public SeriesStoreTest, public testing::WithParamInterface<LabelsCase> {};

TEST_P(SeriesLabelsTest, AreTakenOrRefused) {
  SeriesOptions options;
  options.labels_max = 3;
  Start(options);
  EXPECT_EQ(world().Write(GetParam().labels, now(), 1.0), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Labels, SeriesLabelsTest,
    testing::ValuesIn<LabelsCase>({
        {"Plain", {{"__name__", "up"}, {"a", "b"}}, Fate::kTaken},
        {"Utf8", {{"__name__", "größe"}, {"http.route", "/é"}}, Fate::kTaken},
        {"NoName", {{"a", "b"}}, Fate::kInvalidLabels},
        {"None", {}, Fate::kInvalidLabels},
        {"TooMany", {{"__name__", "up"}, {"a", "1"}, {"b", "1"}, {"c", "1"}}, Fate::kInvalidLabels},
        {"LongName", {{"__name__", "up"}, {std::string(513, 'a'), "1"}}, Fate::kInvalidLabels},
        {"LongValue", {{"__name__", "up"}, {"a", std::string(4097, 'a')}}, Fate::kInvalidLabels},
        {"NoText", {{"__name__", "up"}, {"a", "\xff"}}, Fate::kInvalidLabels},
        {"NoTextName", {{"__name__", "up"}, {"\xc3", "1"}}, Fate::kInvalidLabels},
    }),
    [](const auto& info) { return info.param.name; });

TEST_F(SeriesStoreTest, TooManySeriesAreRefusedUntilOthersLeave) {
  SeriesOptions options;
  options.series_max = 2;
  Start(options);
  EXPECT_THAT(world().Write({{Up(1), now(), 1.0}, {Up(2), now(), 1.0}, {Up(3), now(), 1.0}}),
              ElementsAre(Fate::kTaken, Fate::kTaken, Fate::kTooManySeries));
  LetSilentLeave();
  EXPECT_EQ(world().Write(Up(3), now(), 1.0), Fate::kTaken);
  ExpectAll();
}

TEST_F(SeriesStoreTest, ASilentSeriesCostsNothingAndComesBackAsItself) {
  Start();
  world().Write(Up(1), now(), 1.0);
  const uint64_t id = world().Snapshot()->Select({}, {})->front().id;
  LetSilentLeave();
  EXPECT_EQ(world().series().counts().living_series, 0u);
  EXPECT_EQ(world().series().SampleMemory(), 0u);
  ExpectAll();
  EXPECT_EQ(world().Write(Up(1), now() - 3 * kHour, 1.0), Fate::kTooOld);
  EXPECT_EQ(world().Write(Up(1), now(), 2.0), Fate::kTaken);
  const auto selected = world().Snapshot()->Select({}, {});
  ASSERT_EQ(selected->size(), 1u);
  EXPECT_EQ(selected->front().id, id);
  ExpectAll();
  world().Start(store_);
  ExpectAll();
}

// Written whole and forgotten by the store of open series, but not gone yet.
TEST_F(SeriesStoreTest, ASeriesThatWasAboutToLeaveMayStayAndARestartKnowsIt) {
  Start();
  world().Write(Up(1), now(), 1.0);
  world().Advance(3 * kHour);
  Checkpoint();
  EXPECT_EQ(world().Write(Up(1), now(), 2.0), Fate::kTaken);
  world().Start(store_);
  ExpectAll();
  EXPECT_EQ(world().Write(Up(1), now() + 1, 3.0), Fate::kTaken);
  Checkpoint();
  world().Start(store_);
  ExpectAll();
}

TEST_F(SeriesStoreTest, ASnapshotSeesWhatItSawWhileSeriesLeave) {
  Start();
  world().Write(Up(1), now(), 1.0);
  const auto before = world().Snapshot();
  const Wanted wanted = world().wanted();
  LetSilentLeave();
  world().Write(Up(2), now(), 2.0);
  world().Write(Up(1), now(), 2.0);
  LetSilentLeave();
  SeriesWorld::ExpectReads(*before, wanted, {}, "before: ");
  EXPECT_EQ(before->LabelValues("n", {}, {}, 0).value(), std::vector<std::string>{"1"});
  ExpectAll();
}

TEST_F(SeriesStoreTest, WholeDaysLeaveByTimeAndTakeTheirSeries) {
  SeriesOptions options;
  options.retention = std::chrono::hours(48);
  Start(options);
  world().Write(Up(1), now(), 1.0);
  world().Write(Up(2), now(), 1.0);
  LetSilentLeave();
  world().Advance(kDay);
  world().Write(Up(2), now(), 2.0);
  LetSilentLeave();
  EXPECT_EQ(world().Snapshot()->Select({}, {})->size(), 2u);
  world().Advance(2 * kDay);
  Checkpoint();
  world().wanted().erase(Up(1));
  world().wanted()[Up(2)].samples.erase(world().wanted()[Up(2)].samples.begin());
  ExpectAll();
  EXPECT_EQ(world().series().counts().days_dropped, 1u);
  world().Advance(3 * kDay);
  Checkpoint();
  EXPECT_TRUE(world().Snapshot()->Select({}, {})->empty());
  EXPECT_TRUE(store_.table(Family::kChunks).empty());
  EXPECT_TRUE(store_.table(Family::kPostings).empty());
  // Of all that was, the next id alone is left.
  EXPECT_EQ(store_.table(Family::kSeries).size(), 1u);
  EXPECT_EQ(world().Write(Up(1), now(), 5.0), Fate::kTaken);
  EXPECT_EQ(world().Snapshot()->Select({}, {})->front().id, 3u);
}

TEST_F(SeriesStoreTest, WholeDaysLeaveBySize) {
  SeriesOptions options;
  options.retention_bytes = 1;
  Start(options);
  for (int day = 0; day < 3; ++day) {
    world().Write(Up(1), now(), day * 1.0);
    LetSilentLeave();
    world().Advance(kDay - 3 * kHour);
  }
  for (int i = 0; i < 3; ++i) Checkpoint();
  EXPECT_EQ(world().series().counts().days_dropped, 2u);  // the newest stays
  SampleColumns samples;
  const auto snapshot = world().Snapshot();
  const auto selected = snapshot->Select({}, {});
  ASSERT_EQ(selected->size(), 1u);
  ASSERT_TRUE(snapshot->ReadSamples(selected->front().id, {}, samples).ok());
  EXPECT_THAT(samples.values, ElementsAre(2.0));
}

TEST_F(SeriesStoreTest, LimitsSayWhichAndHowMuch) {
  Start();
  for (int i = 0; i < 10; ++i) {
    for (int t = 0; t < 10; ++t) world().Write(Up(i), now() + t, 1.0 * t);
  }
  EXPECT_THAT(std::string(world().Snapshot({.series = 9})->Select({}, {}).status().message()),
              HasSubstr("reads 10 series at least, at most 9"));
  const auto snapshot = world().Snapshot({.samples = 25});
  const auto selected = snapshot->Select({}, {});
  SampleColumns samples;
  EXPECT_TRUE(snapshot->ReadSamples((*selected)[0].id, {}, samples).ok());
  EXPECT_TRUE(snapshot->ReadSamples((*selected)[1].id, {}, samples).ok());
  const absl::Status refused = snapshot->ReadSamples((*selected)[2].id, {}, samples);
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("samples"));
}

// The head's, and those that are in the store alone.
TEST_F(SeriesStoreTest, ASnapshotHoldsTheLabelsOfASeriesOnce) {
  Start();
  world().Write(Up(1), now(), 1.0);
  LetSilentLeave();
  world().Write(Up(2), now(), 1.0);
  const auto snapshot = world().Snapshot();
  const auto once = snapshot->Select({}, {});
  const auto again = snapshot->Select(Equal("__name__", "up"), {});
  ASSERT_EQ(once->size(), 2u);
  ASSERT_EQ(again->size(), 2u);
  for (size_t i = 0; i < 2; ++i) EXPECT_EQ((*once)[i].labels, (*again)[i].labels);
}

TEST_F(SeriesStoreTest, ACancelledQueryStops) {
  Start();
  world().Write(Up(1), now(), 1.0);
  std::stop_source source;
  const auto snapshot = world().series().TakeSnapshot({}, source.get_token());
  source.request_stop();
  EXPECT_EQ(snapshot->Select({}, {}).status().code(), absl::StatusCode::kCancelled);
  SampleColumns samples;
  EXPECT_EQ(snapshot->ReadSamples(1, {}, samples).code(), absl::StatusCode::kCancelled);
}

TEST_F(SeriesStoreTest, LabelsOfHeadAndStoreTogether) {
  Start();
  world().Write({{Up(1), now(), 1.0}, {Up(2), now(), 1.0}});
  LetSilentLeave();
  world().Write({{"__name__", "down"}, {"job", "x"}}, now(), 1.0);
  const auto snapshot = world().Snapshot();
  EXPECT_THAT(snapshot->LabelNames({}, {}, 0).value(), ElementsAre("__name__", "job", "n"));
  EXPECT_THAT(snapshot->LabelNames({}, {}, 2).value(), ElementsAre("__name__", "job"));
  EXPECT_THAT(snapshot->LabelNames({}, {now() - kHour, now() + 1}, 0).value(),
              testing::AnyOf(ElementsAre("__name__", "job"), ElementsAre("__name__", "job", "n")));
  EXPECT_THAT(snapshot->LabelNames(Equal("__name__", "up"), {}, 0).value(),
              ElementsAre("__name__", "n"));
  EXPECT_THAT(snapshot->LabelValues("__name__", {}, {}, 0).value(), ElementsAre("down", "up"));
  EXPECT_THAT(snapshot->LabelValues("n", Equal("n", "2"), {}, 0).value(), ElementsAre("2"));
  EXPECT_THAT(snapshot->LabelValues("n", {}, {}, 1).value(), ElementsAre("1"));
  EXPECT_THAT(snapshot->LabelValues("n", {}, {0, 5}, 0).value(), ElementsAre());
}

// What a chunk leaves of a series is what came in an hour, which may be more than one block has.
TEST_F(SeriesStoreTest, ASeriesOfManySamplesASecondSurvivesARestart) {
  Start();
  world().Advance(kHour + 5 * kMinute);
  std::vector<SampleToWrite> samples;
  const auto add = [&](int64_t from_ms, size_t count, int64_t step_ms) {
    for (size_t i = 0; i < count; ++i) {
      const auto at = static_cast<int64_t>(i) * step_ms;
      samples.push_back({Up(1), from_ms + at, static_cast<double>(i % 7)});
    }
  };
  add(now() - kHour - 5 * kMinute, SeriesOptions().chunk_samples, 10);
  add(now() - kHour + kMinute, kBlockSamplesMax + 1000, 50);
  world().Write(samples);
  Checkpoint();
  EXPECT_EQ(store_.table(Family::kChunks).size(), 1u);
  EXPECT_EQ(store_.log_records(), 0u);
  world().Start(store_);
  ExpectAll();
}

TEST_F(SeriesStoreTest, MetadataIsKept) {
  Start();
  EXPECT_EQ(world().WriteMetadata({"up", "gauge", "is it up", ""}), Fate::kTaken);
  EXPECT_EQ(world().WriteMetadata({"up", "gauge", "is it up", ""}), Fate::kDuplicate);
  EXPECT_EQ(world().WriteMetadata({"req_total", "counter", "", "requests"}), Fate::kTaken);
  {
    const auto before = world().Snapshot();
    EXPECT_EQ(world().WriteMetadata({"up", "counter", "?", ""}), Fate::kTaken);
    EXPECT_EQ(before->Metadata("up")->size(), 1u);
  }
  const auto expect = [&] {
    const auto snapshot = world().Snapshot();
    const auto all = snapshot->Metadata("");
    ASSERT_EQ(all->size(), 3u);
    EXPECT_EQ((*all)[0].metric, "req_total");
    EXPECT_EQ((*all)[0].unit, "requests");
    EXPECT_EQ((*all)[1].help, "is it up");
    EXPECT_EQ(snapshot->Metadata("up")->size(), 2u);
    EXPECT_TRUE(snapshot->Metadata("none")->empty());
  };
  expect();
  world().Start(store_);  // from the log
  expect();
  Checkpoint();
  world().Start(store_);  // from the checkpoint
  expect();
  EXPECT_EQ(store_.log_records(), 0u);
}

TEST_F(SeriesStoreTest, StatisticsCountWhatIsHeld) {
  Start();
  world().Write({{Up(1), now(), 1.0}, {Up(2), now() + 5, 1.0}});
  world().Write({{"__name__", "down"}, {"n", "1"}}, now(), 1.0);
  const auto statistics = world().Snapshot()->Statistics(1);
  ASSERT_TRUE(statistics.ok());
  EXPECT_EQ(statistics->series, 3u);
  EXPECT_EQ(statistics->min_time_ms, now());
  EXPECT_EQ(statistics->max_time_ms, now() + 5);
  ASSERT_EQ(statistics->series_by_metric.size(), 1u);
  EXPECT_EQ(statistics->series_by_metric[0].name, "up");
  EXPECT_EQ(statistics->series_by_metric[0].count, 2u);
  EXPECT_EQ(statistics->values_by_label[0].count, 2u);
  EXPECT_EQ(statistics->bytes_by_label[0].name, "__name__");
  EXPECT_EQ(statistics->bytes_by_label[0].count, 8u);
  EXPECT_EQ(statistics->series_by_label_value[0].name, "__name__=up");
}

TEST_F(SeriesStoreTest, StatisticsKnowTheTimesOfHistograms) {
  Start();
  world().Write(Up(1), now(), 1.0);
  world().Write(Up(2), now() + 7, model::NativeHistogram{});
  EXPECT_EQ(world().Snapshot()->Statistics(1)->max_time_ms, now() + 7);
}

TEST_F(SeriesStoreTest, ADamagedChunkFailsTheQueryThatNeedsItAndNamesIt) {
  Start();
  world().Write({{Up(1), now(), 1.0}, {Up(2), now(), 1.0}});
  LetSilentLeave();
  const auto& chunks = store_.table(Family::kChunks);
  ASSERT_EQ(chunks.size(), 2u);
  Batch batch;
  batch.Put(Family::kChunks, chunks.begin()->first, "\x01");
  ASSERT_TRUE(store_.WriteDirect(std::move(batch)).ok());
  const auto snapshot = world().Snapshot();
  const auto selected = snapshot->Select({}, {});
  SampleColumns samples;
  const absl::Status damaged = snapshot->ReadSamples((*selected)[0].id, {}, samples);
  EXPECT_EQ(damaged.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(damaged.message()), HasSubstr("family 'chunks', series 1, day 20778"));
  EXPECT_TRUE(snapshot->ReadSamples((*selected)[1].id, {}, samples).ok());
  EXPECT_EQ(world().Write(Up(1), now(), 2.0), Fate::kTaken);
}

TEST_F(SeriesStoreTest, TheLogIsNeededForOneRoundOnly) {
  Start();
  for (int i = 0; i < 100; ++i) {
    world().Write(Up(i % 10), now(), i * 1.0);
    world().Advance(15000);
    if (i % 10 == 9) {
      Checkpoint();
      EXPECT_EQ(store_.log_records(), 0u);
    }
  }
  world().Start(store_);
  ExpectAll();
}

// A load and its end: rounds by time alone would take minutes.
TEST_F(SeriesStoreTest, WhatALoadLeftInTheLogIsCoveredOnceItIsOver) {
  SeriesOptions options;
  options.slice_series_max = 3;
  world_ = std::make_unique<SeriesWorld>(options);
  world_->Start(store_);
  const auto checkpoint_after = [&](int64_t ms) {
    world().Advance(ms);
    Checkpoint();
    return store_.log_records();
  };
  // Some 3 MiB of log: full doubles are 8 bytes each.
  for (int i = 0; i < 100; ++i) {
    std::vector<SampleToWrite> samples;
    for (int at = 0; at < 3000; ++at) {
      samples.push_back({Up(at % 10), now() - 400'000 + at / 10, 1.0 / (i + 2) + at});
    }
    world().Write(samples);
    world().Advance(1000);
    Checkpoint();
  }
  EXPECT_EQ(store_.log_records(), 100u) << "a round takes five minutes";
  for (int i = 0; i < 20; ++i) checkpoint_after(1000);
  EXPECT_EQ(checkpoint_after(1000), 0u);
  world().Start(store_);
  ExpectAll();
}

// At the end one round covers all that came, though another was under way.
TEST_F(SeriesStoreTest, TheEndCoversEverything) {
  SeriesOptions options;
  options.slice_series_max = 2;
  world_ = std::make_unique<SeriesWorld>(options);
  world_->Start(store_);
  for (int i = 0; i < 200; ++i) {
    world().Write({{Up(1), now(), 1.0 * i}, {Up(2), now(), i / 3.0}, {Up(3), now(), 5.0}});
    world().Advance(1500);
    Checkpoint();
  }
  EXPECT_GT(store_.log_records(), 0u);
  const auto bytes = [&] {
    size_t all = 0;
    for (const auto& [key, value] : store_.table(Family::kSeries)) {
      if (ReadOpenSeriesKey(key)) all += value.size();
    }
    return all;
  };
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(world().Checkpoint(CheckpointPace::kFinish).ok());
  EXPECT_EQ(store_.log_records(), 0u);
  // The thirds are of 52 bits each, the others stand still or go on evenly.
  EXPECT_LT(bytes(), 200u * 6 + 3 * 60);
  world().Start(store_);
  ExpectAll();
}

TEST_F(SeriesStoreTest, LabelsTogetherHaveALimit) {
  SeriesOptions options;
  options.label_bytes_max = 1000;
  Start(options);
  const auto large = [](int n) {
    return LabelSet{{"__name__", "up"}, {"n", std::to_string(n)}, {"x", std::string(400, 'x')}};
  };
  EXPECT_THAT(
      world().Write({{large(1), now(), 1.0}, {large(2), now(), 1.0}, {large(3), now(), 1.0}}),
      ElementsAre(Fate::kTaken, Fate::kTaken, Fate::kTooManyLabelBytes));
  EXPECT_EQ(world().Write(large(4), now(), 1.0), Fate::kTooManyLabelBytes);
  EXPECT_EQ(world().Write(large(1), now() + 1, 1.0), Fate::kTaken) << "the known go on";
  EXPECT_EQ(world().Write(Up(1), now(), 1.0), Fate::kTaken) << "a small one has room";
  LetSilentLeave();
  EXPECT_EQ(world().series().counts().label_bytes, 0u);
  EXPECT_EQ(world().Write(large(3), now(), 1.0), Fate::kTaken);
  ExpectAll();
}

// As programs of format 5 wrote them: blocks that do not say their kind.
TEST_F(SeriesStoreTest, OpenSeriesOfFormat1AreRead) {
  Start();
  for (int i = 0; i < 3; ++i) world().Write(Up(1), now() + i, 1.0 * i);
  Checkpoint();
  std::string block;
  EncodeFloats(std::vector<int64_t>{now(), now() + 1, now() + 2}, std::vector<double>{0, 1, 2},
               block);
  std::string open("\x01\x01", 2);  // format 1, covered by record 1
  for (int i = 0; i < 4; ++i) internal::PutZigZag(open, kNever);
  std::string blocks;
  internal::PutString(blocks, block);
  internal::PutString(open, blocks);
  open.append(2, '\0');
  Batch batch;
  batch.Put(Family::kSeries, OpenSeriesKey(1), open);
  ASSERT_TRUE(store_.WriteDirect(std::move(batch)).ok());
  world().Start(store_);
  ExpectAll();
}

// Chunks of a long series: full ones, and one for what is left of a day.
TEST_F(SeriesStoreTest, ADayIsAFewChunks) {
  Start();
  for (int i = 0; i < 3 * 5760; ++i) {
    world().Write(Up(1), now(), i * 7.0);
    world().Advance(15000);
    if (i % 40 == 39) Checkpoint();
  }
  uint64_t samples = 0;
  std::map<uint32_t, int> chunks;
  for (const auto& [key, value] : store_.table(Family::kChunks)) {
    samples += ReadChunkHeader(value)->samples;
    ++chunks[ChunkKey::Decode(key)->day];
  }
  EXPECT_EQ(chunks[20778], 6);
  EXPECT_EQ(chunks[20779], 6);
  EXPECT_GE(samples, 3u * 5760 - 1024 - 240 - 40);
  EXPECT_LT(world().series().SampleMemory(), 16u << 10);
  ExpectAll();
}

}  // namespace
}  // namespace slowburn::storage
