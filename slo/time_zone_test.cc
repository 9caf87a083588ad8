// Goal: only names of the IANA database are zones, and clocks that skip or repeat an hour are read
// as the header says. Method: rows.
#include "slo/time_zone.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"

namespace slowburn::slo {
namespace {

using std::chrono::sys_days;
using std::chrono::sys_seconds;
using testing::HasSubstr;
using namespace std::chrono_literals;

TEST(TimeZoneTest, NamesOfTheDatabase) {
  for (const std::string_view name : {"UTC", "Europe/Paris", "America/Argentina/Buenos_Aires",
                                      "Etc/GMT+5", "America/Port-au-Prince", "EST5EDT"})
    EXPECT_TRUE(LoadTimeZone(name).ok()) << name;
  for (const std::string_view name :
       {"", "Mars/Olympus", "europe/paris", "localtime", "posixrules", "right/Europe/Paris",
        "posix/Europe/Paris", "Fixed/UTC+01:00:00", "/usr/share/zoneinfo/Europe/Paris",
        "../zoneinfo/UTC", "file:UTC", "Europe/Paris ", "+02:00", "Europe"})
    EXPECT_THAT(std::string(base::Message(LoadTimeZone(name).status())),
                HasSubstr("write a name of the IANA database, like Europe/Paris"))
        << name;
  EXPECT_FALSE(LoadTimeZone(std::string(10'000, 'a')).ok());
}

TEST(TimeZoneTest, SkippedAndRepeatedTimes) {
  const absl::TimeZone paris = *LoadTimeZone("Europe/Paris");
  const absl::CivilSecond skipped(2024, 3, 31, 2, 30, 0);  // 02:00 -> 03:00 at 01:00Z
  EXPECT_EQ(InstantOf(skipped, paris), sys_days(2024y / 3 / 31) + 1h + 30min);
  EXPECT_EQ(FirstAtOrAfter(skipped, paris), sys_days(2024y / 3 / 31) + 1h);
  const absl::CivilSecond repeated(2024, 10, 27, 2, 30, 0);  // 03:00 -> 02:00 at 01:00Z
  EXPECT_EQ(InstantOf(repeated, paris), sys_days(2024y / 10 / 27) + 30min);
  EXPECT_EQ(FirstAtOrAfter(repeated, paris), sys_days(2024y / 10 / 27) + 30min);
  const absl::CivilSecond plain(2024, 7, 1, 12, 0, 1);
  EXPECT_EQ(InstantOf(plain, paris), sys_days(2024y / 7 / 1) + 10h + 1s);
  EXPECT_EQ(FirstAtOrAfter(plain, paris), InstantOf(plain, paris));
  EXPECT_EQ(LocalTime(InstantOf(skipped, paris), paris), absl::CivilSecond(2024, 3, 31, 3, 30, 0));
  EXPECT_EQ(LocalTime(sys_seconds{-1s}, paris), absl::CivilSecond(1970, 1, 1, 0, 59, 59));
}

}  // namespace
}  // namespace slowburn::slo
