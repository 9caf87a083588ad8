// Goal: sums and means lose nothing that two doubles can hold, and means do not overflow.
// Method: rows of numbers whose plain sum is wrong.
#include "promql/internal/kahan.h"

#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace slowburn::promql {
namespace {

constexpr double kMax = std::numeric_limits<double>::max();

struct KahanCase {
  std::string name;
  std::vector<double> values;
  double want_sum;
  double want_mean;
};

class KahanTest : public ::testing::TestWithParam<KahanCase> {};

TEST_P(KahanTest, SumAndMean) {
  KahanSum sum;
  KahanMean mean;
  for (const double value : GetParam().values) {
    sum.Add(value);
    mean.Add(value);
  }
  if (std::isfinite(GetParam().want_sum)) {
    EXPECT_DOUBLE_EQ(sum.Value(), GetParam().want_sum);
  }
  EXPECT_DOUBLE_EQ(mean.Value(), GetParam().want_mean);
}

INSTANTIATE_TEST_SUITE_P(Rows, KahanTest,
                         ::testing::ValuesIn<KahanCase>({
                             {"One", {3}, 3, 3},
                             {"Plain", {1, 2, 3, 4}, 10, 2.5},
                             {"Cancels", {1, 1e100, 1, -1e100}, 2, 0.5},
                             {"Overflows", {kMax, kMax}, INFINITY, kMax},
                             {"OverflowsThenShrinks", {kMax, kMax, 0, 0}, INFINITY, kMax / 2},
                         }),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace slowburn::promql
