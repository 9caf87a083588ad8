// Goal: sums by blocks are the compensated sums, whatever is in the columns. Method: against one
// KahanSum for each step, on random columns with gaps, NaN, infinities and numbers that overflow
// (the seed is printed).
#include "promql/internal/column_blocks.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "promql/internal/kahan.h"
#include "promql/value.h"

namespace slowburn::promql {
namespace {

double RandomValue(std::mt19937& random, bool plain) {
  switch (plain ? 9 : random() % 12) {
    case 0:
      return AbsentValue();
    case 1:
      return std::nan("");
    case 2:
      return std::numeric_limits<double>::infinity();
    case 3:
      return std::numeric_limits<double>::max();
    default:
      return std::uniform_real_distribution<double>(-1e9, 1e9)(random);
  }
}

TEST(ColumnSumsTest, AreThoseOfKahan) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (const size_t steps : {0, 1, 63, 64, 65, 500}) {
    std::vector<double> sums(steps), errors(steps), seen(steps, AbsentValue());
    std::vector<KahanSum> want(steps);
    std::vector<bool> want_seen(steps);
    for (int series = 0; series < 20; ++series) {
      std::vector<double> values(steps);
      for (double& value : values) value = RandomValue(random, series % 2 == 0);
      ColumnSums{sums, errors, seen}.Add(values);
      for (size_t i = 0; i < steps; ++i) {
        if (IsAbsent(values[i])) continue;
        want[i].Add(values[i]);
        want_seen[i] = true;
      }
    }
    for (size_t i = 0; i < steps; ++i) {
      EXPECT_EQ(!IsAbsent(seen[i]), want_seen[i]);
      const double got = sums[i] + errors[i];
      if (std::isnan(want[i].Value())) {
        EXPECT_TRUE(std::isnan(got));
      } else {
        EXPECT_EQ(got, want[i].Value());
      }
    }
  }
}

}  // namespace
}  // namespace slowburn::promql
