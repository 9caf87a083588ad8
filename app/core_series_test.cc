// Goal: samples are committed with what came with them: durable, once, accounted for, the same
// after any restart; and they never hold up what SLOs count. Method: a core on a real store,
// reopened with and without checkpoints, beside plain maps.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "app/testing/core_fixture.h"
#include "app/testing/sample_write.h"
#include "storage/api/series_keys.h"

namespace slowburn::app {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

class CoreSeriesTest : public CoreFixture {
 protected:
  static int64_t Ms(std::chrono::milliseconds after) { return UnixMillis(kStart + after); }
  // A checkpoint that goes all the way round: the second ends the round that the first began.
  void EveryCheckpointIsARound() {
    options_.series.round = 0ms;
    Open(kStart);
  }
  // Counts, and brings samples.
  static CountedRequest WithSamples(CountedRequest request, std::vector<FloatSample> samples,
                                    bool read_fails = false) {
    request.series = std::make_unique<SampleWrite>(std::move(samples), read_fails);
    return request;
  }
  void Slice(base::UnixNanos now) {
    ASSERT_TRUE(
        store_->WriteStates(core_->SeriesBatch(now, storage::CheckpointPace::kSteady)).ok());
    core_->SeriesWritten();
    store_->KeepLogAfter(core_->log_needed_after());
  }
  serve::SignalLedger RemoteWrites() { return core_->ledger().Reading().signals["remote_write"]; }
};

TEST_F(CoreSeriesTest, ARemoteWriteIsInTheLedgerByItsSamples) {
  const CountedRequest first =
      RemoteWrite({{"up", Ms(0s), 1}, {"up", Ms(0s), 1}, {"up", Ms(0s), 2}, {"up", Ms(11min), 3}});
  const RequestOutcome outcome = Commit(first, kStart);
  EXPECT_EQ(outcome.accepted, 1u);
  EXPECT_EQ(outcome.answer.rejected, 2);
  EXPECT_EQ(outcome.answer.message,
            "2 of 4 samples are not stored; the first, of up: another value is stored at this "
            "time, or the time was counted; the first one stays");
  Open(kStart + 1s);
  const serve::SignalLedger ledger = RemoteWrites();
  EXPECT_EQ(ledger.decoded, 4u);
  EXPECT_EQ(ledger.accepted, 1u);
  EXPECT_EQ(ledger.duplicate, 1u);
  EXPECT_EQ(ledger.rejected, (std::map<std::string, uint64_t>{{"conflict", 1}, {"too_new", 1}}));
  EXPECT_EQ(ledger.imbalance(), 0);
  EXPECT_EQ(core_->ledger().Reading().signals.at("metrics").decoded, 0u);
}

TEST_F(CoreSeriesTest, SamplesOfAResentRequestAreNotLookedAt) {
  for (int round = 0; round < 2; ++round) {
    const RequestOutcome outcome =
        Commit(WithSamples(MetricRequest(1, {Point(1, 0, 5), Point(2, 0, 5)}),
                           {{"a", Ms(0s), 5}, {"b", Ms(-401 * 24h), 1}}),
               kStart);
    EXPECT_EQ(outcome.is_resent, round == 1);
    EXPECT_EQ(SeriesOutcome::Taken(outcome.series.samples), round == 0 ? 1u : 0u);
    EXPECT_EQ(outcome.answer.rejected, 1);
    EXPECT_THAT(outcome.answer.message,
                HasSubstr("1 data point is not stored; the first, of b: more than an hour older"));
  }
  EXPECT_EQ(ReadAllSamples(*core_), (StoredSamples{{"a", {{Ms(0s), 5}}}}));
}

// It counts and goes on, and its sender knows that no query will find it.
TEST_F(CoreSeriesTest, APointThatIsNotStoredIsRejectedAndPassedOn) {
  options_.downstreams = {{.name = "backend", .signals = {model::Signal::kMetrics}}};
  Open(kStart);
  Commit(MetricRequest(1, {Point(7, 0, 5)}), kStart);
  // Of four points the first came before, the second contradicts one, the third is not stored.
  CountedRequest request = WithSamples(
      MetricRequest(2, {Point(7, 0, 5), Point(7, 0, 6), Point(8, 0, 1), Point(9, 0, 1)}),
      {{"a", Ms(-401 * 24h), 1}, {"b", Ms(-401 * 24h), 1}, {"c", Ms(11min), 1}, {"d", Ms(0s), 1}});
  const RequestOutcome outcome = Commit(request, kStart);
  EXPECT_EQ(outcome.accepted, 1u);
  EXPECT_EQ(outcome.passed_on, 2u);
  EXPECT_EQ(outcome.answer.rejected, 2);
  EXPECT_THAT(outcome.answer.message, HasSubstr("; 1 data point is not stored; the first, of a"));
  const serve::LedgerReading ledger = core_->ledger().Reading();
  const serve::SignalLedger& metrics = ledger.signals.at("metrics");
  EXPECT_EQ(metrics.decoded, 5u);
  EXPECT_EQ(metrics.accepted, 2u);
  EXPECT_EQ(metrics.duplicate, 1u);
  EXPECT_EQ(metrics.rejected,
            (std::map<std::string, uint64_t>{{"conflict", 1}, {"not_stored_too_new", 1}}));
  EXPECT_EQ(metrics.imbalance(), 0);
  EXPECT_EQ(ledger.downstreams.at("backend").routed, 3u);
}

TEST_F(CoreSeriesTest, PlanningAloneChangesNothing) {
  const CountedRequest request = RemoteWrite({{"up", Ms(0s), 1}});
  ASSERT_TRUE(core_->PlanRequests({&request}, kStart).ok());
  EXPECT_TRUE(ReadAllSamples(*core_).empty());
  EXPECT_EQ(Commit(request, kStart).accepted, 1u);
}

TEST_F(CoreSeriesTest, EveryMixOfCheckpointAndLogReadsTheSame) {
  for (const std::chrono::milliseconds round : {0ms, 60'000ms}) {
    options_.series.round = round;
    base::UnixNanos now = kStart + (round == 0ms ? 0h : 48h);
    Open(now);
    StoredSamples want = ReadAllSamples(*core_);
    const uint64_t decoded = RemoteWrites().decoded;
    slo::SliCounts counted = Total().lifetime;
    for (int i = 0; i < 150; ++i) {
      now += 7s;
      const std::string name = fmt::format("s{}", i % 11);
      const int64_t time_ms = UnixMillis(now) - i % 5 * 1000;
      const CountedRequest write = RemoteWrite({{name, time_ms, i / 4.0}});
      const CountedRequest spans =
          Request(static_cast<uint64_t>(i) + 1000 + decoded, "/pay", base::FloorSeconds(now), 1, 0);
      const auto outcomes = Commit({&write, &spans}, now);
      ASSERT_EQ(outcomes[0].accepted, 1u) << i;
      want[name][time_ms] = i / 4.0;
      if (i % 7 == 3) Checkpoint(now);
      if (i % 9 == 5) Open(now);
      ASSERT_EQ(ReadAllSamples(*core_), want) << i;
      ASSERT_EQ(RemoteWrites().decoded, decoded + static_cast<uint64_t>(i) + 1) << i;
      counted += {1, 0};
      ASSERT_EQ(Total().lifetime, counted) << i;
    }
  }
}

TEST_F(CoreSeriesTest, TheLogIsKeptUntilARoundHasCoveredIt) {
  Commit(RemoteWrite({{"up", Ms(0s), 1}}), kStart);
  Checkpoint(kStart + 1s);
  EXPECT_GT(store_->statistics().log_records, 0u);
  EXPECT_EQ(store_->checkpoint_sequence(), store_->last_sequence());
  Open(kStart + 2s);
  Checkpoint(kStart + 3s);
  EXPECT_GT(store_->statistics().log_records, 0u) << "also after a restart";
  Checkpoint(kStart + 6min);  // half a round and more
  EXPECT_TRUE(core_->HasChanges()) << "silent series too have to be written and to leave";
  Checkpoint(kStart + 12min);
  EXPECT_EQ(store_->statistics().log_records, 0u);
  Open(kStart + 13min);
  EXPECT_EQ(ReadAllSamples(*core_), (StoredSamples{{"up", {{Ms(0s), 1}}}}));
}

TEST_F(CoreSeriesTest, ACheckpointThatFailedIsMadeAgain) {
  EveryCheckpointIsARound();
  Commit(RemoteWrite({{"up", Ms(0s), 1}}), kStart);
  ASSERT_TRUE(core_->MakeCheckpoint(kStart + 1s).ok());
  core_->CheckpointFailed();
  Commit(RemoteWrite({{"up", Ms(1s), 2}}), kStart + 2s);
  Checkpoint(kStart + 3s);
  Open(kStart + 4s);
  EXPECT_EQ(ReadAllSamples(*core_), (StoredSamples{{"up", {{Ms(0s), 1}, {Ms(1s), 2}}}}));
}

// Slices go on between checkpoints of counts. Whenever the program ends, a sample that a slice has
// and the log too is one sample, and a count that no checkpoint has is counted.
TEST_F(CoreSeriesTest, SlicesBetweenCheckpointsChangeNoCount) {
  options_.series.slice_series_max = 2;
  EveryCheckpointIsARound();
  StoredSamples want;
  uint64_t id = 0;
  const auto commit = [&](int second) {
    std::vector<FloatSample> samples;
    for (int i = 0; i < 5; ++i) {
      const std::string name = fmt::format("s{}", i);
      samples.push_back({name, Ms(std::chrono::seconds(second)), 1.0 + second});
      want[name][Ms(std::chrono::seconds(second))] = 1.0 + second;
    }
    const CountedRequest write = RemoteWrite(std::move(samples));
    const CountedRequest spans =
        Request(++id, "/pay", base::FloorSeconds(kStart + std::chrono::seconds(second)), 1, 0);
    Commit({&write, &spans}, kStart + std::chrono::seconds(second));
  };
  for (int last = 0; last < 3; ++last) {  // after no slice, one and both
    const int second = 10 * last;
    commit(second);
    Checkpoint(kStart + std::chrono::seconds(second + 1));
    const uint64_t checkpoint = store_->checkpoint_sequence();
    commit(second + 2);
    int slices = 0;
    while (core_->HasSeriesDue(kStart + std::chrono::seconds(second + 3)) && slices < last) {
      Slice(kStart + std::chrono::seconds(second + 3));
      ++slices;
    }
    EXPECT_EQ(slices, last);
    EXPECT_EQ(core_->HasSeriesDue(kStart + std::chrono::seconds(second + 3)), last < 2);
    EXPECT_EQ(store_->checkpoint_sequence(), checkpoint);
    Open(kStart + std::chrono::seconds(second + 4));
    EXPECT_EQ(ReadAllSamples(*core_), want) << last;
    EXPECT_EQ(Total().lifetime, (slo::SliCounts{id, 0})) << last;
    EXPECT_EQ(RemoteWrites().accepted, 5 * id) << last;
  }
  Checkpoint(kStart + 40s);
  while (core_->HasSeriesDue(kStart + 40s)) Slice(kStart + 40s);
  Checkpoint(kStart + 41s);
  Open(kStart + 42s);
  EXPECT_EQ(ReadAllSamples(*core_), want);
}

TEST_F(CoreSeriesTest, ASliceThatFailedIsDueAgain) {
  options_.series.slice_series_max = 1;
  EveryCheckpointIsARound();
  Commit(RemoteWrite({{"a", Ms(0s), 1}, {"b", Ms(0s), 2}}), kStart);
  Checkpoint(kStart + 1s);
  ASSERT_TRUE(core_->HasSeriesDue(kStart + 1s));
  EXPECT_FALSE(core_->SeriesBatch(kStart + 1s, storage::CheckpointPace::kSteady).empty());
  core_->SeriesFailed();
  ASSERT_TRUE(core_->HasSeriesDue(kStart + 1s));
  Slice(kStart + 1s);
  EXPECT_FALSE(core_->HasSeriesDue(kStart + 1s));
  Checkpoint(kStart + 2s);
  EXPECT_EQ(store_->statistics().log_records, 0u);
  Open(kStart + 3s);
  EXPECT_EQ(ReadAllSamples(*core_), (StoredSamples{{"a", {{Ms(0s), 1}}}, {"b", {{Ms(0s), 2}}}}));
}

// Its batch is written without them, and they are as they were.
TEST_F(CoreSeriesTest, ACheckpointWithoutSeriesForgetsNothingOfThem) {
  options_.series.chunk_samples = 2;
  EveryCheckpointIsARound();
  Commit(RemoteWrite({{"a", Ms(-3h), 1}, {"a", Ms(-2h), 2}, {"a", Ms(0s), 3}}), kStart);
  Checkpoint(kStart + 1s);
  ASSERT_EQ(core_->series().counts().stored_samples, 2u);
  Commit(RemoteWrite({{"b", Ms(0s), 1}}), kStart + 2s);
  model::LabelSet labels;
  labels.Set("__name__", "b");
  const auto hash = storage::KeyOfLabels(storage::PackLabels(labels));
  storage::Batch broken;
  broken.Put(storage::Family::kSeries, storage::SeriesHashKey(hash.high, hash.low), "\xff");
  ASSERT_TRUE(store_->WriteDirect(std::move(broken)).ok());
  Checkpoint(kStart + 3s);
  EXPECT_EQ(core_->series_checkpoints_failed(), 1u);
  EXPECT_EQ(core_->series().counts().stored_samples, 2u);
}

// Its checkpoints dropped the log, and wrote nothing of series.
TEST_F(CoreSeriesTest, ADirectoryOfAProgramWithoutSeriesIsTaken) {
  const CountedRequest spans = Request(1, "/pay", base::FloorSeconds(kStart), 1, 0);
  Commit(spans, kStart);
  Checkpoint(kStart + 1s);
  storage::Batch batch;
  batch.Delete(storage::Family::kSeries, storage::SeriesStateKey());
  ASSERT_TRUE(store_->WriteDirect(std::move(batch)).ok());
  for (int round = 0; round < 3; ++round) {
    Open(kStart + 2s);
    Commit(RemoteWrite({{"up", Ms(std::chrono::seconds(round)), 1}}), kStart + 2s);
    EXPECT_EQ(ReadAllSamples(*core_)["up"].size(), static_cast<size_t>(round) + 1);
    if (round > 0) Checkpoint(kStart + 2s);
  }
}

// SLO counts and pages come first: a point whose sample cannot be stored counts all the same.
TEST_F(CoreSeriesTest, WhereSeriesCannotBeReadCountsCount) {
  const CountedRequest spans =
      WithSamples(Request(1, "/pay", base::FloorSeconds(kStart), 4, 1), {{"a", Ms(0s), 5}}, true);
  const CountedRequest other = Request(2, "/pay", base::FloorSeconds(kStart), 1, 0);
  EXPECT_EQ(core_->PlanRequests({&spans, &other}, kStart).status().code(),
            absl::StatusCode::kDataLoss)
      << "together the other one would suffer";
  const auto plan = core_->PlanRequests({&spans}, kStart);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->series_lost.message(), "a block is broken");
  EXPECT_EQ(SeriesOutcome::Taken(plan->outcomes[0].series.samples), 0u);
  EXPECT_EQ(plan->record.samples(), "");
  Commit(spans, kStart);
  EXPECT_EQ(Total().in_window, (slo::SliCounts{4, 1}));
  EXPECT_TRUE(ReadAllSamples(*core_).empty());
  // A remote write is nothing but its samples: its sender keeps them.
  const CountedRequest write = RemoteWrite({{"a", Ms(0s), 5}}, true);
  EXPECT_FALSE(core_->PlanRequests({&write}, kStart).ok());
}

}  // namespace
}  // namespace slowburn::app
