// Goal: answers come after the append, in groups; a full or failed disk refuses and says so;
// commands and stops are orderly. Method: the loop over a store that does as the test says.
#include "app/commit_loop.h"

#include <future>

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
  absl::Status ReplayLog(
      uint64_t after,
      const std::function<absl::Status(uint64_t, std::string_view)>& visit) const override {
    return real_.ReplayLog(after, visit);
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

  void StartLoop(CommitLoop::Options options = {}) {
    loop_ = std::make_unique<CommitLoop>(options, *core_, *scripted_, CommitLoop::Downstreams{},
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
  loop_->Stop();
  EXPECT_EQ(core_->ledger().Get("requests/refused/too_large"), 1u);
}

}  // namespace
}  // namespace slowburn::app
