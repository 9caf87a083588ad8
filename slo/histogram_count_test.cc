// Goal: counts at or under a threshold are exact on a bound, and between bounds lie where an even
// spread puts them. Method: rows for both kinds of histogram; an exponential one against the same
// values counted one by one.
#include "slo/histogram_count.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace slowburn::slo {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

struct ExplicitCase {
  const char* name;
  std::vector<double> bounds;
  std::vector<uint64_t> counts;
  double threshold;
  double want;
  bool exact;
};
class ExplicitTest : public testing::TestWithParam<ExplicitCase> {};

TEST_P(ExplicitTest, Counts) {
  const ExplicitCase& row = GetParam();
  model::MetricBatch batch;
  batch.bounds = row.bounds;
  batch.counts = row.counts;
  model::HistogramValue value;
  for (const uint64_t count : row.counts) value.count += count;
  value.bounds = {0, static_cast<uint32_t>(row.bounds.size())};
  value.counts = {0, static_cast<uint32_t>(row.counts.size())};
  const auto count = CountAtOrUnder(batch, value, row.threshold);
  ASSERT_TRUE(count.has_value());
  EXPECT_EQ(count->total, value.count);
  EXPECT_DOUBLE_EQ(static_cast<double>(count->at_or_under.whole) + count->at_or_under.fraction,
                   row.want);
  EXPECT_EQ(count->is_exact, row.exact);
  if (!row.exact) {
    EXPECT_LE(count->around.lower, row.threshold);
    EXPECT_LE(row.threshold, count->around.upper);
  }
}

TEST(ExplicitTest, NamesTheBoundsBesideTheThreshold) {
  model::MetricBatch batch;
  batch.bounds = {0.1, 0.5};
  batch.counts = {3, 4, 1};
  model::HistogramValue value{.count = 8, .counts = {0, 3}, .bounds = {0, 2}};
  EXPECT_EQ(CountAtOrUnder(batch, value, 0.3)->around, (BucketBounds{0.1, 0.5}));
  EXPECT_EQ(CountAtOrUnder(batch, value, 0.05)->around, (BucketBounds{-kInf, 0.1}));
  EXPECT_EQ(CountAtOrUnder(batch, value, 9)->around, (BucketBounds{0.5, kInf}));
}

INSTANTIATE_TEST_SUITE_P(Rows, ExplicitTest,
                         testing::ValuesIn<ExplicitCase>({
                             {"OnABound", {0.1, 0.5}, {3, 4, 1}, 0.5, 7, true},
                             {"OnTheFirstBound", {0.1, 0.5}, {3, 4, 1}, 0.1, 3, true},
                             {"HalfWay", {0.1, 0.5}, {3, 4, 1}, 0.3, 5, false},
                             {"InTheFirstBucket", {0.1, 0.5}, {3, 4, 1}, 0.05, 1.5, false},
                             {"BelowTheFirstBucket", {0.1, 0.5}, {3, 4, 1}, -1, 0, false},
                             {"AtItsBegin", {0.1, 0.5}, {3, 4, 1}, 0, 0, false},
                             {"PastTheLastBound", {0.1, 0.5}, {3, 4, 1}, 0.6, 7, false},
                             {"Everything", {0.1, kInf}, {3, 4, 0}, kInf, 7, true},
                             {"IntoABucketWithoutEnd", {0.1, kInf}, {3, 4, 0}, 5, 3, false},
                             {"FirstBucketBelowZero", {-1, 1}, {3, 4, 1}, -2, 0, false},
                             {"AcrossZero", {-1, 1}, {3, 4, 1}, 0, 5, false},
                         }),
                         [](const auto& info) { return info.param.name; });

TEST(ExplicitTest, KnowsNothingWithoutBuckets) {
  EXPECT_FALSE(CountAtOrUnder({}, model::HistogramValue{.count = 5}, 1).has_value());
}

// A histogram of `values`, none of them 0.
struct Exponential {
  model::MetricBatch batch;
  model::ExponentialHistogramValue value;

