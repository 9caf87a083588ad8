// Goal: a composite counts in a window what its members together say. Method: a row each.
#include "slo/composite.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "slo/testing/print_counts.h"

namespace slowburn::slo {
namespace {

struct CombineCase {
  std::string name;
  CompositeMethod method;
  std::vector<MemberCounts> members;
  SliCounts want;
};
void PrintTo(const CombineCase& row, std::ostream* out) { *out << row.name; }

class CombineTest : public testing::TestWithParam<CombineCase> {};

TEST_P(CombineTest, Counts) {
  EXPECT_EQ(Combine(GetParam().method, GetParam().members), GetParam().want);
}

constexpr auto kWorst = CompositeMethod::kWorstOf;
constexpr auto kWeighted = CompositeMethod::kWeighted;

INSTANTIATE_TEST_SUITE_P(
    Rows, CombineTest,
    testing::ValuesIn<CombineCase>({
        {"WorstByShareNotByNumber", kWorst, {{{9000, 1000}}, {{1, 1}}, {{5, 0}}}, {1, 1}},
        {"OfEqualSharesTheBusier", kWorst, {{{1, 1}}, {{10, 10}}, {{2, 2}}}, {10, 10}},
        {"SilentOnesDoNotCount", kWorst, {{{0, 0}}, {{7, 0}}}, {7, 0}},
        {"AllSilent", kWorst, {{{0, 0}}, {{0, 0}}}, {0, 0}},
        {"WeightedMean",
         kWeighted,
         {{{9, 1}, 1}, {{7, 3}, 1}},
         {1'600'000'000, 400'000'000}},  // 20 % of two thousand million parts
        {"WeightsCount",
         kWeighted,
         {{{9, 1}, 3}, {{7, 3}, 1}},
         {3'400'000'000, 600'000'000}},  // 15 %
        {"TrafficDoesNot",
         kWeighted,
         {{{9'000'000, 1'000'000}, 1}, {{7, 3}, 1}},
         {1'600'000'000, 400'000'000}},
        {"WeightedWithoutTheSilent",
         kWeighted,
         {{{0, 0}, 5}, {{1, 1}, 2}},
         {1'000'000'000, 1'000'000'000}},
        {"ShortWindowsOfAnyBad", CompositeMethod::kAnyBad, {{{3, 1}}, {{1, 1}}}, {1, 1}},
    }),
    [](const auto& info) { return info.param.name; });

TEST(CompositeTest, ATimesliceIsBadWhenOneMemberIs) {
  const SliCounts good{1, 0}, bad{0, 1}, silent{0, 0};
  EXPECT_EQ(IsGoodTogether(std::vector<SliCounts>{good, good}), true);
  EXPECT_EQ(IsGoodTogether(std::vector<SliCounts>{good, bad}), false);
  EXPECT_EQ(IsGoodTogether(std::vector<SliCounts>{silent, good}), true);
  EXPECT_EQ(IsGoodTogether(std::vector<SliCounts>{silent, bad}), false);
  EXPECT_EQ(IsGoodTogether(std::vector<SliCounts>{silent, silent}), std::nullopt);
}

}  // namespace
}  // namespace slowburn::slo
