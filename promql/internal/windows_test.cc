// Goal: windows are left-open and hold what they should, however unevenly samples come. Method: the
// plain definition beside the cursors on random times (the seed is printed); rows for grids of
// subqueries.
#include "promql/internal/windows.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace slowburn::promql {
namespace {

TEST(ForEachWindowTest, AsThePlainDefinition) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 200; ++round) {
    std::vector<int64_t> times;
    for (int64_t time = -50; time < 200; time += 1 + static_cast<int64_t>(random() % 9)) {
      times.push_back(time);
    }
    const RangeInput input{.times = times};
    const Windows windows{.end_ms = static_cast<int64_t>(random() % 100) - 80,
                          .step_ms = static_cast<int64_t>(random() % 30),
                          .count = 1 + random() % 10,
                          .range_ms = 1 + static_cast<int64_t>(random() % 60)};
    std::vector<size_t> found(windows.count);
    ForEachWindow(input, windows, [&](const Window& window) {
      found[window.step] = window.floats();
      EXPECT_GT(times[window.begin], windows.EndAt(window.step) - windows.range_ms);
      EXPECT_LE(times[window.end - 1], windows.EndAt(window.step));
    });
    for (size_t step = 0; step < windows.count; ++step) {
      const int64_t end = windows.EndAt(step);
      const auto want = std::ranges::count_if(
          times, [&](int64_t time) { return time > end - windows.range_ms && time <= end; });
      EXPECT_EQ(found[step], static_cast<size_t>(want));
    }
  }
}

struct GridCase {
  std::string name;
  int64_t end_ms, step_ms, range_ms;
  StepGrid want;
};

class SubqueryGridTest : public ::testing::TestWithParam<GridCase> {};

TEST_P(SubqueryGridTest, MultiplesOfTheStep) {
  Subquery subquery;
  subquery.step_ms = GetParam().step_ms;
  const Windows windows{.end_ms = GetParam().end_ms, .count = 1, .range_ms = GetParam().range_ms};
  EXPECT_EQ(SubqueryGrid(subquery, windows, 60'000), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(Rows, SubqueryGridTest,
                         ::testing::ValuesIn<GridCase>({
                             {"LeftOpen", 100, 10, 20, {90, 10, 2}},
                             {"NotOfTheEnd", 105, 10, 20, {90, 10, 2}},
                             {"BeforeTheEpoch", -5, 10, 20, {-20, 10, 2}},
                             {"AcrossTheEpoch", 5, 10, 20, {-10, 10, 2}},
                             {"None", 9, 10, 5, {10, 10, 0}},
                             {"Default", 120'000, 0, 60'000, {120'000, 60'000, 1}},
                         }),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace slowburn::promql
