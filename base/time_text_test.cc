// Goal: times enter and leave as the API promises. Method: a row per accepted form, a row per
// refused one.
#include "base/time_text.h"

#include <gtest/gtest.h>

#include "base/status.h"

namespace slowburn::base {
namespace {

UnixNanos At(int64_t seconds, int64_t nanos = 0) {
  return UnixNanos(std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanos));
}

TEST(TimeTextTest, ReadsUnixSecondsAndRfc3339) {
  struct Case {
    std::string_view text;
    UnixNanos want;
  };
  for (const Case& c : {Case{"0", At(0)}, Case{"1700000000", At(1'700'000'000)},
                        Case{"1700000000.25", At(1'700'000'000, 250'000'000)},
                        Case{"2023-11-14T22:13:20Z", At(1'700'000'000)},
                        Case{"2023-11-14t22:13:20.5z", At(1'700'000'000, 500'000'000)},
                        Case{"2023-11-14T23:13:20+01:00", At(1'700'000'000)},
                        Case{"2024-02-29T00:00:00-00:30", At(1'709'166'600)}}) {
    const auto got = ParseTime(c.text);
    ASSERT_TRUE(got.ok()) << c.text << ": " << got.status();
    EXPECT_EQ(*got, c.want) << c.text;
  }
}

TEST(TimeTextTest, ReadsAllYearsOfRfc3339) {
  const auto ms = [](std::string_view text) -> std::optional<int64_t> {
    const auto time = ParseRfc3339Milliseconds(text);
    return time.has_value() ? std::optional(time->time_since_epoch().count()) : std::nullopt;
  };
  EXPECT_EQ(ms("0001-01-01T00:00:00Z"), -62'135'596'800'000);
  EXPECT_EQ(ms("1969-12-31T23:59:59.9999Z"), -1);
  EXPECT_EQ(ms("9999-12-31T23:59:59.999999999Z"), 253'402'300'799'999);
  EXPECT_EQ(ms("1700000000"), std::nullopt);
  EXPECT_EQ(ms("2023-02-30T00:00:00Z"), std::nullopt);
}

TEST(TimeTextTest, RefusesWhatIsNoTime) {
  for (const std::string_view text :
       {"", "x", "-1", "1e9", "1.", "1.x", "9223372036", "99999999999999999999",
        "2023-02-30T00:00:00Z", "2023-11-14", "2023-11-14T24:00:00Z", "2023-11-14T00:00:00",
        "2023-11-14T00:00:00+25:00", "1969-12-31T23:59:59Z", "2300-01-01T00:00:00Z"}) {
    const auto got = ParseTime(text);
    ASSERT_FALSE(got.ok()) << text;
    EXPECT_NE(Message(got.status()).find("RFC 3339"), std::string_view::npos);
  }
}

TEST(TimeTextTest, WritesMillisecondsInUtc) {
  EXPECT_EQ(FormatRfc3339(At(1'700'000'000, 7'999'999)), "2023-11-14T22:13:20.007Z");
  EXPECT_EQ(FormatRfc3339(At(0)), "1970-01-01T00:00:00.000Z");
}

}  // namespace
}  // namespace slowburn::base
