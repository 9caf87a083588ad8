// Goal: integers and doubles compare without loss. Method: the edges by hand, then every pair of
// interesting numbers against long double, which holds both kinds exactly.
#include "ottl/internal/compare.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace slowburn::ottl::internal {
namespace {

using model::AttributeValue;

static_assert(std::numeric_limits<long double>::digits >= 64,
              "the oracle needs 64 bits of mantissa");

TEST(CompareTest, IntegerAgainstDouble) {
  constexpr int64_t kTwoTo53 = int64_t{1} << 53;
  EXPECT_TRUE(CompareIntDouble(kTwoTo53 + 1, static_cast<double>(kTwoTo53)) > 0);
  EXPECT_TRUE(CompareIntDouble(INT64_MAX, 9223372036854775808.0) < 0);
  EXPECT_TRUE(CompareIntDouble(INT64_MIN, -9223372036854775808.0) == 0);
  EXPECT_TRUE(CompareIntDouble(0, -0.0) == 0);
  EXPECT_TRUE(CompareIntDouble(0, 5e-324) < 0);
  EXPECT_TRUE(CompareIntDouble(-1, -1.5) > 0);
  EXPECT_TRUE(CompareIntDouble(INT64_MAX, INFINITY) < 0);
  EXPECT_TRUE(CompareIntDouble(INT64_MIN, -INFINITY) > 0);
  EXPECT_EQ(CompareIntDouble(0, NAN), std::partial_ordering::unordered);
}

TEST(CompareTest, EveryPairAgreesWithLongDouble) {
  std::vector<int64_t> integers = {INT64_MIN, INT64_MIN + 1, INT64_MAX, INT64_MAX - 1};
  std::vector<double> doubles = {0.0, 0.5, -0.5, 1e300, -1e300, INFINITY, -INFINITY, NAN, 5e-324};
  for (int shift = 0; shift < 63; ++shift) {
    const int64_t power = int64_t{1} << shift;
    for (const int64_t i : {power - 1, power, power + 1, -power - 1, -power, 1 - power}) {
      integers.push_back(i);
      const auto d = static_cast<double>(i);
      doubles.insert(doubles.end(), {d, std::nextafter(d, INFINITY), std::nextafter(d, -INFINITY)});
    }
  }
  for (const int64_t i : integers) {
    for (const double d : doubles) {
      const auto want = static_cast<long double>(i) <=> static_cast<long double>(d);
      EXPECT_EQ(Order(AttributeValue::Int(i), AttributeValue::Double(d)), want) << i << " " << d;
      EXPECT_EQ(Order(AttributeValue::Double(d), AttributeValue::Int(i)), 0 <=> want);
      EXPECT_EQ(AreEqual(AttributeValue::Int(i), AttributeValue::Double(d)), want == 0);
    }
  }
}

}  // namespace
}  // namespace slowburn::ottl::internal
