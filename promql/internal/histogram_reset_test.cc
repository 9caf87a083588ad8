// Goal: a counter histogram is found to have begun anew exactly when the specification says so.
// Method: rows of two samples.
#include "promql/internal/histogram_reset.h"

#include <gtest/gtest.h>

#include "promql/testing/histogram_parts.h"

namespace slowburn::promql {
namespace {

using testing::HistogramParts;
using testing::MakeHistogram;
using Hint = model::NativeHistogram::ResetHint;

struct ResetCase {
  std::string name;
  HistogramParts before, now;
  bool want;
};

class IsResetTest : public ::testing::TestWithParam<ResetCase> {};

TEST_P(IsResetTest, Decides) {
  EXPECT_EQ(IsReset(MakeHistogram(GetParam().before), MakeHistogram(GetParam().now)),
            GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, IsResetTest,
    ::testing::ValuesIn<ResetCase>({
        {"Grows", {.count = 3, .buckets = {1, 2}}, {.count = 4, .buckets = {1, 3}}, false},
        {"Same", {.count = 3, .buckets = {1, 2}}, {.count = 3, .buckets = {1, 2}}, false},
        {"CountFalls", {.count = 3, .buckets = {3}}, {.count = 2, .buckets = {2}}, true},
        {"OneBucketFalls", {.count = 3, .buckets = {1, 2}}, {.count = 5, .buckets = {4, 1}}, true},
        {"BucketGone",
         {.count = 1, .buckets = {1}},
         {.count = 2, .offset = 1, .buckets = {2}},
         true},
        {"NegativeFalls",
         {.count = 2, .negative_buckets = {2}},
         {.count = 2, .buckets = {1}, .negative_buckets = {1}},
         true},
        {"ZeroFalls",
         {.count = 2, .zero_count = 2, .zero_threshold = 0.1},
         {.count = 3, .zero_count = 1, .zero_threshold = 0.1, .buckets = {2}},
         true},
        {"ZeroNarrows", {.zero_threshold = 0.1}, {.zero_threshold = 0.01}, true},
        {"ZeroSwallowsABucket",
         {.count = 2, .buckets = {2}},
         {.count = 2, .zero_count = 2, .zero_threshold = 1},
         false},
        {"ZeroCutsABucket",
         {.count = 2, .buckets = {2}},
         {.count = 2, .zero_count = 2, .zero_threshold = 0.75},
         true},
        {"FinerSchema",
         {.schema = 0, .count = 1, .buckets = {1}},
         {.schema = 1, .count = 1, .buckets = {1}},
         true},
        {"CoarserSchema",
         {.schema = 1, .count = 2, .offset = 1, .buckets = {1, 1}},
         {.schema = 0, .count = 2, .offset = 1, .buckets = {2}},
         false},
        {"HintSaysReset", {.count = 1}, {.count = 2, .hint = Hint::kReset}, true},
        {"HintSaysNot", {.count = 3}, {.count = 2, .hint = Hint::kNotReset}, false},
        {"BecomesCustom", {.count = 1}, {.schema = -53, .count = 1, .custom_bounds = {1}}, true},
        {"CustomGrows",
         {.schema = -53, .count = 1, .buckets = {1}, .custom_bounds = {1}},
         {.schema = -53, .count = 2, .buckets = {1, 1}, .custom_bounds = {1}},
         false},
        {"CustomBoundsDiffer",
         {.schema = -53, .count = 3, .buckets = {1, 2}, .custom_bounds = {2}},
         {.schema = -53, .count = 4, .buckets = {1, 1, 2}, .custom_bounds = {1, 2}},
         false},
        {"CustomBoundsDifferAndFall",
         {.schema = -53, .count = 3, .buckets = {3}, .custom_bounds = {2}},
         {.schema = -53, .count = 4, .buckets = {1, 1, 2}, .custom_bounds = {1, 2}},
         true},
    }),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace slowburn::promql
