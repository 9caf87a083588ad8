// Goal: answers come after the append, in groups; a full or failed disk refuses and says so;
// commands and stops are orderly. Method: the loop over a store that does as the test says.
#include "app/commit_loop.h"

#include <atomic>
#include <future>
#include <map>

#include "app/testing/core_fixture.h"
#include "base/testing/manual_clock.h"

namespace slowburn::app {
namespace {

using collector::ExportAnswer;
using namespace std::chrono_literals;

// Passes on to the real store; appends may be held back or made to fail.
class ScriptedStore final : public storage::Store {
 public:
  explicit ScriptedStore(storage::Store& real) : real_(real) {}

  absl::Status AppendLog(std::string_view record, storage::Durability durability) override {
    std::unique_lock lock(mutex_);
    ++appends_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !held_; });
    if (!fail_.ok()) return fail_;
    return real_.AppendLog(record, durability);
  }
  void Hold(bool held) {
    const std::lock_guard lock(mutex_);
    held_ = held;
    changed_.notify_all();
  }
  void FailWith(absl::Status status) {
    const std::lock_guard lock(mutex_);
    fail_ = std::move(status);
  }
  void AwaitAppends(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return appends_ >= count; });
  }
  int appends() const {
    const std::lock_guard lock(mutex_);
    return appends_;
  }

  uint64_t last_sequence() const override { return real_.last_sequence(); }
  uint64_t checkpoint_sequence() const override { return real_.checkpoint_sequence(); }
  absl::Status SyncLog() override { return real_.SyncLog(); }
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
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int appends_ = 0;
  bool held_ = false;
  absl::Status fail_;
};

class CommitLoopTest : public CoreFixture {
 protected:
  CommitLoopTest() {
    options_.dead_man = false;  // The only appends are the test's.
    Open(kStart);
    scripted_ = std::make_unique<ScriptedStore>(*store_);
  }
  ~CommitLoopTest() override { loop_.reset(); }

  void StartLoop(CommitLoop::Options options = {}, CommitLoop::Downstreams downstreams = {}) {
    loop_ = std::make_unique<CommitLoop>(options, *core_, *scripted_, std::move(downstreams),
                                         clock_, registry_);
    loop_->set_on_failure([this](const absl::Status&) { failed_.set_value(); });
    loop_->Start();
  }
  std::future<ExportAnswer> Submit(uint64_t id, uint64_t cost = 1) {
    auto promise = std::make_shared<std::promise<ExportAnswer>>();
    std::future<ExportAnswer> answer = promise->get_future();
    SubmittedRequest request;
    request.counted = Request(id, "/pay", base::FloorSeconds(kStart), 1, 0);
    request.cost_bytes = cost;
    request.answer = [promise](ExportAnswer given) { promise->set_value(std::move(given)); };
    loop_->Submit(std::move(request));
    return answer;
  }
  static bool IsAnswered(const std::future<ExportAnswer>& answer) {
    return answer.wait_for(0s) == std::future_status::ready;
  }

  base::ManualClock clock_{kStart};
  prometheus::Registry registry_;
  std::unique_ptr<ScriptedStore> scripted_;
  std::unique_ptr<CommitLoop> loop_;
  std::promise<void> failed_;
};

TEST_F(CommitLoopTest, AnswersOnlyAfterTheAppendAndGroupsWhatWaited) {
  StartLoop();
  scripted_->Hold(true);
  std::future<ExportAnswer> first = Submit(1);
  scripted_->AwaitAppends(1);
  std::vector<std::future<ExportAnswer>> waiting;
  for (uint64_t id = 2; id < 50; ++id) waiting.push_back(Submit(id));
  EXPECT_FALSE(IsAnswered(first));
  EXPECT_EQ(loop_->Read([](const Core& core) { return core.ledger().Get("traces/accepted"); }), 0u);
  scripted_->Hold(false);
  EXPECT_EQ(first.get().outcome, ExportAnswer::Outcome::kAccepted);
  for (auto& answer : waiting) EXPECT_EQ(answer.get().outcome, ExportAnswer::Outcome::kAccepted);
  EXPECT_EQ(scripted_->appends(), 2);  // 48 requests in one record
  EXPECT_EQ(loop_->Read([](const Core& core) { return core.ledger().Get("traces/accepted"); }),
            49u);
}

