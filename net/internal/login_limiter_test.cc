// Goal: an address guesses ten times a minute, and remembering addresses costs bounded memory.
// Method: a clock that is moved by hand.
#include "net/internal/login_limiter.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/testing/manual_clock.h"

namespace slowburn::net::internal {
namespace {

using std::chrono::seconds;

TEST(AddressOfGuessesTest, IsTheHostOrItsNetwork) {
  struct Case {
    std::string_view peer;
    std::string_view want;
  };
  for (const Case& c : std::vector<Case>{
           {"198.51.100.7:4318", "198.51.100.7"},
           {"[::ffff:198.51.100.7]:4318", "198.51.100.7"},
           {"[2001:db8:0:1:2:3:4:5]:4318", "2001:db8:0:1::/64"},
           {"[2001:db8:0:1:ffff::9]:1", "2001:db8:0:1::/64"},
           {"[2001:db8:0:2::1]:1", "2001:db8:0:2::/64"},
           {"[fe80::1%eth0]:1", "fe80::/64"},
           {"[::1]:1", "::/64"},
           {"localhost:1", "localhost"},
           {"", ""},
       }) {
    EXPECT_EQ(AddressOfGuesses(c.peer), c.want) << c.peer;
  }
}

class LoginLimiterTest : public testing::Test {
 protected:
  // -1: may guess.
  int64_t Wait(const std::string& address) {
    const auto wait = limiter_.Wait(address);
    return wait.has_value() ? wait->count() : -1;
  }
  void Guess(const std::string& address, bool is_wrong) {
    limiter_.Begin(address);
    limiter_.End(address, is_wrong);
  }

  base::ManualClock clock_{base::UnixNanos(seconds(1'700'000'000))};
  LoginLimiter limiter_{clock_, {.wrong_max = 2, .window = seconds(60), .addresses_max = 100}};
};

TEST_F(LoginLimiterTest, WaitsForTheEndOfTheMinuteThatTheFirstGuessBegan) {
  Guess("a", true);
  clock_.Advance(seconds(20));
  Guess("a", false);
  EXPECT_EQ(Wait("a"), -1);
  Guess("a", true);
  EXPECT_EQ(Wait("a"), 40);
  EXPECT_EQ(Wait("b"), -1);
  clock_.Advance(std::chrono::milliseconds(39'999));
  EXPECT_EQ(Wait("a"), 1);
  clock_.Advance(std::chrono::milliseconds(1));
  EXPECT_EQ(Wait("a"), -1);
  EXPECT_EQ(limiter_.addresses(), 0);
}

TEST_F(LoginLimiterTest, AStepOfTheWallClockChangesNothing) {
  Guess("a", true);
  Guess("a", true);
  clock_.JumpTo(base::UnixNanos(seconds(1'800'000'000)));
  EXPECT_EQ(Wait("a"), 60);
}

TEST_F(LoginLimiterTest, GuessesThatAreNotKnownYetCount) {
  limiter_.Begin("a");
  Guess("a", true);
  EXPECT_EQ(Wait("a"), 1);
  limiter_.End("a", false);
  EXPECT_EQ(Wait("a"), -1);
}

TEST_F(LoginLimiterTest, AGuessThatOutlastsItsMinuteCountsInTheNext) {
  limiter_.Begin("a");
  limiter_.Begin("a");
  clock_.Advance(seconds(61));
  limiter_.End("a", true);
  EXPECT_EQ(Wait("a"), -1);
  limiter_.End("a", true);
  EXPECT_EQ(Wait("a"), 60);
}

TEST_F(LoginLimiterTest, ForgetsTheOldestAddressWhenThereAreTooMany) {
  for (int i = 0; i < 100; ++i) {
    Guess(fmt::format("{}", i), true);
    Guess(fmt::format("{}", i), true);
  }
  EXPECT_EQ(limiter_.addresses(), 100);
  EXPECT_EQ(Wait("0"), 60);
  Guess("100", true);
  EXPECT_EQ(limiter_.addresses(), 100);
  EXPECT_EQ(Wait("0"), -1);
  EXPECT_EQ(Wait("1"), 60);
  for (int i = 0; i < 10'000; ++i) Guess(fmt::format("more {}", i), true);
  EXPECT_EQ(limiter_.addresses(), 100);
}

}  // namespace
}  // namespace slowburn::net::internal
