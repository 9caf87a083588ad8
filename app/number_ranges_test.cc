// Goal: the ranges hold what was added, joined wherever they touch. Method: each way a number can
// meet its neighbours, and a seeded comparison with a plain set.
#include "app/number_ranges.h"

#include <random>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace slowburn::app {
namespace {

std::string Text(const NumberRanges& numbers) {
  std::string text;
  for (const auto& [first, last] : numbers.ranges()) text += fmt::format("{}-{} ", first, last);
  return text;
}

struct Case {
  std::string name;
  std::vector<uint64_t> added;
  std::string want;
};

class NumberRangesTest : public testing::TestWithParam<Case> {};

TEST_P(NumberRangesTest, Joins) {
  NumberRanges numbers;
  for (const uint64_t number : GetParam().added) numbers.Add(number);
  EXPECT_EQ(Text(numbers), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(Neighbours, NumberRangesTest,
                         testing::ValuesIn<Case>({
                             {"None", {}, ""},
                             {"One", {5}, "5-5 "},
                             {"Twice", {5, 5}, "5-5 "},
                             {"Upwards", {0, 1, 2}, "0-2 "},
                             {"Downwards", {2, 1, 0}, "0-2 "},
                             {"GapFilled", {1, 3, 2}, "1-3 "},
                             {"GapLeft", {0, 1, 3, 4}, "0-1 3-4 "},
                             {"InsideARange", {1, 2, 3, 2}, "1-3 "},
                         }),
                         [](const auto& info) { return info.param.name; });

TEST(NumberRangesTest, AgreesWithASet) {
  std::mt19937_64 random(3);
  NumberRanges numbers;
  std::set<uint64_t> oracle;
  for (int i = 0; i < 3000; ++i) {
    const uint64_t number = random() % 2000;
    EXPECT_EQ(numbers.Add(number), oracle.insert(number).second);
  }
  EXPECT_EQ(numbers.count(), oracle.size());
  for (uint64_t number = 0; number < 2001; ++number) {
    EXPECT_EQ(numbers.Contains(number), oracle.contains(number)) << number;
  }
  uint64_t previous = 0;
  for (const auto& [first, last] : numbers.ranges()) {
    EXPECT_LE(first, last);
    EXPECT_TRUE(previous == 0 || first > previous + 1);
    previous = last;
  }
}

}  // namespace
}  // namespace slowburn::app
