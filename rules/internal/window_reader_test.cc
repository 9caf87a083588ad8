// Goal: windows and budgeting methods are read as written, and each mistake is told with what to
// write instead. Method: a row each, through a whole document.
#include "rules/internal/window_reader.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/spec_file.h"

namespace slowburn::rules {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

std::string Document(std::string_view window, std::string_view budgeting) {
  return fmt::format(R"(apiVersion: slowburn/v1
kind: SLO
metadata: {{name: availability}}
spec:
  service: checkout
  sli: {{spans: {{match: 'resource.attributes["service.name"] == "checkout"', bad: 'span.status.code == STATUS_CODE_ERROR'}}}}
  objective: 99%
  window: {}
  {}
)",
                     window, budgeting.empty() ? "" : fmt::format("budgeting: {}", budgeting));
}

struct ReadCase {
  std::string name;
  std::string window;
  std::string budgeting;
  std::string want_window;     // Window::Text
  std::string want_budgeting;  // Budgeting::Text
};
void PrintTo(const ReadCase& row, std::ostream* out) { *out << row.name; }

class WindowReaderTest : public testing::TestWithParam<ReadCase> {};

TEST_P(WindowReaderTest, Reads) {
  const SpecFileResult result =
      ReadSpecText(Document(GetParam().window, GetParam().budgeting), "a.yaml");
  ASSERT_THAT(result.errors, IsEmpty());
  EXPECT_EQ(result.slos[0].window.Text(), GetParam().want_window);
  EXPECT_EQ(result.slos[0].budgeting.Text(), GetParam().want_budgeting);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, WindowReaderTest,
    testing::ValuesIn<ReadCase>({
        {"Rolling", "30d", "", "30d", "occurrences"},
        {"Month", "{calendar: month, time_zone: Europe/Paris}", "", "month Europe/Paris",
         "occurrences"},
        {"YearInUtc", "{calendar: year}", "occurrences", "year UTC", "occurrences"},
        {"Timeslices", "7d", "{method: timeslices, timeslice: 1m, target: 95%}", "1w",
         "timeslices 1m 95000000e-8"},
        {"AllOfATimeslice", "7d", "{method: timeslices, timeslice: 1m, target: 100%}", "1w",
         "timeslices 1m 100000000e-8"},
        {"RatioTimeslices", "{calendar: week}", "{method: ratio_timeslices, timeslice: 5m}",
         "week UTC", "ratio_timeslices 5m"},
        {"OccurrencesAsMap", "7d", "{method: occurrences}", "1w", "occurrences"},
    }),
    [](const auto& info) { return info.param.name; });

struct RefusalCase {
  std::string name;
  std::string window;
  std::string budgeting;
  std::string want;  // how the only error begins, after "a.yaml:"
};
void PrintTo(const RefusalCase& row, std::ostream* out) { *out << row.name; }

class WindowRefusalTest : public testing::TestWithParam<RefusalCase> {};

TEST_P(WindowRefusalTest, IsTold) {
  const SpecFileResult result =
      ReadSpecText(Document(GetParam().window, GetParam().budgeting), "a.yaml");
  EXPECT_THAT(result.errors, ElementsAre(StartsWith("a.yaml:" + GetParam().want)));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, WindowRefusalTest,
    testing::ValuesIn<RefusalCase>({
        {"NoSuchPeriod", "{calendar: fortnight}", "",
         "8: spec.window.calendar is \"fortnight\"; write day, week, month, quarter or year"},
        {"NoPeriod", "{time_zone: UTC}", "", "8: spec.window"},
        {"NoSuchZone", "{calendar: day, time_zone: Europe/Atlantis}", "", "8: "},
        {"NoSuchMethod", "7d", "slices",
         "9: spec.budgeting is \"slices\"; write occurrences, timeslices or ratio_timeslices"},
        {"MethodWithoutLength", "7d", "timeslices",
         "9: spec.budgeting is timeslices, which needs a length"},
        {"NoTarget", "7d", "{method: timeslices, timeslice: 1m}", "9: spec.budgeting"},
        {"NoLength", "7d", "{method: ratio_timeslices}", "9: spec.budgeting"},
        {"LengthDividesNoDay", "7d", "{method: ratio_timeslices, timeslice: 7m}",
         "9: spec.budgeting.timeslice is 7m: a timeslice is a multiple of 10s that divides a day"},
        {"LengthIsNoSlice", "7d", "{method: ratio_timeslices, timeslice: 15s}",
         "9: spec.budgeting.timeslice is 15s: a timeslice is"},
        {"FewTimeslices", "5m", "{method: ratio_timeslices, timeslice: 1m}",
         "9: spec.budgeting.timeslice is 1m of a window of 5m; write at most a tenth"},
        {"TargetOfARatio", "7d", "{method: ratio_timeslices, timeslice: 1m, target: 95%}",
         "9: spec.budgeting.target belongs to timeslices alone"},
        {"TargetTooLarge", "7d", "{method: timeslices, timeslice: 1m, target: 101%}",
         "9: spec.budgeting.target: "},
        {"TimesliceOfOccurrences", "7d", "{method: occurrences, timeslice: 1m}",
         "9: spec.budgeting.timeslice does not belong to occurrences"},
    }),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace slowburn::rules
