// Goal: what nobody can have counted is named, and what senders do send is not. Method: a row for
// each contradiction, and for each odd histogram that has none.
#include "model/histogram_contradiction.h"

#include <cmath>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "model/sample.h"

namespace slowburn::model {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

struct ContradictionCase {
  std::string name;
  NativeHistogram histogram;
  std::string want;
};
class HistogramContradictionTest : public testing::TestWithParam<ContradictionCase> {};

TEST_P(HistogramContradictionTest, IsNamed) {
  EXPECT_EQ(HistogramContradiction(GetParam().histogram), GetParam().want);
}

constexpr const char* kSum = "its buckets do not make up its count";
constexpr const char* kNegative = "it has a count below zero";
constexpr const char* kNoWidth = "its zero bucket has no width";
constexpr const char* kZero = "it has custom buckets and a zero bucket";

INSTANTIATE_TEST_SUITE_P(
    Histograms, HistogramContradictionTest,
    testing::ValuesIn<ContradictionCase>({
        {"Empty", {}, ""},
        {"AddsUp",
         {.zero_count = 1,
          .count = 7,
          .positive_spans = {{0, 2}},
          .negative_spans = {{0, 1}},
          .positive_counts = {1, 2},
          .negative_counts = {3}},
         ""},
        {"TooFew", {.count = 2, .positive_spans = {{0, 1}}, .positive_counts = {3}}, kSum},
        {"TooMany", {.count = 4, .positive_spans = {{0, 1}}, .positive_counts = {3}}, kSum},
        {"NanIsInNoBucket",
         {.count = 4, .sum = kNan, .positive_spans = {{0, 1}}, .positive_counts = {3}},
         ""},
        {"TooFewWithNan",
         {.count = 2, .sum = kNan, .positive_spans = {{0, 1}}, .positive_counts = {3}},
         kSum},
        {"NotExact",
         {.count = 9007199254740994,
          .positive_spans = {{0, 2}},
          .positive_counts = {9007199254740992, 1}},
         ""},
        {"Beyond63Bits",
         {.zero_count = 9223372036854775808.0, .count = 9223372036854775808.0},
         "its counts are beyond what is exact"},
        {"FloatingInWhole",
         {.count = 3, .positive_spans = {{0, 2}}, .positive_counts = {1.5, 1.5}},
         "its buckets have floating counts, and it has not"},
        {"NegativeBucket",
         {.count = 1, .positive_spans = {{0, 2}}, .positive_counts = {2, -1}},
         kNegative},
        {"NegativeInNegative",
         {.is_float = true, .count = 1, .negative_spans = {{0, 1}}, .negative_counts = {-0.5}},
         kNegative},
        {"NegativeCount", {.is_float = true, .count = -1}, kNegative},
        {"NegativeZeroCount", {.is_float = true, .zero_count = -1}, kNegative},
        {"FloatingNeedNotAddUp",
         {.is_float = true, .count = 9, .positive_spans = {{0, 1}}, .positive_counts = {2.5}},
         ""},
        {"NanOfADivision",
         {.is_float = true,
          .zero_count = kNan,
          .count = kNan,
          .sum = kNan,
          .positive_spans = {{0, 1}},
          .positive_counts = {kNan}},
         ""},
        {"ThresholdNan", {.zero_threshold = kNan}, kNoWidth},
        {"ThresholdInfinite", {.zero_threshold = kInf}, kNoWidth},
        {"ThresholdNegative", {.zero_threshold = -1}, kNoWidth},
        {"Stale", {.zero_threshold = kNan, .count = 5, .sum = StaleMarker()}, ""},
        {"Custom",
         {.schema = -53,
          .count = 3,
          .positive_spans = {{1, 1}, {0, 1}},
          .positive_counts = {1, 2},
          .custom_bounds = {1, 2}},
         ""},
        {"CustomZeroCount",
         {.schema = -53, .zero_count = 1, .count = 1, .custom_bounds = {1}},
         kZero},
        {"CustomZeroThreshold", {.schema = -53, .zero_threshold = 1e-128}, kZero},
        {"CustomNegative",
         {.schema = -53, .count = 1, .negative_spans = {{0, 1}}, .negative_counts = {1}},
         "it has custom buckets and negative ones"},
        {"CustomInfinity",
         {.schema = -53, .custom_bounds = {1, kInf}},
         "its last bound is +Inf, where its last bucket ends in any case"},
        {"CustomBefore",
         {.schema = -53,
          .count = 1,
          .positive_spans = {{-1, 1}},
          .positive_counts = {1},
          .custom_bounds = {1}},
         "its spans begin before its first bucket"},
        {"CustomBeyond",
         {.schema = -53,
          .is_float = true,
          .count = 1,
          .positive_spans = {{1, 1}, {0, 1}},
          .positive_counts = {1, 1},
          .custom_bounds = {1}},
         "its spans go beyond its bounds"},
    }),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace slowburn::model