TEST_F(CommitLoopTest, AFullDiskRefusesAndHeals) {
  StartLoop();
  scripted_->FailWith(absl::ResourceExhaustedError("no space"));
  const ExportAnswer refused = Submit(1).get();
  EXPECT_EQ(refused.outcome, ExportAnswer::Outcome::kUnavailable);
  EXPECT_GE(refused.retry_delay, 1s);
  EXPECT_TRUE(loop_->health().ok());
  scripted_->FailWith(absl::OkStatus());
  EXPECT_EQ(Submit(1).get().outcome, ExportAnswer::Outcome::kAccepted);
  EXPECT_EQ(loop_->Read([](const Core& core) { return core.ledger().Get("traces/accepted"); }), 1u);
}

TEST_F(CommitLoopTest, AFailedDiskIsTheEnd) {
  StartLoop();
  scripted_->FailWith(absl::DataLossError("fsync: input/output error"));
  EXPECT_EQ(Submit(1).get().outcome, ExportAnswer::Outcome::kUnavailable);
  failed_.get_future().wait();
  EXPECT_FALSE(loop_->health().ok());
  scripted_->FailWith(absl::OkStatus());
  EXPECT_EQ(Submit(2).get().outcome, ExportAnswer::Outcome::kUnavailable);
}

TEST_F(CommitLoopTest, AFullQueueRefusesAtOnce) {
  CommitLoop::Options options;
  options.queue_bytes_max = 100;
  StartLoop(options);
  scripted_->Hold(true);
  std::future<ExportAnswer> first = Submit(1, 60);
  scripted_->AwaitAppends(1);
  std::future<ExportAnswer> second = Submit(2, 60);
  std::future<ExportAnswer> third = Submit(3, 60);
  EXPECT_EQ(third.get().outcome, ExportAnswer::Outcome::kUnavailable);
  scripted_->Hold(false);
  EXPECT_EQ(second.get().outcome, ExportAnswer::Outcome::kAccepted);
}

TEST_F(CommitLoopTest, StopAnswersWhatWaitsCheckpointsAndRefusesTheRest) {
  StartLoop();
  scripted_->Hold(true);
  std::future<ExportAnswer> first = Submit(1);
  scripted_->AwaitAppends(1);
  std::future<ExportAnswer> second = Submit(2);
  std::jthread stopper([&] { loop_->Stop(); });
  scripted_->Hold(false);
  EXPECT_EQ(first.get().outcome, ExportAnswer::Outcome::kAccepted);
  EXPECT_EQ(second.get().outcome, ExportAnswer::Outcome::kAccepted);
  stopper.join();
  EXPECT_EQ(store_->checkpoint_sequence(), store_->last_sequence());
  EXPECT_EQ(Submit(3).get().outcome, ExportAnswer::Outcome::kUnavailable);
  EXPECT_TRUE(absl::IsUnavailable(loop_->Run([] { return absl::OkStatus(); })));
}

TEST_F(CommitLoopTest, AnExclusionIsDurableAndInForceWhenItsCommandReturns) {
  StartLoop();
  const auto in_window = [&] {
    return loop_->Read(
        [](const Core& core) { return core.engine().StatusOf(0, slo::kTotalGroup).in_window; });
  };
  EXPECT_EQ(Submit(1).get().outcome, ExportAnswer::Outcome::kAccepted);
  const slo::SliCounts before = in_window();
  ASSERT_GT(before.total(), 0u);
  store::v1::ExclusionChange change;
  change.set_id("disks");
  change.set_document(R"({"start":"2023-11-14T00:00:00Z","duration":"2d"})");
  const uint64_t sequence = store_->last_sequence();
  const absl::Status made = loop_->Run([&] { return loop_->Exclude(change); });
  ASSERT_TRUE(made.ok()) << made;
  EXPECT_GT(store_->last_sequence(), sequence);
  EXPECT_EQ(in_window(), slo::SliCounts());
  change.set_removed(true);
  ASSERT_TRUE(loop_->Run([&] { return loop_->Exclude(change); }).ok());
  EXPECT_EQ(in_window(), before);
  EXPECT_TRUE(absl::IsNotFound(loop_->Run([&] { return loop_->Exclude(change); })));
}

