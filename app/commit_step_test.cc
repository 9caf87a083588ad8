// Goal: what a step does where the loop's own tests cannot look: between a commit and its effects.
// Method: a step on the real store, without a loop, and an outlet that notes what it is told.
#include "app/commit_step.h"

#include <prometheus/text_serializer.h>

#include "app/testing/core_fixture.h"
#include "app/testing/sample_write.h"
#include "base/testing/manual_clock.h"
#include "model/sample.h"

namespace slowburn::app {
namespace {

using namespace std::chrono_literals;

// The real store, whose appends and syncs may find no room.
class FillingStore final : public storage::Store {
 public:
  explicit FillingStore(storage::Store& real) : real_(real) {}
  bool full = false;
  bool is_short = false;                                    // only the reserve is left
  int syncs = 0;                                            // asked for
  int slices = 0;                                           // written
  storage::Durability last = storage::Durability::kSynced;  // of the last append

  absl::Status RoomForIntake() override {
    return is_short ? absl::ResourceExhaustedError("only the reserve is left") : absl::OkStatus();
  }
  absl::Status AppendLog(std::string_view record, storage::Durability durability) override {
    last = durability;
    return full ? absl::ResourceExhaustedError("no space") : real_.AppendLog(record, durability);
  }
  uint64_t last_sequence() const override { return real_.last_sequence(); }
  uint64_t checkpoint_sequence() const override { return real_.checkpoint_sequence(); }
  absl::Status SyncLog() override {
    ++syncs;
    return full ? absl::ResourceExhaustedError("no space") : real_.SyncLog();
  }
  absl::Status WriteCheckpoint(storage::Batch batch) override {
    return real_.WriteCheckpoint(std::move(batch));
  }
  void KeepLogAfter(uint64_t sequence) override { real_.KeepLogAfter(sequence); }
  absl::Status ReplayLog(
      uint64_t after,
      const std::function<absl::Status(uint64_t, std::string_view)>& visit) const override {
    return real_.ReplayLog(after, visit);
  }
  absl::Status WriteStates(storage::Batch batch) override {
    if (full) return absl::ResourceExhaustedError("no space");
    ++slices;
    return real_.WriteStates(std::move(batch));
  }
  absl::Status WriteDirect(storage::Batch batch) override {
    return real_.WriteDirect(std::move(batch));
  }
  std::unique_ptr<storage::Snapshot> TakeSnapshot() const override { return real_.TakeSnapshot(); }
  absl::StatusOr<std::optional<std::string>> Get(storage::Family family,
                                                 std::string_view key) const override {
    return real_.Get(family, key);
  }
  absl::Status MarkHighWater() override { return real_.MarkHighWater(); }
  Statistics statistics() const override { return real_.statistics(); }

 private:
  storage::Store& real_;
};

class CommitStepTest : public CoreFixture, private CommitOutlet {
 protected:
  CommitStepTest() {
    options_.dead_man = false;
    Open(kStart);
    filling_ = std::make_unique<FillingStore>(*store_);
    Use({});
  }

  void Use(CommitStep::Options options) {
    registry_ = std::make_unique<prometheus::Registry>();
    step_ = std::make_unique<CommitStep>(options, *core_, *filling_,
                                         static_cast<CommitOutlet&>(*this), clock_, *registry_);
  }

  // Every series is due at once, and a slice of its own.
  void UseSlicesOfOne() {
    step_.reset();
    options_.series.slice_series_max = 1;
    options_.series.round = 0ms;
    Open(clock_.Now());
    filling_ = std::make_unique<FillingStore>(*store_);
    Use({});
  }

  void Submit(uint64_t id, int good, int bad) {
    std::vector<SubmittedRequest> group(1);
    group[0].counted = Request(id, "/pay", base::FloorSeconds(clock_.Now()), good, bad);
    group[0].answer = [](collector::ExportAnswer) {};
    step_->CommitGroup(std::move(group));
  }

