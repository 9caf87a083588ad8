// Goal: chunks of histograms are Prometheus' to the last bit, and end where its chunks have to.
// Method: what Prometheus 2.42 sent for the same samples over remote read: each form of the zero
// bucket's width, whole and floating counts, the end of a series; rows of two histograms for where
// a chunk ends. promql_api_clients compares many more.
#include "serve/internal/histogram_chunk.h"

#include <string>
#include <vector>

#include <absl/strings/escaping.h>
#include <gtest/gtest.h>

#include "model/sample.h"

namespace slowburn::serve::internal {
namespace {

using model::NativeHistogram;
using Hint = NativeHistogram::ResetHint;

constexpr int64_t kBegin = 1'795'219'200'000;

std::string HexOf(const std::vector<int64_t>& times_ms,
                  const std::vector<NativeHistogram>& histograms) {
  return absl::BytesToHexString(HistogramChunk(times_ms, histograms, Hint::kUnknown));
}

struct HistogramCase {
  double zero_threshold;
  std::string_view want;
};

TEST(HistogramChunkTest, WritesWhatPrometheusWrites) {
  for (const auto& [zero_threshold, want] : std::vector<HistogramCase>{
           {0.25,
            "000100f29ca518f32231b7f0000d0fdb38c0020128000000000001ff0000000000000201a2000000000002"
            "000000000000000200400000000000020080000000000001ff80000000000000"},
           {0.001,
            "000100ff3f50624dd2f1a9fc9ca518f32231b7f0000d0fdb38c0020128000000000001ff00000000000002"
            "01a2000000000002000000000000000200400000000000020080000000000001ff80000000000000"},
           {0,
            "000100009ca518f32231b7f0000d0fdb38c0020128000000000001ff0000000000000201a2000000000002"
            "000000000000000200400000000000020080000000000001ff80000000000000"}}) {
    const model::NativeHistogram histogram{.schema = 3,
                                           .is_float = true,
                                           .zero_threshold = zero_threshold,
                                           .zero_count = 0.5,
                                           .count = 10.5,
                                           .sum = 20.25,
                                           .positive_spans = {{1, 2}, {200, 1}},
                                           .negative_spans = {{-2, 1}},
                                           .positive_counts = {2, 3, 4},
                                           .negative_counts = {1}};
    EXPECT_EQ(HexOf({kBegin}, {histogram}), want) << zero_threshold;
  }
}

// Three positive buckets and a negative one.
NativeHistogram Make(bool is_float, double count, double zero_count, double sum,
                     std::vector<double> positive, double negative) {
  return {.schema = 3,
          .is_float = is_float,
          .zero_threshold = 0.25,
          .zero_count = zero_count,
          .count = count,
          .sum = sum,
          .positive_spans = {{1, 2}, {200, 1}},
          .negative_spans = {{-2, 1}},
          .positive_counts = std::move(positive),
          .negative_counts = {negative}};
}

TEST(HistogramChunkTest, WritesManyOfFloatingCounts) {
  EXPECT_EQ(
      HexOf({kBegin, kBegin + 15'000, kBegin + 30'000, kBegin + 45'017},
            {Make(true, 10.5, 0.5, 20.25, {2, 3, 4}, 1), Make(true, 14.5, 0.5, 21.25, {3, 4, 6}, 1),
             Make(true, 20.75, 1.75, -3, {5, 5, 8}, 1), Make(true, 20.75, 1.75, -3, {5, 5, 8}, 1)}),
      "000400f29ca518f32231b7f0000d0fdb38c0020128000000000001ff0000000000000201a20000000000020000"
      "00000000000200400000000000020080000000000001ff80000000000007c1d4c6c06de0f603d617b019ac7cfa"
      "c3f812803d7587f683d41f644000");
}

TEST(HistogramChunkTest, WritesManyOfWholeCountsAndTheEndOfTheirSeries) {
  NativeHistogram end{.sum = model::StaleMarker()};
  EXPECT_EQ(
      HexOf({kBegin, kBegin + 15'000, kBegin + 30'000, kBegin + 45'017, kBegin + 60'000,
             kBegin + 75'000},
            {Make(false, 12, 1, 20.25, {2, 3, 4}, 2), Make(false, 30, 1, 22.5, {10, 8, 9}, 2),
             Make(false, 48, 1, 24.75, {18, 13, 14}, 2),
             Make(false, 5048, 1001, -1e9, {1018, 2013, 1014}, 2),
             Make(false, 5049, 1001, -1e9, {1018, 2013, 1014}, 3), end}),
      "000600f29ca518f32231b7f0000d0fdb38c006322806880000000000128c65f07531926e12f11506c1b90c8fc0"
      "9bb78fa304103ea1acbe3e0f1f5fb061ddefbec79f60c3d831ec18f1f4472260fef8f7359400000008");
}

TEST(HistogramChunkTest, SaysWhatItsFirstOneIs) {
  const auto flags = [](Hint hint) {
    return static_cast<uint8_t>(
        HistogramChunk(std::vector<int64_t>{0}, std::vector<NativeHistogram>(1), hint)[2]);
  };
  EXPECT_EQ(flags(Hint::kUnknown), 0x00);
  EXPECT_EQ(flags(Hint::kReset), 0x80);
  EXPECT_EQ(flags(Hint::kNotReset), 0x40);
  EXPECT_EQ(flags(Hint::kGauge), 0xc0);
}

// What `next` is behind Make(false, 12, 1, 20, {2, 3, 4}, 2).
struct NextCase {
  std::string name;
  NativeHistogram next;
  bool goes_on = false;
  Hint hint = Hint::kUnknown;  // as the first of a new chunk
};

NativeHistogram Changed(void (*change)(NativeHistogram&)) {
  NativeHistogram next = Make(false, 12, 1, 20, {2, 3, 4}, 2);
  change(next);
  return next;
}

TEST(HistogramChunkTest, EndsWhereTheNextOneDoesNotFit) {
  const NativeHistogram before = Make(false, 12, 1, 20, {2, 3, 4}, 2);
  for (const NextCase& row : std::vector<NextCase>{
           {"Same", before, true, Hint::kNotReset},
           {"More", Make(false, 15, 2, 10, {2, 4, 4}, 3), true, Hint::kNotReset},
           {"LessInABucket", Make(false, 20, 1, 20, {2, 2, 9}, 6), false, Hint::kReset},
           {"LessInANegativeBucket", Make(false, 20, 1, 20, {9, 3, 6}, 1), false, Hint::kReset},
           {"LessAtZero", Make(false, 20, 0, 20, {9, 3, 6}, 2), false, Hint::kReset},
           {"FewerInAll", Make(false, 11, 1, 20, {2, 3, 4}, 2), false, Hint::kReset},
           {"SaysThatItWasReset",
            Changed([](NativeHistogram& next) { next.reset_hint = Hint::kReset; }), false,
            Hint::kReset},
           {"Gauge", Changed([](NativeHistogram& next) { next.reset_hint = Hint::kGauge; }), false,
            Hint::kGauge},
           {"OtherSchema", Changed([](NativeHistogram& next) { next.schema = 2; }), false},
           {"OtherZeroBucket", Changed([](NativeHistogram& next) { next.zero_threshold = 0.5; }),
            false},
           {"OtherBuckets", Changed([](NativeHistogram& next) {
              next.positive_spans = {{1, 3}};
            }),
            false},
           {"Floating", Make(true, 15, 2, 10, {2, 4, 4}, 3), false},
           {"End", {.sum = model::StaleMarker()}, true},
       }) {
    EXPECT_EQ(GoesOn(before, row.next), row.goes_on) << row.name;
    EXPECT_EQ(HintAfter(&before, row.next), row.hint) << row.name;
  }
  const NativeHistogram end{.sum = model::StaleMarker()};
  EXPECT_FALSE(GoesOn(end, before));
  EXPECT_FALSE(GoesOn(end, end));
  EXPECT_EQ(HintAfter(&end, before), Hint::kUnknown);
  EXPECT_EQ(HintAfter(nullptr, before), Hint::kUnknown);
}

TEST(HistogramChunkTest, GaugesMayGoDown) {
  NativeHistogram before = Make(false, 12, 1, 20, {2, 3, 4}, 2);
  NativeHistogram next = Make(false, 10, 1, 20, {2, 3, 3}, 1);
  before.reset_hint = next.reset_hint = Hint::kGauge;
  EXPECT_TRUE(GoesOn(before, next));
  EXPECT_EQ(HintAfter(&before, next), Hint::kGauge);
}

}  // namespace
}  // namespace slowburn::serve::internal
