// Goal: chunks are Prometheus' to the last bit. Method: what Prometheus 2.42 sent for the same
// samples over remote read: steps of every width, equal values, a stale marker, Inf; histograms
// with each form of the zero bucket's width. promql_api_clients compares many more.
#include "serve/internal/xor_chunk.h"

#include <limits>
#include <vector>

#include <absl/strings/escaping.h>
#include <gtest/gtest.h>

#include "model/sample.h"

namespace slowburn::serve::internal {
namespace {

constexpr int64_t kBegin = 1'795'219'200'000;

TEST(XorChunkTest, WritesWhatPrometheusWrites) {
  std::vector<int64_t> times = {0,         15'000,    30'000,    30'001,   45'017,
                                3'645'017, 3'645'018, 7'000'000, 7'000'001};
  for (int64_t& time : times) time += kBegin;
  const std::vector<double> values = {
      1.5,   1.5, 2.25,       -0.1, std::numeric_limits<double>::infinity(), model::StaleMarker(),
      1e300, 0,   123'456'789};
  EXPECT_EQ(
      absl::BytesToHexString(XorChunk(times, values)),
      "000980e0b8b6bf683ff80000000000009875309dffeee2b4e0fffeee66666666666e1d53d8093333333333"
      "337c0000000000dacf620000000000000003fffffffffff92230300e3f21e44003acff00000000003331659f"
      "8df90f22001d677ffffffffffe6674dc833ade68a8000000");
}

TEST(XorChunkTest, WritesOneSample) {
  const std::vector<int64_t> times = {-1};
  const std::vector<double> values = {0};
  EXPECT_EQ(absl::BytesToHexString(XorChunk(times, values)), "0001010000000000000000");
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
    EXPECT_EQ(absl::BytesToHexString(HistogramChunk(kBegin, histogram)), want) << zero_threshold;
  }
}

}  // namespace
}  // namespace slowburn::serve::internal
