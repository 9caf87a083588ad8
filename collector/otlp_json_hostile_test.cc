// Goal: whatever the text, decoding JSON neither crashes nor needs stack or more memory than the
// body may, and what it makes of broken text is what it makes of the same data in protobuf. Method:
// seeded mutations of valid requests, each also turned into protobuf; requests cut at every byte;
// deep ones; bodies made to grow.
#include <functional>
#include <optional>

#include <gtest/gtest.h>

#include "base/status.h"
#include "base/testing/peak_memory.h"
#include "collector/internal/decode_cost.h"
#include "collector/internal/json_scan.h"
#include "collector/otlp_json.h"
#include "collector/testing/decoders.h"
#include "collector/testing/json_decoders.h"
#include "collector/testing/otlp_json_printer.h"
#include "collector/testing/random_otlp.h"
#include "net/http_message.h"

namespace slowburn::collector {
namespace {

using model::Signal;

template <typename Decoding>
class HostileJsonTest : public testing::Test {
 protected:
  static std::string RandomJson(Random& random) {
    typename Decoding::Data data;
    if (OneIn(2, random)) {
      data = Decoding::RandomData(random);
    } else {
      FillAtRandom(data, random);
    }
    return OneIn(2, random) ? PrintOtlpJson(data) : PrintOtlpJsonOddly(data, random);
  }

