// Goal: native histograms have the buckets of the specification's mapping, merged exactly where the
// scale is too fine. Method: a row for each mapping of the compatibility tables, as index: count
// after expansion; seeded random sparse histograms against maps; each refusal.
#include "model/native_of_exponential.h"

#include <map>
#include <random>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "model/exponential_buckets.h"
#include "model/sample.h"

namespace slowburn::model {
namespace {

MetricBatch BatchOf(const std::vector<uint64_t>& counts, int32_t offset, int32_t scale) {
  MetricBatch batch;
  batch.counts = counts;
  ExponentialHistogramValue value;
  value.scale = scale;
  value.has_sum = true;
  value.sum = 1;
  value.positive = {offset, {0, static_cast<uint32_t>(counts.size())}};
  for (const uint64_t count : counts) value.count += count;
  batch.exponentials.push_back(value);
  return batch;
}

absl::StatusOr<NativeHistogram> NativeHistogramOf(const MetricBatch& batch,
                                                  const ExponentialHistogramValue& value) {
  // What was made before must not show.
  static NativeOfExponential maker;
  const absl::StatusOr<NativeHistogramView> made = maker.Make(batch, value);
  if (!made.ok()) return made.status();
  return NativeHistogram(*made);
}

std::string Text(const std::vector<NativeHistogram::Span>& spans,
                 const std::vector<double>& counts) {
  std::string text;
  for (const auto& [index, count] : BucketsOf(spans, counts)) {
    text += fmt::format("{}{}:{}", text.empty() ? "" : " ", index, count);
  }
  return text;
}

struct Case {
  const char* name;
  std::vector<uint64_t> counts;
  int32_t offset;
  int shift;
  const char* want;
};

class NativeOfExponentialTest : public testing::TestWithParam<Case> {};

TEST_P(NativeOfExponentialTest, HasTheBuckets) {
  const Case& c = GetParam();
  const MetricBatch batch = BatchOf(c.counts, c.offset, 8 + c.shift);
  const auto native = NativeHistogramOf(batch, batch.exponentials[0]);
  ASSERT_TRUE(native.ok()) << native.status();
  EXPECT_EQ(native->schema, 8);
  EXPECT_EQ(Text(native->positive_spans, native->positive_counts), c.want);
}

INSTANTIATE_TEST_SUITE_P(Tables, NativeOfExponentialTest,
                         testing::ValuesIn<Case>({
                             {"Dense", {4, 3, 2, 1}, 0, 0, "1:4 2:3 3:2 4:1"},
                             {"Gaps", {10, 0, 0, 20, 5, 2}, 3, 0, "4:10 7:20 8:5 9:2"},
                             {"NegativeOffset", {1, 1, 1, 1, 1}, -3, 1, "-1:1 0:2 1:2"},
                             {"LeadingEmpty", {0, 0, 3, 4, 5}, 0, 1, "2:7 3:5"},
                             {"EmptyBetween", {3, 0, 0, 0, 1, 4}, 0, 1, "1:3 3:5"},
                             {"TwoDown", {1, 2, 3, 4, 5, 6, 7, 8}, 3, 2, "1:1 2:14 3:21"},
                             {"TwoDownSparse", {3, 0, 0, 1, 0, 0, 1}, -2, 2, "0:3 1:1 2:1"},
                             {"BelowOne", {5}, -1, 0, "0:5"},
                         }),
                         [](const auto& info) { return info.param.name; });

TEST(NativeHistogramOfTest, MergesSparseOnesExactly) {
  for (uint64_t seed = 1; seed <= 4000; ++seed) {
    std::mt19937_64 random(seed);
    std::vector<uint64_t> counts(1 + random() % 40);
    for (uint64_t& count : counts) count = random() % 3 == 0 ? random() % 100 : 0;
    const auto offset = static_cast<int32_t>(random() % 100) - 50;
    const int shift = static_cast<int>(random() % 5);
    std::map<int64_t, double> wanted;
    for (size_t i = 0; i < counts.size(); ++i) {
      int64_t lower = offset + static_cast<int64_t>(i);
      for (int s = 0; s < shift; ++s) lower = lower >= 0 ? lower / 2 : (lower - 1) / 2;
      if (counts[i] != 0) wanted[lower + 1] += static_cast<double>(counts[i]);
    }
    const MetricBatch batch = BatchOf(counts, offset, 8 + shift);
    const auto native = NativeHistogramOf(batch, batch.exponentials[0]);
    std::map<int64_t, double> got;
    for (const auto& [index, count] : BucketsOf(native->positive_spans, native->positive_counts)) {
      got[index] = count;
    }
    ASSERT_EQ(got, wanted) << "seed " << seed;
  }
}

TEST(NativeHistogramOfTest, KeepsEverythingElse) {
  MetricBatch batch = BatchOf({1, 2}, 0, 3);
  ExponentialHistogramValue& value = batch.exponentials[0];
  value.negative = {-1, {0, 2}};
  value.zero_count = 4;
  value.count = 10;
  value.sum = -2.5;
  auto native = NativeHistogramOf(batch, value);
  ASSERT_TRUE(native.ok());
  EXPECT_EQ(native->schema, 3);
  EXPECT_EQ(native->count, 10);
  EXPECT_EQ(native->sum, -2.5);
  EXPECT_EQ(native->zero_count, 4);
  EXPECT_EQ(native->zero_threshold, 1e-128);
  EXPECT_EQ(native->reset_hint, NativeHistogram::ResetHint::kUnknown);
  EXPECT_FALSE(native->is_float);
  EXPECT_EQ(Text(native->negative_spans, native->negative_counts), "0:1 1:2");
  value.zero_threshold = 0.25;
  EXPECT_EQ(NativeHistogramOf(batch, value)->zero_threshold, 0.25);
}

TEST(NativeHistogramOfTest, RefusesWhatItCannotBe) {
  MetricBatch coarse = BatchOf({1}, 0, -5);
  EXPECT_EQ(NativeHistogramOf(coarse, coarse.exponentials[0]).status().message(),
            "its scale is -5, native histograms begin at -4");
  MetricBatch no_sum = BatchOf({1}, 0, 0);
  no_sum.exponentials[0].has_sum = false;
  EXPECT_EQ(NativeHistogramOf(no_sum, no_sum.exponentials[0]).status().message(),
            "it has no sum, a native histogram needs one");
  MetricBatch far = BatchOf({1}, std::numeric_limits<int32_t>::max(), 0);
  EXPECT_FALSE(NativeHistogramOf(far, far.exponentials[0]).ok());
}

TEST(NativeHistogramOfTest, TheEndIsAMarkerAndNothingElse) {
  const NativeHistogram stale = StaleHistogram();
  EXPECT_TRUE(IsStale(stale.sum));
  EXPECT_EQ(stale.count, 0);
  EXPECT_TRUE(stale.positive_spans.empty());
}

}  // namespace
}  // namespace slowburn::model