  collector::SeriesAnswer Write(std::vector<FloatSample> samples, bool read_fails = false) {
    std::vector<SubmittedRequest> group(1);
    group[0].counted = RemoteWrite(std::move(samples), read_fails);
    collector::SeriesAnswer got;
    group[0].series_answer = [&got](collector::SeriesAnswer answer) { got = std::move(answer); };
    step_->CommitGroup(std::move(group));
    return got;
  }

  void Prepare(std::vector<SubmittedRequest>&, const RequestPlan&) override {}
  void Route(std::vector<SubmittedRequest>&, const RequestPlan&) override {}
  DownstreamTotals Totals() const override { return {}; }
  void Publish(std::vector<model::Alert> alerts) override { published_ = std::move(alerts); }

  base::ManualClock clock_{kStart};
  std::unique_ptr<prometheus::Registry> registry_;
  std::unique_ptr<FillingStore> filling_;
  std::unique_ptr<CommitStep> step_;
  std::vector<model::Alert> published_;
};

TEST_F(CommitStepTest, AReloadOnAFullDiskEndsTheAlertsOfRemovedSlos) {
  Submit(1, 0, 100);
  clock_.Advance(10s);
  step_->Tick();
  ASSERT_EQ(published_.size(), 1u);
  ASSERT_EQ(published_[0].state, model::AlertState::kFiring);
  filling_->full = true;
  const absl::Status reloaded =
      step_->Install(std::make_shared<const slo::SloSet>(slo::SloSet{slos_[1]}));
  EXPECT_TRUE(reloaded.ok()) << reloaded;
  EXPECT_EQ(core_->engine().slos()->size(), 1u);
  ASSERT_EQ(published_.size(), 1u);
  EXPECT_EQ(published_[0].state, model::AlertState::kInactive);
  EXPECT_TRUE(published_[0].unpersisted);
}

TEST_F(CommitStepTest, AClockThatJumpedIsNotATickThatCameLate) {
  const auto jumps = [this] {
    const std::string text = prometheus::TextSerializer().Serialize(registry_->Collect());
    constexpr std::string_view kName = "\nslowburn_app_clock_jumps_total ";
    return text.substr(text.find(kName) + kName.size(), 2);
  };
  step_->Tick();
  clock_.Advance(1h);
  step_->Tick();
  EXPECT_EQ(jumps(), "0\n");
  clock_.JumpTo(clock_.Now() + 6s);
  step_->Tick();
  EXPECT_EQ(jumps(), "1\n");
  clock_.Advance(7s);
  clock_.JumpTo(clock_.Now() - 7s);
  step_->Tick();
  EXPECT_EQ(jumps(), "2\n");
}

TEST_F(CommitStepTest, ARemoteWriteIsAnsweredBySample) {
  const int64_t now_ms = UnixMillis(clock_.Now());
  using Outcome = collector::ExportAnswer::Outcome;
  const std::vector<FloatSample> samples = {{"up", now_ms, 1}, {"up", now_ms, 2}};
  filling_->full = true;
  collector::SeriesAnswer answer = Write(samples);
  EXPECT_EQ(answer.outcome, Outcome::kUnavailable);
  EXPECT_EQ(answer.message, "not stored: no space");
  EXPECT_EQ(answer.retry_delay, 5s);
  filling_->full = false;
  answer = Write(samples);
  EXPECT_EQ(answer.outcome, Outcome::kAccepted);
  EXPECT_EQ(answer.samples_written, 1u);
  EXPECT_EQ(answer.refused, 1u);
  EXPECT_NE(answer.message.find("1 of 2 samples are not stored"), std::string::npos);
  answer = Write(samples, /*read_fails=*/true);
  EXPECT_EQ(answer.outcome, Outcome::kUnavailable);
  EXPECT_EQ(answer.message, "not stored: a block is broken");
}

TEST_F(CommitStepTest, TheReserveIsForAlertsAndNotForData) {
  Submit(1, 0, 100);
  filling_->is_short = true;
  const collector::SeriesAnswer answer = Write({{"up", UnixMillis(clock_.Now()), 1}});
  EXPECT_EQ(answer.outcome, collector::ExportAnswer::Outcome::kUnavailable);
  EXPECT_EQ(answer.message, "not stored: only the reserve is left");
  clock_.Advance(10s);
  step_->Tick();
  ASSERT_EQ(published_.size(), 1u);
  EXPECT_EQ(published_[0].state, model::AlertState::kFiring);
  EXPECT_FALSE(published_[0].unpersisted);
  filling_->is_short = false;
  EXPECT_EQ(Write({{"up", UnixMillis(clock_.Now()), 1}}).outcome,
            collector::ExportAnswer::Outcome::kAccepted);
}

// Alone, remote writes change no count: their checkpoints come all the same, also when nothing
// comes any more.
TEST_F(CommitStepTest, SilentSeriesAreWrittenAndLetTheLogGo) {
  Write({{"up", UnixMillis(clock_.Now()), 1}});
  for (int minute = 0; minute < 12; ++minute) {
    clock_.Advance(1min);
    step_->Tick();
  }
  EXPECT_EQ(store_->statistics().log_records, 0u);
  Write({{"up", UnixMillis(clock_.Now()), 2}});
  step_->Finish();
  step_.reset();
  Open(clock_.Now());
  EXPECT_EQ(ReadAllSamples(*core_)["up"].size(), 2u);
}

// Between any two pieces of a second requests may be committed, and the program may end.
TEST_F(CommitStepTest, RequestsAreCommittedBetweenThePiecesOfASecond) {
  Use({.slo_series = true});
  uint64_t id = 0;
  int pieces = 0;
  for (int second = 0; second < 4; ++second) {
    clock_.Advance(1s);
    step_->BeginSecond();
    do {
      Submit(++id, 3, 1);
      ++pieces;
    } while (step_->DoDue());
    EXPECT_FALSE(step_->has_due());
  }
  EXPECT_GT(pieces, 4 * 6);  // the six kinds, and a look at SLOs beyond the first
  step_.reset();
  Open(clock_.Now());  // without Finish
  const slo::SliCounts counted = core_->engine().Status(0).groups[0].lifetime;
  EXPECT_EQ(counted.good, 3 * id);
  EXPECT_EQ(counted.bad, id);
}

// However many series there are, none of the pieces that hold commits up has more than a few.
TEST_F(CommitStepTest, SlicesOfSeriesArePiecesOfASecond) {
  UseSlicesOfOne();
  std::vector<FloatSample> samples;
  for (int i = 0; i < 60; ++i)
    samples.push_back({fmt::format("s{}", i), UnixMillis(clock_.Now()), 1});
  Write(samples);
  uint64_t id = 0;
  // 60 series: one in the first checkpoint and 24 slices; as many; and the ten that are left.
  for (const int wanted : {24, 48, 57}) {
    clock_.Advance(1s);
    step_->BeginSecond();
    for (bool is_due = true; is_due;) {
      Submit(++id, 1, 0);
      const int before = filling_->slices;
      is_due = step_->DoDue();
      EXPECT_LE(filling_->slices - before, 1);
    }
    EXPECT_EQ(filling_->slices, wanted);
  }
  step_.reset();
  Open(clock_.Now());
  EXPECT_EQ(ReadAllSamples(*core_).size(), 60u);
  EXPECT_EQ(core_->engine().Status(0).groups[0].lifetime.good, id);
}

TEST_F(CommitStepTest, SlicesOnAFullDiskAreDueAgain) {
  UseSlicesOfOne();
  const int64_t now_ms = UnixMillis(clock_.Now());
  Write({{"a", now_ms, 1}, {"b", now_ms, 1}, {"c", now_ms, 1}});
  filling_->full = true;
  clock_.Advance(1s);
  step_->Tick();
  EXPECT_EQ(filling_->slices, 0);
  EXPECT_TRUE(step_->health().ok());
  filling_->full = false;
  clock_.Advance(1s);
  step_->Tick();
  EXPECT_GT(filling_->slices, 0);
}

TEST_F(CommitStepTest, ASecondThatIsNotDoneGoesOnInTheNext) {
  Use({.slo_series = true});
  Submit(1, 1, 0);
  for (int i = 0; i < 8 && store_->checkpoint_sequence() == 0; ++i) {
    clock_.Advance(1s);
    step_->BeginSecond();
    ASSERT_TRUE(step_->DoDue());
  }
  EXPECT_GT(store_->checkpoint_sequence(), 0u);
}

// How SLOs stand is not worth a sync of its own, and is on disk at the end of the second.
TEST_F(CommitStepTest, SeriesOfSlosAreSyncedWithWhatComesNext) {
  Use({.slo_series = true});
  Submit(1, 1, 0);
  clock_.Advance(1s);
  step_->BeginSecond();
  ASSERT_TRUE(step_->DoDue());
  EXPECT_EQ(filling_->last, storage::Durability::kBuffered);
  EXPECT_LE(step_->UntilSync(), 1s);
  Submit(2, 1, 0);
  EXPECT_GT(step_->UntilSync(), 1s);  // Nothing waits.
  clock_.Advance(15s);
  step_->Tick();
  EXPECT_GT(step_->UntilSync(), 1s);
}

// The loop sleeps UntilSync: with nothing left of it, it would ask without a pause.
TEST_F(CommitStepTest, AFullDiskIsAskedToSyncOnceAnInterval) {
  Use({.durability = storage::Durability::kBuffered, .sync_interval = 5s});
  Submit(1, 1, 0);
  EXPECT_EQ(step_->UntilSync(), 5s);
  filling_->full = true;
  clock_.Advance(5s);
  for (int i = 0; i < 3; ++i) step_->SyncIfDue();
  EXPECT_EQ(filling_->syncs, 1);
  EXPECT_EQ(step_->UntilSync(), 5s);
  filling_->full = false;
  clock_.Advance(5s);
  step_->SyncIfDue();
  EXPECT_EQ(filling_->syncs, 2);
  EXPECT_GT(step_->UntilSync(), 5s);  // Nothing waits.
}

TEST_F(CommitStepTest, AnAlertThatEndsWithTheRestartEndsItsSeries) {
  Use({.slo_series = true});
  Submit(1, 0, 100);
  for (int i = 0; i < 3; ++i) {
    clock_.Advance(10s);
    step_->Tick();
  }
  ASSERT_EQ(published_.size(), 1u);
  ASSERT_EQ(published_[0].state, model::AlertState::kFiring);
  const auto is_open = [&](const std::string& name) {
    const std::map<int64_t, double> samples = ReadAllSamples(*core_)[name];
    return !samples.empty() && !model::IsStale(samples.rbegin()->second);
  };
  EXPECT_TRUE(is_open("ALERTS"));
  step_.reset();
  slos_ = {slos_[1]};
  clock_.Advance(10s);
  Open(clock_.Now());
  filling_ = std::make_unique<FillingStore>(*store_);
  Use({.slo_series = true});
  ASSERT_TRUE(step_->Install(core_->engine().slos()).ok());
  EXPECT_TRUE(is_open("ALERTS"));
  clock_.Advance(10s);
  step_->Tick();
  EXPECT_FALSE(is_open("ALERTS"));
  EXPECT_FALSE(is_open("ALERTS_FOR_STATE"));
}

// A 201 says that it is on disk; a removal that a power loss takes back would hide an outage.
TEST_F(CommitStepTest, AnExclusionIsSyncedHoweverRequestsAreCommitted) {
  Use({.durability = storage::Durability::kBuffered, .sync_interval = 5s});
  Submit(1, 1, 0);
  EXPECT_EQ(filling_->last, storage::Durability::kBuffered);
  store::v1::ExclusionChange change;
  change.set_id("move");
  change.set_document(R"({"start":"2026-01-04T02:00:00Z","duration":"2h"})");
  ASSERT_TRUE(step_->Exclude(change).ok());
  EXPECT_EQ(filling_->last, storage::Durability::kSynced);
  Submit(2, 1, 0);
  EXPECT_EQ(filling_->last, storage::Durability::kBuffered);
  change.clear_document();
  change.set_removed(true);
  ASSERT_TRUE(step_->Exclude(change).ok());
  EXPECT_EQ(filling_->last, storage::Durability::kSynced);
}

}  // namespace
}  // namespace slowburn::app
