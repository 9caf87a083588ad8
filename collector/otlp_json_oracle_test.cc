// Goal: JSON and protobuf are the same to us: equal batches, stream hashes among them, and the
// same request when JSON is turned into protobuf. Method: random messages of all signals, printed
// as SDKs do and oddly, against the protobuf decoders and protobuf's own encoding.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "collector/otlp_json.h"
#include "collector/testing/decoders.h"
#include "collector/testing/json_decoders.h"
#include "collector/testing/otlp_json_printer.h"
#include "collector/testing/random_otlp.h"

namespace slowburn::collector {
namespace {

// Names that RandomTraces and its likes use, and such as FillAtRandom makes.
model::AttributeProjection SomeNames() {
  model::AttributeProjection projection = TestProjection();
  for (const auto scope : {model::AttributeScope::kResource, model::AttributeScope::kScope,
                           model::AttributeScope::kItem}) {
    for (const char* name : {"a", "route", "é", "\"", "\n", ""}) projection.Add(scope, name);
  }
  return projection;
}

template <typename Decoding>
class JsonOracleTest : public testing::Test {
 protected:
  using Data = typename Decoding::Data;
  using Batch = typename Decoding::Batch;

  // Realistic requests for even seeds; for odd ones any field may hold anything.
  static Data RandomData(uint64_t seed, Random& random) {
    if (seed % 2 == 0) return Decoding::RandomData(random);
    Data data;
    FillAtRandom(data, random);
    return data;
  }

  void ExpectEqual(const Data& data, std::string json) {
    SCOPED_TRACE(json.size() < 4000 ? json : json.substr(0, 4000));
    const std::string protobuf = data.SerializeAsString();
    absl::Status status = Decoding::Decode(protobuf, projection_, from_protobuf_);
    ASSERT_TRUE(status.ok()) << base::Message(status);
    status = DecodeAnyJson(json, projection_, from_json_);
    ASSERT_TRUE(status.ok()) << base::Message(status);
    ASSERT_EQ(Describe(from_json_), Describe(from_protobuf_));
    ASSERT_EQ(StreamsOf(from_json_), StreamsOf(from_protobuf_));
    const auto encoded = JsonToProtobuf(Decoding::kSignal, json);
    ASSERT_TRUE(encoded.ok()) << base::Message(encoded.status());
    Data parsed;
    ASSERT_TRUE(parsed.ParseFromString(*encoded));
    ASSERT_EQ(parsed.DebugString(), data.DebugString());
    ASSERT_EQ(*encoded, protobuf);
  }

  const model::AttributeProjection projection_ = SomeNames();
  Batch from_protobuf_;
  Batch from_json_;
};

using Decodings = testing::Types<TraceDecoding, MetricDecoding, LogDecoding>;
TYPED_TEST_SUITE(JsonOracleTest, Decodings);

TYPED_TEST(JsonOracleTest, AsSdksWriteIt) {
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Random random(seed);
    const auto data = this->RandomData(seed, random);
    this->ExpectEqual(data, PrintOtlpJson(data));
    if (this->HasFatalFailure()) return;
  }
}

TYPED_TEST(JsonOracleTest, InAnyLegalWay) {
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Random random(seed);
    const auto data = this->RandomData(seed, random);
    this->ExpectEqual(data, PrintOtlpJsonOddly(data, random));
    if (this->HasFatalFailure()) return;
  }
}

TYPED_TEST(JsonOracleTest, TypicalRequests) {
  Random random(1);
  for (int i = 0; i < 20; ++i) {
    const auto data = TypeParam::TypicalData(random);
    this->ExpectEqual(data, PrintOtlpJson(data));
    if (this->HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace slowburn::collector
