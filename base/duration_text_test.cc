// Goal: durations read and print as Prometheus does. Method: a row per form, and a round trip.
#include "base/duration_text.h"

#include <gtest/gtest.h>

#include "base/status.h"

namespace slowburn::base {
namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

TEST(DurationTextTest, ReadsEachUnitAndTheirSums) {
  struct Case {
    std::string_view text;
    nanoseconds want;
  };
  for (const Case& c : {Case{"0", 0ns}, Case{"0s", 0ns}, Case{"30d", 720h}, Case{"4w", 672h},
                        Case{"1y", 8760h}, Case{"1h30m", 90min}, Case{"300ms", 300ms},
                        Case{"1s5us", 1s + 5us}, Case{"7ns", 7ns}, Case{"1m30s", 90s}}) {
    const auto got = ParseDuration(c.text);
    ASSERT_TRUE(got.ok()) << c.text << ": " << got.status();
    EXPECT_EQ(*got, c.want) << c.text;
  }
}

TEST(DurationTextTest, RefusesWithAHint) {
  for (const std::string_view text :
       {"", "5", "d", "1m1h", "1h1h", "-5m", "1.5h", "5 m", "1H", "99999999999999999999s"}) {
    const auto got = ParseDuration(text);
    ASSERT_FALSE(got.ok()) << text;
    EXPECT_NE(Message(got.status()).find("is not a duration"), std::string_view::npos)
        << got.status();
  }
  EXPECT_NE(Message(ParseDuration("300y").status()).find("292 years"), std::string_view::npos);
}

TEST(DurationTextTest, PrintsAsPrometheusDoes) {
  EXPECT_EQ(FormatDuration(0s), "0s");
  EXPECT_EQ(FormatDuration(672h), "4w");
  EXPECT_EQ(FormatDuration(720h), "30d");
  EXPECT_EQ(FormatDuration(90s), "1m30s");
  EXPECT_EQ(FormatDuration(24h), "1d");
  EXPECT_EQ(FormatDuration(25h), "1d1h");
  EXPECT_EQ(FormatDuration(300ms), "300ms");
  EXPECT_EQ(FormatDuration(-5min), "-5m");
  EXPECT_EQ(FormatDuration(1500us), "1ms500us");
}

TEST(DurationTextTest, WhatIsPrintedReadsBack) {
  for (const nanoseconds d :
       {1ns, 999ns, 10'000'001ns, nanoseconds(59s), nanoseconds(8761h), nanoseconds::max()}) {
    const auto back = ParseDuration(FormatDuration(d));
    ASSERT_TRUE(back.ok()) << FormatDuration(d);
    EXPECT_EQ(*back, d);
  }
}

}  // namespace
}  // namespace slowburn::base