TEST_F(CommitLoopTest, ACommandReloadsTheSlosBetweenCommits) {
  StartLoop();
  slo::SloSet one = {slos_[1]};
  const absl::Status reloaded =
      loop_->Run([&] { return loop_->Install(std::make_shared<const slo::SloSet>(one)); });
  ASSERT_TRUE(reloaded.ok()) << reloaded;
  EXPECT_EQ(loop_->Read([](const Core& core) { return core.engine().slos()->size(); }), 1u);
  // Counts of an SLI that no SLO uses are still kept: a request of the generation before loses
  // nothing.
  EXPECT_EQ(Submit(1).get().outcome, ExportAnswer::Outcome::kAccepted);
  ASSERT_TRUE(
      loop_->Run([&] { return loop_->Install(std::make_shared<const slo::SloSet>(slos_)); }).ok());
  EXPECT_EQ(loop_->Read([](const Core& core) {
    return core.engine().StatusOf(0, slo::kTotalGroup).in_window;
  }),
            (slo::SliCounts{1, 0}));
}

TEST_F(CommitLoopTest, RefusedRequestsReachTheLedger) {
  StartLoop();
  loop_->CountRefused(collector::RequestRefusal::kTooLarge);
  loop_->CountRefused(collector::RequestRefusal::kOverloaded);
  loop_->CountRefused(collector::RequestRefusal::kOverloaded);
  loop_->Stop();
  EXPECT_EQ(core_->ledger().Get("requests/refused/too_large"), 1u);
  EXPECT_EQ(core_->ledger().Get("requests/refused/overloaded"), 2u);
}

TEST_F(CommitLoopTest, ALeaseEndsWithTheAnswerAlsoOfARefusal) {
  StartLoop();
  loop_->Stop();
  base::MemoryBudget budget(1000);
  SubmittedRequest request;
  request.lease = base::MemoryLease(&budget);
  ASSERT_TRUE(request.lease.GrowTo(600));
  std::optional<uint64_t> used;
  request.answer = [&](ExportAnswer) { used = budget.used(); };
  loop_->Submit(std::move(request));
  EXPECT_EQ(used, 0u);
}

TEST_F(CommitLoopTest, EachSignalHasItsCounters) {
  StartLoop();
  const auto submit = [&](CountedRequest counted) {
    std::promise<void> answered;
    SubmittedRequest request;
    request.counted = std::move(counted);
    request.answer = [&answered](ExportAnswer) { answered.set_value(); };
    loop_->Submit(std::move(request));
    answered.get_future().wait();
  };
  submit(LogRequest(5, 7, 3));
  submit(LogRequest(5, 7, 3));
  submit(Request(1, "/pay", base::FloorSeconds(kStart), 2, 0));
  submit(MetricRequest(2, {Point(1, 0, 7), Point(2, 0, 7)}));
  submit(MetricRequest(3, {Point(1, 0, 7), Point(2, 0, 8), Point(3, -1, 8), Point(3, -2, 8)}));
  std::map<std::string, double> counters;
  for (const auto& family : registry_.Collect())
    counters[family.name] = family.metric.at(0).counter.value;
  const auto of = [&](const std::string& name) {
    return counters.at("slowburn_" + name + "_total");
  };
  EXPECT_EQ(of("collector_log_records_accepted"), 4);
  EXPECT_EQ(of("collector_log_records_rejected"), 3);
  EXPECT_EQ(of("collector_log_records_duplicate"), 7);
  EXPECT_EQ(of("collector_spans_accepted"), 2);
  EXPECT_EQ(of("collector_spans_duplicate"), 0);
  EXPECT_EQ(of("collector_data_points_accepted"), 4);
  EXPECT_EQ(of("collector_data_points_duplicate"), 1);
  EXPECT_EQ(of("collector_data_points_rejected"), 1);
  EXPECT_EQ(of("app_duplicate_points"), 1);
  EXPECT_EQ(of("app_out_of_order_points"), 1);
  EXPECT_EQ(of("app_untracked_points"), 0);
}

