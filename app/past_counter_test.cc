// Goal: the past of an SLI that is added later is counted beside the loop, without what cannot be
// read, and goes on in the next process; a stop and a removal end it. Method: two days of samples
// in a real store, written, sealed and opened again; a broken chunk; the loop and the counter with
// their threads.
#include "app/past_counter.h"

#include <future>
#include <thread>

#include <gtest/gtest.h>

#include "app/testing/core_fixture.h"
#include "app/testing/counted_write.h"
#include "base/testing/manual_clock.h"
#include "slo/matcher.h"
#include "slo/range_sum.h"
#include "storage/api/series_keys.h"

namespace slowburn::app {
namespace {

using namespace std::chrono_literals;

slo::SloSet CounterSlo() {
  rules::SpecFileResult read = rules::ReadSpecText(R"(
apiVersion: slowburn/v1
kind: SLO
metadata: {name: availability}
spec:
  service: checkout
  sli:
    counter: {total: requests_total, bad: 'requests_total{code=~"5.."}'}
  objective: 99%
  window: 7d
)",
                                                   "test.yaml");
  EXPECT_TRUE(read.errors.empty()) << read.errors.front();
  return std::move(read.slos);
}

class PastCounterTest : public CoreFixture {
 protected:
  PastCounterTest() {
    slos_ = {};
    options_.count_pasts = true;
    options_.dead_man = false;
    Open(kStart);
    matchers_ = core_->engine().MakeMatchers();
  }
  ~PastCounterTest() override { End(); }

  // A sample each minute, 9 good and 1 bad between two of them.
  void Write(std::chrono::hours length) {
    for (const auto end = now_ + length; now_ < end; now_ += 60s) {
      ++minutes_;
      CoreFixture::Commit(RequestOf({{{{"__name__", "requests_total"}, {"code", "200"}},
                                      UnixMillis(now_),
                                      9.0 * minutes_},
                                     {{{"__name__", "requests_total"}, {"code", "503"}},
                                      UnixMillis(now_),
                                      1.0 * minutes_}},
                                    matchers_->series),
                          now_);
      if (minutes_ % 20 == 0) Checkpoint(now_);
    }
  }
  void Begin() {
    clock_.JumpTo(now_);
    registry_ = std::make_unique<prometheus::Registry>();
    loop_ = std::make_unique<CommitLoop>(CommitLoop::Options{}, *core_, *store_,
                                         CommitLoop::Downstreams{}, clock_, *registry_);
    loop_->Start();
    counter_ = std::make_unique<PastCounter>(
        PastCounter::Options{.piece = 6h}, *loop_, *core_,
        [this] { return earlier_are_done_.load(); }, clock_, *registry_);
    counter_->Start();
  }
  void End() {
    if (counter_ != nullptr) counter_->Stop();
    counter_.reset();
    loop_.reset();
  }
  void Install(slo::SloSet slos) {
    ASSERT_TRUE(loop_
                    ->Run([&] {
                      return loop_->Install(std::make_shared<const slo::SloSet>(std::move(slos)));
                    })
                    .ok());
    counter_->Wake();
  }
  std::optional<slo::PastStatus> Status() const {
    return loop_->Read([&](const Core& core) {
      return core.pasts().StatusOf(core.engine().sli_of(0), base::FloorSeconds(now_));
    });
  }
  void Await(slo::PastStatus::State state) {
    while (!Status().has_value() || Status()->state != state) std::this_thread::yield();
  }
  slo::SliCounts Lifetime() const {
    return loop_->Read(
        [](const Core& core) { return core.engine().StatusOf(0, slo::kTotalGroup).lifetime; });
  }

