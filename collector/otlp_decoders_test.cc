// Goal: the decoders of all signals see in any bytes what protobuf's own classes see, and refuse
// what is no request. Method: seeded random requests, also written in unusual ways, mutated and
// cut, each through both; what is in them is compared as text, field by field.
#include <gtest/gtest.h>

#include "base/status.h"
#include "collector/testing/decoders.h"
#include "collector/testing/wire_mangler.h"
#include "collector/without_items.h"

namespace slowburn::collector {
namespace {

template <typename Decoding>
class OtlpDecoderTest : public testing::Test {
 public:
  using Data = typename Decoding::Data;

  absl::Status Decode(std::string_view body) { return Decoding::Decode(body, projection_, batch_); }

  // Both see the same in it.
  void CheckAgainstProtobuf(std::string_view body) {
    Data data;
    ASSERT_TRUE(data.ParseFromArray(body.data(), static_cast<int>(body.size())));
    const absl::Status status = Decode(body);
    ASSERT_TRUE(status.ok()) << base::Message(status);
    ASSERT_EQ(Describe(batch_), Describe(data, projection_));
  }

  const model::AttributeProjection projection_ = TestProjection();
  typename Decoding::Batch batch_;
};

struct SignalNames {
  template <typename Decoding>
  static std::string GetName(int) {
    return std::string(model::SignalName(Decoding::kSignal));
  }
};
using Signals = testing::Types<TraceDecoding, MetricDecoding, LogDecoding>;
TYPED_TEST_SUITE(OtlpDecoderTest, Signals, SignalNames);

TYPED_TEST(OtlpDecoderTest, SeesWhatProtobufWrites) {
  for (uint64_t seed = 0; seed < 1500; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Random random(seed);
    this->CheckAgainstProtobuf(TypeParam::RandomData(random).SerializeAsString());
    if (this->HasFatalFailure()) return;
  }
}

TYPED_TEST(OtlpDecoderTest, SeesTheSameInOtherEncodings) {
  for (uint64_t seed = 0; seed < 1500; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Random random(seed);
    const std::string body = TypeParam::RandomData(random).SerializeAsString();
    this->CheckAgainstProtobuf(Mangle(TypeParam::kSignal, body, random));
    if (this->HasFatalFailure()) return;
  }
}

// The same bytes with others behind them.
struct Surrounded {
  Surrounded(std::string_view body, char fence) : bytes(64, fence), size(body.size()) {
    bytes += body;
    bytes.append(64, fence);
  }
  std::string_view body() const { return {bytes.data() + 64, size}; }
  std::string bytes;
  size_t size;
};

TYPED_TEST(OtlpDecoderTest, MutatedRequestsAreSeenAsProtobufSeesThemOrRefused) {
  int agreed = 0;
  int refused = 0;
  for (uint64_t seed = 0; seed < 20'000; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Random random(seed);
    std::string mutated = TypeParam::RandomData(random).SerializeAsString();
    if (random() % 2 == 0) mutated = Mangle(TypeParam::kSignal, mutated, random);
    Mutate(mutated, random);

    // On the heap with nothing after it, so that a sanitizer sees a read beyond the end.
    const std::vector<char> exact(mutated.begin(), mutated.end());
    const std::string_view body(exact.data(), exact.size());
    const absl::Status status = this->Decode(body);
    ASSERT_TRUE(status.ok() || absl::IsInvalidArgument(status)) << base::Message(status);
    const std::vector<std::string> seen = Describe(this->batch_);
    typename TestFixture::Data data;
    if (data.ParseFromArray(exact.data(), static_cast<int>(exact.size()))) {
      ASSERT_TRUE(status.ok()) << base::Message(status);
      ASSERT_EQ(seen, Describe(data, this->projection_));
      ++agreed;
    }
    if (!status.ok()) {
      ASSERT_EQ(this->batch_.decoded(), 0u);
      ++refused;
      continue;
    }
    const std::string left = WithoutItems(TypeParam::kSignal, body, this->batch_.rejected);
    ASSERT_EQ(RawItems(TypeParam::kSignal, left).size(), this->batch_.accepted());

    const Surrounded fenced(body, '\xff');
    ASSERT_TRUE(this->Decode(fenced.body()).ok());
    ASSERT_EQ(Describe(this->batch_), seen);
  }
  // The mutations reach both sides.
  EXPECT_GT(agreed, 2'000);
  EXPECT_GT(refused, 2'000);
}

TYPED_TEST(OtlpDecoderTest, E5_CutAtAnyByteIsRefusedWhereProtobufRefusesIt) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Random random(seed);
    const std::string whole =
        (seed == 0 ? TypeParam::TypicalData(random) : TypeParam::RandomData(random))
            .SerializeAsString();
    for (size_t size = 0; size < std::min<size_t>(whole.size(), 4096); ++size) {
      SCOPED_TRACE(fmt::format("seed {}, {} of {} bytes", seed, size, whole.size()));
      const std::vector<char> exact(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
      typename TestFixture::Data data;
      const bool want = data.ParseFromArray(exact.data(), static_cast<int>(size));
      const absl::Status status = this->Decode({exact.data(), size});
      ASSERT_EQ(status.code(), want ? absl::StatusCode::kOk : absl::StatusCode::kInvalidArgument);
      if (want) {
        ASSERT_EQ(Describe(this->batch_), Describe(data, this->projection_));
      }
    }
  }
}

TYPED_TEST(OtlpDecoderTest, R5_EmptyRequestIsAnEmptyBatch) {
  EXPECT_TRUE(this->Decode("").ok());
  EXPECT_EQ(this->batch_.decoded(), 0u);
  EXPECT_FALSE(this->batch_.has_item_without_time);
}

TYPED_TEST(OtlpDecoderTest, NextRequestSeesNothingOfTheLast) {
  Random random(7);
  std::string large;
  while (large.size() < 10'000) large += TypeParam::RandomData(random).SerializeAsString();
  const std::string small = TypeParam::TypicalData(random).SerializeAsString();
  typename TypeParam::Batch fresh;
  ASSERT_TRUE(TypeParam::Decode(small, this->projection_, fresh).ok());
  ASSERT_TRUE(this->Decode(large).ok());
  ASSERT_TRUE(this->Decode(small).ok());
  EXPECT_EQ(Describe(this->batch_), Describe(fresh));
  EXPECT_EQ(this->batch_.decoded(), 5u);
}

TYPED_TEST(OtlpDecoderTest, MessageNamesWhatShouldHaveBeenSent) {
  const absl::Status status = this->Decode("{\"resource\":[]}");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  const std::string_view message = base::Message(status);
  EXPECT_NE(message.find("ServiceRequest in binary protobuf"), std::string_view::npos) << message;
  EXPECT_EQ(message.find("Trace") != std::string_view::npos,
            TypeParam::kSignal == model::Signal::kTraces)
      << message;
}

}  // namespace
}  // namespace slowburn::collector