// --- the ledger of a downstream

class CommitLoopLedgerTest : public CommitLoopTest {
 protected:
  // An endpoint where nobody answers.
  void StartWithExporter(size_t queue_bytes_max) {
    options_.downstreams = {{"backend", {model::Signal::kTraces}}};
    Open(kStart);
    scripted_ = std::make_unique<ScriptedStore>(*store_);
    forward::OtlpExporter::Options options;
    options.name = "backend";
    options.endpoint = "127.0.0.1:1";
    options.queue_bytes_max = queue_bytes_max;
    exporter_ = std::make_unique<forward::OtlpExporter>(options, registry_);
    StartLoop({}, {nullptr, {exporter_.get()}});
  }
  ~CommitLoopLedgerTest() override { loop_.reset(); }

  std::future<ExportAnswer> SubmitWithPayload(uint64_t id, bool loses_payload = false) {
    auto promise = std::make_shared<std::promise<ExportAnswer>>();
    std::future<ExportAnswer> answer = promise->get_future();
    SubmittedRequest request;
    request.counted = Request(id, "/pay", base::FloorSeconds(kStart), 3, 0);
    if (!loses_payload) request.payload = std::make_shared<const std::string>(100, 'x');
    request.answer = [promise](ExportAnswer given) { promise->set_value(std::move(given)); };
    loop_->Submit(std::move(request));
    return answer;
  }

  std::unique_ptr<forward::OtlpExporter> exporter_;
};

TEST_F(CommitLoopLedgerTest, WhatWaitsIsPendingAndALostPayloadShows) {
  StartWithExporter(1 << 20);
  EXPECT_EQ(loop_->ReadLedger().downstreams.at("backend").routed, 0u) << "shown from the first";
  SubmitWithPayload(1).wait();
  SubmitWithPayload(2).wait();
  EXPECT_EQ(loop_->ReadLedger().downstreams.at("backend").pending, 6u);
  EXPECT_EQ(loop_->ReadLedger().imbalance(), 0u);
  SubmitWithPayload(3, /*loses_payload=*/true).wait();
  EXPECT_EQ(loop_->ReadLedger().downstreams.at("backend").imbalance(), 3);
  EXPECT_EQ(loop_->ReadLedger().imbalance(), 3u);
}

TEST_F(CommitLoopLedgerTest, BalancesAtEveryMomentWhileAllIsInMotion) {
  StartWithExporter(2000);  // drops begin after twenty requests
  std::atomic<bool> done = false;
  uint64_t readings = 0;
  std::jthread reader([&] {
    while (!done) {
      const serve::LedgerReading ledger = loop_->ReadLedger();
      ASSERT_EQ(ledger.imbalance(), 0u) << ledger.downstreams.at("backend").routed;
      ++readings;
    }
  });
  for (uint64_t id = 1; id <= 300; ++id) {
    std::future<ExportAnswer> answer = SubmitWithPayload(id);
    if (id % 10 == 0) answer.wait();
    if (id % 50 == 0) clock_.Advance(1s);  // the totals are flushed with each second
  }
  exporter_->Shutdown(0s);
  loop_->Stop();
  done = true;
  reader.join();
  EXPECT_GT(readings, 0u);
  const serve::DownstreamLedger ledger = loop_->ReadLedger().downstreams.at("backend");
  EXPECT_EQ(ledger.routed, 900u);
  EXPECT_EQ(ledger.delivered, 0u);
  EXPECT_EQ(ledger.dropped.at("queue_full") + ledger.dropped.at("shutdown"), 900u);
  EXPECT_EQ(ledger.imbalance(), 0);
  // What is durable says the same: the next process has nothing to book as lost.
  EXPECT_EQ(core_->ledger().Reading().imbalance(), 0u);
  EXPECT_TRUE(core_->ledger().LostWithLastProcess().empty());
}

}  // namespace
}  // namespace slowburn::app