  base::UnixNanos now_ = kStart;
  int minutes_ = 0;
  base::ManualClock clock_{kStart};
  std::shared_ptr<const slo::Matchers> matchers_;
  std::atomic<bool> earlier_are_done_ = true;
  std::unique_ptr<prometheus::Registry> registry_;
  std::unique_ptr<CommitLoop> loop_;
  std::unique_ptr<PastCounter> counter_;
};

TEST_F(PastCounterTest, CountsItBesideTheLoop) {
  Write(48h);
  Begin();
  Install(CounterSlo());
  Await(slo::PastStatus::State::kCounted);
  const uint64_t grown = static_cast<uint64_t>(minutes_) - 1;
  EXPECT_EQ(Lifetime(), (slo::SliCounts{9 * grown, grown}));
  End();
  // The next process has nothing to do.
  slos_ = CounterSlo();
  Open(now_);
  Begin();
  EXPECT_EQ(Status()->state, slo::PastStatus::State::kCounted);
  EXPECT_EQ(Lifetime(), (slo::SliCounts{9 * grown, grown}));
}

TEST_F(PastCounterTest, WaitsForRequestsThatWereMatchedBefore) {
  Write(3h);
  earlier_are_done_ = false;
  Begin();
  Install(CounterSlo());
  // It comes as one of them: it is stored, and matched by nobody.
  std::promise<void> answered;
  SubmittedRequest request;
  ++minutes_;
  request.counted = RequestOf(
      {{{{"__name__", "requests_total"}, {"code", "200"}}, UnixMillis(now_), 9.0 * minutes_}},
      matchers_->series);
  request.series_answer = [&](collector::SeriesAnswer) { answered.set_value(); };
  loop_->Submit(std::move(request));
  answered.get_future().wait();
  EXPECT_EQ(Status()->state, slo::PastStatus::State::kWaiting);
  EXPECT_EQ(Lifetime(), slo::SliCounts{});
  earlier_are_done_ = true;
  Await(slo::PastStatus::State::kCounted);
  const uint64_t grown = static_cast<uint64_t>(minutes_) - 1;
  EXPECT_EQ(Lifetime(), (slo::SliCounts{9 * grown, grown - 1}));
}

TEST_F(PastCounterTest, LeavesOutWhatIsBroken) {
  Write(48h);
  // A chunk in the middle of the first day.
  std::string key, start;
  {
    const auto snapshot = store_->TakeSnapshot();
    int at = 0;
    ASSERT_TRUE(snapshot
                    ->Scan(storage::Family::kChunks, storage::WholeFamily().begin,
                           storage::WholeFamily().end,
                           [&](std::string_view found, std::string_view) {
                             if (++at == 2) key = found;
                             return at < 2;
                           })
                    .ok());
  }
  ASSERT_FALSE(key.empty());
  storage::Batch batch;
  batch.Put(storage::Family::kChunks, key, "broken");
  ASSERT_TRUE(store_->WriteDirect(std::move(batch)).ok());
  Begin();
  Install(CounterSlo());
  Await(slo::PastStatus::State::kCounted);
  const slo::PastStatus status = *Status();
  ASSERT_FALSE(status.left_out.empty());
  std::chrono::seconds left_out{0};
  for (const auto& [begin, end] : status.left_out) left_out += end - begin;
  EXPECT_LT(left_out, 30h);
  // Every minute that is not left out is there; of those at its edges only a part may be.
  const uint64_t lost = static_cast<uint64_t>(left_out / 60s);
  const uint64_t grown = static_cast<uint64_t>(minutes_) - 1;
  const slo::SliCounts counted = Lifetime();
  EXPECT_LT(counted.bad, grown);
  EXPECT_GE(counted.bad + lost + 2 * status.left_out.size(), grown);
  for (const auto& [begin, end] : status.left_out) {
    const auto sum = loop_->Read([&, from = begin, to = end](const Core& core) {
      return slo::RangeReader(
                 core.engine().table().counts(core.engine().sli_of(0), slo::kTotalGroup).view(),
                 core.blocks())
          .Sum(slo::SliceOf(from), slo::SliceOf(to));
    });
    ASSERT_TRUE(sum.ok());
    EXPECT_LE(sum->total(), 10u) << "but for the increment that ends after it";
  }
}

TEST_F(PastCounterTest, GoesOnAfterARemovalAndARestart) {
  Write(48h);
  Begin();
  Install(CounterSlo());
  Install({});  // Somewhere in the middle.
  Install(CounterSlo());
  Await(slo::PastStatus::State::kCounted);
  const uint64_t grown = static_cast<uint64_t>(minutes_) - 1;
  EXPECT_EQ(Lifetime(), (slo::SliCounts{9 * grown, grown}));
}

TEST_F(PastCounterTest, AStopInTheMiddleLosesNothing) {
  Write(48h);
  for (int i = 0; i < 5; ++i) {
    Begin();
    if (i == 0) Install(CounterSlo());
    while (!Status().has_value()) std::this_thread::yield();
    if (i > 1) Await(slo::PastStatus::State::kCounted);
    End();
    slos_ = CounterSlo();
    Open(now_);
  }
  const uint64_t grown = static_cast<uint64_t>(minutes_) - 1;
  EXPECT_EQ(core_->engine().StatusOf(0, slo::kTotalGroup).lifetime,
            (slo::SliCounts{9 * grown, grown}));
}

}  // namespace
}  // namespace slowburn::app