  const model::AttributeProjection projection_ = TestProjection();
  typename Decoding::Batch batch_;
  typename Decoding::Batch from_protobuf_;
};

using Decodings = testing::Types<TraceDecoding, MetricDecoding, LogDecoding>;
TYPED_TEST_SUITE(HostileJsonTest, Decodings);

// Bytes that mean something to JSON, one time in two.
char RandomByte(Random& random) {
  constexpr std::string_view kMeaningful = "{}[]:,\"\\/ \n0123456789-+.eEtfnu\x7f\xc3\xa9\xff";
  return OneIn(2, random) ? kMeaningful[random() % kMeaningful.size()]
                          : static_cast<char>(random());
}

void MutateText(std::string& text, Random& random) {
  for (int edits = Below(4, random); edits >= 0; --edits) {
    const size_t at = random() % (text.size() + 1);
    const size_t size = std::min<size_t>(random() % 12, text.size() - at);
    switch (Below(4, random)) {
      case 0:
        if (at < text.size()) text[at] = RandomByte(random);
        break;
      case 1:
        text.insert(at, 1, RandomByte(random));
        break;
      case 2:
        text.erase(at, size);
        break;
      default:
        text.insert(random() % (text.size() + 1), text.substr(at, size));
    }
  }
}

TYPED_TEST(HostileJsonTest, MutatedTextIsSeenAsTheSameInProtobufOrRefused) {
  int agreed = 0;
  int refused = 0;
  for (uint64_t seed = 0; seed < 7'000; ++seed) {
    Random random(seed);
    std::string body = this->RandomJson(random);
    MutateText(body, random);
    SCOPED_TRACE(fmt::format("seed {}: {}", seed, body.substr(0, 4000)));
    const std::string before = body;
    const absl::Status status = DecodeAnyJson(body, this->projection_, this->batch_);
    ASSERT_EQ(body, before);
    ASSERT_TRUE(status.ok() || absl::IsInvalidArgument(status)) << base::Message(status);
    if (!status.ok()) {
      ASSERT_NE(base::Message(status), "");
      ASSERT_EQ(this->batch_.decoded(), 0u);
      ++refused;
      continue;
    }
    const auto protobuf = JsonToProtobuf(TypeParam::kSignal, body);
    if (!protobuf.ok()) continue;  // broken where nobody looked
    ASSERT_TRUE(TypeParam::Decode(*protobuf, this->projection_, this->from_protobuf_).ok());
    ASSERT_EQ(Describe(this->batch_), Describe(this->from_protobuf_));
    ASSERT_EQ(StreamsOf(this->batch_), StreamsOf(this->from_protobuf_));
    ++agreed;
  }
  // The mutations reach both sides.
  EXPECT_GT(agreed, 700);
  EXPECT_GT(refused, 700);
}

TYPED_TEST(HostileJsonTest, CutTextIsRefused) {
  Random random(7);
  const std::string whole = PrintOtlpJson(TypeParam::TypicalData(random));
  ASSERT_LT(whole.size(), 40'000u);
  const size_t end = whole.find_last_of('}') + 1;
  for (size_t size = 0; size < end; ++size) {
    std::string body = whole.substr(0, size);
    ASSERT_TRUE(absl::IsInvalidArgument(DecodeAnyJson(body, this->projection_, this->batch_)))
        << size;
    ASSERT_TRUE(absl::IsInvalidArgument(JsonToProtobuf(TypeParam::kSignal, body).status())) << size;
  }
  std::string body = whole;
  EXPECT_TRUE(DecodeAnyJson(body, this->projection_, this->batch_).ok());
}

TYPED_TEST(HostileJsonTest, TokensAreCountedBeforeTheyAreFound) {
  for (uint64_t seed = 0; seed < 1'000; ++seed) {
    Random random(seed);
    std::string body = this->RandomJson(random);
    const bool is_mutated = OneIn(2, random);
    if (is_mutated) MutateText(body, random);
    SCOPED_TRACE(fmt::format("seed {}: {}", seed, body.substr(0, 4000)));
    const JsonScan scan(body);
    if (!scan.status().ok()) continue;
    const auto tokens = static_cast<size_t>(scan.tokens().end - scan.tokens().begin);
    ASSERT_TRUE(HasMoreTokens(body, tokens - 1));
    if (!is_mutated) {
      ASSERT_FALSE(HasMoreTokens(body, tokens));
    }
  }
}

// --- Depth and size -----------------------------------------------------------------------------

std::string Repeated(std::string_view text, size_t count) {
  std::string repeated;
  repeated.reserve(text.size() * count + 64);
  for (size_t i = 0; i < count; ++i) repeated += text;
  return repeated;
}

// `element` as often as said, with commas between.
std::string Array(std::string_view element, size_t count) {
  std::string array = "[" + Repeated(std::string(element) + ",", count);
  array.back() = ']';
  return array;
}

constexpr std::string_view kIds =
    R"("traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174")";

std::string Spans(std::string_view spans) {
  return fmt::format(R"({{"resourceSpans":[{{"scopeSpans":[{{"spans":{}}}]}}]}})", spans);
}
std::string Records(std::string_view records) {
  return fmt::format(R"({{"resourceLogs":[{{"scopeLogs":[{{"logRecords":{}}}]}}]}})", records);
}
std::string Points(std::string_view points) {
  return fmt::format(
      R"({{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"name":"m","gauge":{{"dataPoints":{}}})"
      R"(}}]}}]}}]}})",
      points);
}

struct HostileBody {
  std::string name;
  std::function<std::string()> body;  // made by its own case alone: together they are 350 MB
  absl::StatusCode want;
};

class HostileBodyTest : public testing::TestWithParam<HostileBody> {};

template <typename Decoding>
void CheckMemory(std::string body, absl::StatusCode want) {
  typename Decoding::Batch batch;
  body.reserve(body.size() + net::HttpRequest::kBodyPadding);
  absl::Status status;
  const std::optional<size_t> peak =
      base::PeakGrowth([&] { status = DecodeAnyJson(body, TestProjection(), batch); });
  EXPECT_EQ(status.code(), want) << base::Message(status);
  constexpr size_t kUncharged = 8 << 20;  // Vectors of less than 1 MiB are copied as they grow.
  EXPECT_LE(peak.value_or(0), DecodeCost::BytesMax(body.size()) + kUncharged);
  EXPECT_LE(status.message().size(), 1000u);
  const auto protobuf = JsonToProtobuf(Decoding::kSignal, body);
  if (protobuf.ok()) {
    EXPECT_LE(protobuf->size(), 4 * body.size());
  }
}

TEST_P(HostileBodyTest, TakesNoMoreThanItMay) {
  const std::string body = GetParam().body();
  const absl::StatusCode want = GetParam().want;
  if (body.find("\"resourceLogs\"") != body.npos) return CheckMemory<LogDecoding>(body, want);
  if (body.find("\"resourceMetrics\"") != body.npos) return CheckMemory<MetricDecoding>(body, want);
  CheckMemory<TraceDecoding>(body, want);
}

constexpr auto kOk = absl::StatusCode::kOk;
constexpr auto kBroken = absl::StatusCode::kInvalidArgument;
constexpr auto kTooCostly = absl::StatusCode::kResourceExhausted;
constexpr size_t kDeep = 100'000;
constexpr size_t kMillion = 1'000'000;

INSTANTIATE_TEST_SUITE_P(
    Deep, HostileBodyTest,
    testing::ValuesIn<HostileBody>({
        {"OpenArrays", [] { return Repeated("[", kDeep); }, kBroken},
        {"OpenObjects", [] { return Repeated(R"({"a":)", kDeep); }, kBroken},
        {"SkippedArrays",
         [] { return R"({"a":)" + Repeated("[", kDeep) + Repeated("]", kDeep) + "}"; }, kBroken},
        {"SkippedObjects", [] { return Repeated(R"({"a":)", kDeep) + "1" + Repeated("}", kDeep); },
         kBroken},
        {"ArraysInPlaceOfResources",
         [] { return R"({"resourceSpans":)" + Repeated("[", kDeep) + Repeated("]", kDeep) + "}"; },
         kBroken},
        {"ResourcesInResources", [] { return Repeated(R"({"resourceSpans":[)", kDeep); }, kBroken},
        {"ValuesThatAreRead",
         [] {
           return Spans(fmt::format(R"([{{{},"attributes":[{{"key":"k","value":{}1}}]}}])", kIds,
                                    Repeated(R"({"arrayValue":{"values":[)", kDeep)));
         },
         kBroken},
        {"ValuesThatAreSkipped",
         [] {
           return Spans(fmt::format(R"([{{{},"attributes":[{{"key":"x","value":{}1}}]}}])", kIds,
                                    Repeated(R"({"kvlistValue":{"values":[{"value":)", kDeep)));
         },
         kBroken},
        {"ValuesOfPoints",
         [] {
           return Points(
               fmt::format(R"([{{"timeUnixNano":1,"asInt":1,"attributes":[{{"value":{}1}}]}}])",
                           Repeated(R"({"arrayValue":{"values":[)", kDeep)));
         },
         kBroken},
        {"BodyOfRecord",
         [] {
           return Records(
               fmt::format(R"([{{"body":{}1}}])", Repeated(R"({"arrayValue":{"values":[)", kDeep)));
         },
         kBroken},
    }),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Large, HostileBodyTest,
    testing::ValuesIn<HostileBody>({
        {"EmptySpans", [] { return Spans(Array("{}", 500'000)); }, kOk},
        {"MoreEmptySpans", [] { return Spans(Array("{}", 4 * kMillion)); }, kTooCostly},
        {"SmallestSpans", [] { return Spans(Array(fmt::format("{{{}}}", kIds), 300'000)); }, kOk},
        {"SpansInOwnResources",
         [] {
           return fmt::format(
               R"({{"resourceSpans":{}}})",
               Array(fmt::format(R"({{"scopeSpans":[{{"spans":[{{{}}}]}}]}})", kIds), 200'000));
         },
         kOk},
        {"EmptyResources",
         [] { return fmt::format(R"({{"resourceSpans":{}}})", Array("{}", kMillion)); }, kOk},
        {"EmptyAttributes",
         [] {
           return Spans(fmt::format(R"([{{{},"attributes":{}}}])", kIds, Array("{}", kMillion)));
         },
         kOk},
        {"SmallestReadAttributes",
         [] {
           return Spans(
               fmt::format(R"([{{{},"attributes":{}}}])", kIds, Array(R"({"key":"k"})", kMillion)));
         },
         kTooCostly},
        {"EqualKeys",
         [] {
           return Spans(fmt::format("[{{{}{}}}]", kIds, Repeated(R"(,"name":"n")", kMillion)));
         },
         kOk},
        {"EqualArrays",
         [] {
           return fmt::format(R"({{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{}}}]{}}}]}}]}})",
                              kIds, Repeated(R"(,"spans":[{}],"scope":{})", 200'000));
         },
         kOk},
        {"EscapedText",
         [] {
           return Spans(
               fmt::format(R"([{{{},"name":"{}"}}])", kIds, Repeated(R"(\u0041)", kMillion)));
         },
         kOk},
        {"EscapedTexts",
         [] {
           return Spans(
               Array(fmt::format(R"({{{},"name":"\n","traceState":"\n"}})", kIds), 100'000));
         },
         kOk},
        {"LongKey", [] { return fmt::format(R"({{"{}":1}})", std::string(kMillion, 'k')); }, kOk},
        {"LongKeyOfEscapes",
         [] { return fmt::format(R"({{"{}":1}})", Repeated(R"(\u0061)", kMillion)); }, kOk},
        {"LongBrokenKey", [] { return fmt::format(R"({{"{}":}})", std::string(kMillion, 'k')); },
         kBroken},
        {"LongInteger",
         [] {
           return Spans(fmt::format(R"([{{"endTimeUnixNano":1{}}}])", std::string(kMillion, '0')));
         },
         kBroken},
        {"LongZero",
         [] {
           return Spans(fmt::format(R"([{{"endTimeUnixNano":0.{}}}])", std::string(kMillion, '0')));
         },
         kOk},
        {"LongIntegerThatIsSmall",
         [] {
           return Spans(
               fmt::format(R"([{{"endTimeUnixNano":1{}e-1000000}}])", std::string(kMillion, '0')));
         },
         kOk},
        {"LongDouble",
         [] {
           return Points(fmt::format(R"([{{"timeUnixNano":1,"asDouble":0.{}1e1000000}}])",
                                     std::string(kMillion, '0')));
         },
         kOk},
        {"EmptyRecords", [] { return Records(Array("{}", 60'000)); }, kOk},
        {"MoreEmptyRecords", [] { return Records(Array("{}", kMillion)); }, kTooCostly},
        {"EmptyPoints", [] { return Points(Array("{}", 500'000)); }, kOk},
        {"MoreEmptyPoints", [] { return Points(Array("{}", 4 * kMillion)); }, kTooCostly},
        {"SmallestPoints", [] { return Points(Array(R"({"timeUnixNano":1,"asInt":1})", 200'000)); },
         kOk},
        {"PointsOfEmptyAttributes",
         [] {
           return Points(fmt::format(R"([{{"timeUnixNano":1,"asInt":1,"attributes":{}}}])",
                                     Array("{}", kMillion)));
         },
         kTooCostly},
        // Unescaped, encoded, and kept: three times its size.
        {"EscapedAttributeOfPoint",
         [] {
           return Points(fmt::format(R"([{{"timeUnixNano":1,"asInt":1,"attributes":[)"
                                     R"({{"key":"k","value":{{"stringValue":"\n{}"}}}}]}}])",
                                     std::string(30 * kMillion, 'x')));
         },
         kTooCostly},
        {"EmptyExemplars",
         [] {
           return Points(fmt::format(R"([{{"timeUnixNano":1,"asInt":1,"exemplars":{}}}])",
                                     Array("{}", kMillion)));
         },
         kOk},
        {"ZeroCounts",
         [] {
           return fmt::format(
               R"({{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"name":"m",)"
               R"("histogram":{{"aggregationTemporality":1,"dataPoints":[{{"timeUnixNano":1,)"
               R"("bucketCounts":{}}}]}}}}]}}]}}]}})",
               Array("0", 4 * kMillion));
         },
         kTooCostly},
    }),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace slowburn::collector
