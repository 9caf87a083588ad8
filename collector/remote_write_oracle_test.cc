// Goal: both versions of remote write are read as protobuf means them, and the same series in both
// come to the same samples. Method: seeded requests through the generated classes, which encode
// them; text of what went in against text of what came out. Then bytes that are others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "collector/remote_write.h"
#include "collector/remote_write_v2.h"
#include "collector/testing/write_requests.h"

namespace slowburn::collector {
namespace {

using Decoder = absl::Status (*)(std::string_view, model::SeriesBatch&, base::MemoryLease*);

TEST(RemoteWriteOracleTest, BothVersionsAreReadAsTheyWereWritten) {
  model::SeriesBatch batch;
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    std::mt19937_64 random(seed);
    const write1::WriteRequest request = RandomWrite(random);
    const std::string first = request.SerializeAsString();
    ASSERT_TRUE(DecodeRemoteWrite(first, batch).ok()) << "seed " << seed;
    ASSERT_EQ(Describe(batch), Describe(request)) << "seed " << seed;
    const write2::Request in_2 = AsV2(request);
    const std::string second = in_2.SerializeAsString();
    ASSERT_TRUE(DecodeRemoteWriteV2(second, batch).ok()) << "seed " << seed;
    ASSERT_EQ(Describe(batch), Describe(in_2)) << "seed " << seed;
    ASSERT_EQ(Describe(batch), Describe(request)) << "seed " << seed;
  }
}

// Whatever the bytes, there is an answer, and what was read can be read on.
void ReadOtherBytes(const std::string& body, Decoder decode, std::mt19937_64& random) {
  model::SeriesBatch batch;
  for (int run = 0; run < 300; ++run) {
    std::string other = body;
    if (other.empty()) return;
    for (int flips = 0; flips < 3; ++flips) {
      other[random() % other.size()] ^= static_cast<char>(1 << random() % 8);
    }
    if (run % 3 == 0) other.resize(random() % other.size());
    const absl::Status status = decode(other, batch, nullptr);
    if (status.ok()) {
      Describe(batch);
    } else {
      EXPECT_TRUE(batch.series.empty());
      EXPECT_TRUE(batch.symbols.empty());
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << base::Message(status);
    }
  }
}

TEST(RemoteWriteOracleTest, OtherBytesAreAnswered) {
  std::mt19937_64 random(7);
  for (int run = 0; run < 60; ++run) {
    const write1::WriteRequest request = RandomWrite(random);
    ReadOtherBytes(request.SerializeAsString(), DecodeRemoteWrite, random);
    ReadOtherBytes(AsV2(request).SerializeAsString(), DecodeRemoteWriteV2, random);
  }
}

}  // namespace
}  // namespace slowburn::collector
