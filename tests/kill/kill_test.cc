// Goal: a 200 means counted once and for good, whatever happens to the process. Method: clients
// resend each request with the same bytes until it is acked, while the program is killed at random
// moments and started again; whenever nothing is under way, what it has counted must be exactly
// what was acked. SLOWBURN_KILL_ROUNDS kills more often, SLOWBURN_KILL_SEED repeats a run.
#include <algorithm>
#include <cstdlib>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "tests/kill/kill_fixture.h"

namespace slowburn::kill {
namespace {

using std::chrono::milliseconds;

constexpr int kClients = 4;
constexpr milliseconds kDrainTimeout{60'000};
constexpr milliseconds kTerminateTimeout{60'000};

int RoundsOr(int usual) {
  const char* const given = std::getenv("SLOWBURN_KILL_ROUNDS");
  return given == nullptr ? usual : std::max(usual, std::atoi(given));
}

class KillTest : public KillFixture {
 protected:
  milliseconds Random(int from, int to) {
    return milliseconds(std::uniform_int_distribution<int>(from, to)(random_));
  }
  bool OneIn(int n) { return std::uniform_int_distribution<int>(1, n)(random_) == 1; }

  void DrainAndCompare(Traffic& traffic) {
    ASSERT_TRUE(traffic.Drain(kDrainTimeout).ok()) << "requests stay without an ack";
    ExpectEverythingCounted(traffic.acked());
  }

  // SIGKILL in recovery now and then; else once the outstanding requests are acked and compared
  // (three rounds in four; the fourth leaves them to the next) and traffic has run for a while.
  void KillRounds(int rounds) {
    Traffic traffic(seed(), kClients);
    for (int round = 0; round < rounds && !HasFailure(); ++round) {
      SCOPED_TRACE(testing::Message() << "round " << round);
      if (round > 0 && OneIn(5)) {
        const auto killed_in_recovery = Spawn();
        ASSERT_TRUE(killed_in_recovery.ok());
        // The moment is the point, not an event to wait for.
        std::this_thread::sleep_for(Random(0, 60));
      }
      std::optional<Program> program = Start(traffic);
      ASSERT_TRUE(program.has_value());
      if (!OneIn(4)) DrainAndCompare(traffic);
      traffic.Resume();
      std::this_thread::sleep_for(Random(20, 400));
      program->Kill();
    }
    CompareAtTheEnd(traffic, rounds);
  }

  void CompareAtTheEnd(Traffic& traffic, int rounds) {
    const std::optional<Program> program = Start(traffic);
    ASSERT_TRUE(program.has_value());
    DrainAndCompare(traffic);
    const Acked acked = traffic.acked();
    ExpectEveryHourCounted(acked);
    EXPECT_TRUE(traffic.troubles().empty()) << traffic.troubles().front();
    // Without load under the kills the test would have shown nothing.
    EXPECT_GT(acked.requests, static_cast<uint64_t>(rounds) * 5);
    EXPECT_GT(traffic.resent(), static_cast<uint64_t>(rounds) / 2);
    RecordProperty("acked_spans", std::to_string(acked.spans));
    RecordProperty("acked_requests", std::to_string(acked.requests));
    RecordProperty("resent_requests", std::to_string(traffic.resent()));
    duplicate_spans_ = DuplicateSpans();
    RecordProperty("duplicate_spans", std::to_string(duplicate_spans_));
  }

  uint64_t duplicate_spans_ = 0;  // as of the end

 private:
  std::mt19937_64 random_{seed()};
};

TEST_F(KillTest, DurableLosesNothing) {
  WriteConfig("{mode: durable}");
  KillRounds(RoundsOr(50));
  // Some kills must have fallen between the commit and its ack, or dedup has not been tried.
  EXPECT_GT(duplicate_spans_, 0u);
}

// The kernel keeps what a killed process had written: only a power failure may cost an interval.
TEST_F(KillTest, IntervalLosesNothingWithTheProcess) {
  WriteConfig("{mode: interval, interval: 1s}");
  KillRounds(RoundsOr(10));
}

TEST_F(KillTest, TermUnderLoadEndsWithZeroAndLosesNothing) {
  WriteConfig("{mode: durable}");
  constexpr int kRestarts = 20;
  Traffic traffic(seed(), kClients);
  for (int round = 0; round < kRestarts && !HasFailure(); ++round) {
    SCOPED_TRACE(testing::Message() << "round " << round);
    std::optional<Program> program = Start(traffic);
    ASSERT_TRUE(program.has_value());
    DrainAndCompare(traffic);
    traffic.Resume();
    std::this_thread::sleep_for(Random(20, 200));
    const auto code = program->Terminate(kTerminateTimeout);
    ASSERT_TRUE(code.ok()) << code.status();
    EXPECT_EQ(*code, 0);
  }
  CompareAtTheEnd(traffic, kRestarts);
}

}  // namespace
}  // namespace slowburn::kill