  Exponential(const std::vector<double>& values, int32_t scale, uint64_t zeros) {
    value.scale = scale;
    value.zero_count = zeros;
    value.count = values.size() + zeros;
    Fill(values, scale, 1, value.positive);
    Fill(values, scale, -1, value.negative);
  }
  void Fill(const std::vector<double>& values, int32_t scale, double sign,
            model::ExponentialHistogramValue::Buckets& buckets) {
    std::vector<int32_t> indexes;
    for (const double v : values) {
      if (v * sign <= 0) continue;
      indexes.push_back(static_cast<int32_t>(std::ceil(std::ldexp(std::log2(v * sign), scale))) -
                        1);
    }
    const auto begin = static_cast<uint32_t>(batch.counts.size());
    if (!indexes.empty()) {
      const auto [least, most] = std::minmax_element(indexes.begin(), indexes.end());
      buckets.offset = *least;
      batch.counts.resize(begin + static_cast<size_t>(*most - *least) + 1);
      for (const int32_t index : indexes)
        ++batch.counts[begin + static_cast<size_t>(index - buckets.offset)];
    }
    buckets.counts = {begin, static_cast<uint32_t>(batch.counts.size())};
  }
};

TEST(ExponentialTest, IsExactOnABound) {
  const Exponential histogram({0.3, 0.6, 1.5, 3, 3.5, -0.3, -3}, 0, 2);
  const std::pair<double, double> rows[] = {{4, 9},    {2, 7}, {1, 6},    {0.5, 5},
                                            {0.25, 4}, {0, 4}, {1e300, 9}};
  for (const auto& [threshold, want] : rows) {
    const HistogramCount count = CountAtOrUnder(histogram.batch, histogram.value, threshold);
    EXPECT_EQ(static_cast<double>(count.at_or_under.whole) + count.at_or_under.fraction, want)
        << threshold;
    EXPECT_EQ(count.is_exact, threshold != 1e300) << threshold;
    EXPECT_EQ(count.total, 9u);
  }
  // [-4, -2) and [-0.5, -0.25).
  EXPECT_EQ(CountAtOrUnder(histogram.batch, histogram.value, -0.5).at_or_under.whole, 1u);
  EXPECT_EQ(CountAtOrUnder(histogram.batch, histogram.value, -2).at_or_under.whole, 1u);
  EXPECT_EQ(CountAtOrUnder(histogram.batch, histogram.value, -0.25).at_or_under.whole, 2u);
  EXPECT_EQ(CountAtOrUnder(histogram.batch, histogram.value, 3).around, (BucketBounds{2, 4}));
  EXPECT_EQ(CountAtOrUnder(histogram.batch, histogram.value, -3).around, (BucketBounds{-4, -2}));
}

TEST(ExponentialTest, LiesBetweenTheBoundsOfItsBucket) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> sizes(0, 3);
  for (int round = 0; round < 200; ++round) {
    const auto scale = static_cast<int32_t>(random() % 14) - 4;
    std::vector<double> values;
    for (int i = 0; i < 300; ++i) values.push_back(sizes(random) * (random() % 4 == 0 ? -1 : 1));
    const Exponential histogram(values, scale, 5);
    const double width = std::exp2(std::ldexp(1.0, -scale)) * (1 + 1e-12);
    for (int i = 0; i < 20; ++i) {
      const double threshold = sizes(random) * (i % 5 == 0 ? -1 : 1);
      const auto under = [&](double limit) {
        double count = limit >= 0 ? 5 : 0;
        for (const double value : values) count += value <= limit ? 1 : 0;
        return count;
      };
      const HistogramCount count = CountAtOrUnder(histogram.batch, histogram.value, threshold);
      const double got = static_cast<double>(count.at_or_under.whole) + count.at_or_under.fraction;
      const double near = threshold > 0 ? threshold / width : threshold * width;
      const double far = threshold > 0 ? threshold * width : threshold / width;
      EXPECT_GE(got, under(near)) << "round " << round << " threshold " << threshold;
      EXPECT_LE(got, under(far)) << "round " << round << " threshold " << threshold;
    }
  }
}

TEST(ExponentialTest, HoldsTheLargestScalesAndNumbers) {
  const double most = std::numeric_limits<double>::max();
  const double least = std::numeric_limits<double>::denorm_min();
  for (const int32_t scale : {-10, 20}) {
    for (const double value : {1.5, 1.7e308, 1e-300}) {
      const Exponential histogram({value}, scale, 0);
      for (const double threshold : {most, 1.0, least, -most}) {
        const HistogramCount count = CountAtOrUnder(histogram.batch, histogram.value, threshold);
        EXPECT_EQ(count.total, 1u);
        EXPECT_LE(count.at_or_under, (CounterValue{.whole = 1, .fraction = 0}));
      }
    }
  }
}

}  // namespace
}  // namespace slowburn::slo
