// Goal: chunks are Prometheus' to the last bit. Method: what Prometheus 2.42 sent for the same
// samples over remote read: steps of every width, equal values, a stale marker, Inf.
// promql_api_clients compares many more.
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

}  // namespace
}  // namespace slowburn::serve::internal
