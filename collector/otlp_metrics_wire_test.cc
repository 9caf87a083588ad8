// Goal: metrics mean the same whatever the order and form of their bytes, broken bytes are refused
// with their place, and a point's stream is its own. Method: small requests by hand for what
// protobuf's classes do not write; the streams of random requests, written in two ways, against
// what they are made of as text. (Which points are valid: otlp_metrics_test.cc.)
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <protozero/pbf_writer.hpp>

#include "base/status.h"
#include "collector/otlp_metrics.h"
#include "collector/testing/metric_requests.h"
#include "collector/testing/wire_mangler.h"

namespace slowburn::collector {
namespace {

using model::MetricBatch;
using model::MetricType;
using model::Temporality;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// --- Bytes that protobuf's classes do not write

std::string Framed(uint32_t number, std::string_view content) {
  std::string out;
  protozero::pbf_writer(out).add_bytes(number, content.data(), content.size());
  return out;
}
std::string Varint(uint32_t number, uint64_t value) {
  std::string out;
  protozero::pbf_writer(out).add_uint64(number, value);
  return out;
}
std::string Fixed64(uint32_t number, uint64_t value) {
  std::string out;
  protozero::pbf_writer(out).add_fixed64(number, value);
  return out;
}
std::string Double(uint32_t number, double value) { return Fixed64(number, Bits(value)); }
std::string Word(uint64_t value) { return Fixed64(1, value).substr(1); }

// Any message in one scope of one resource.
std::string OneMetric(std::string_view metric) { return Framed(1, Framed(2, Framed(2, metric))); }
const std::string kName = Framed(1, "m");
const std::string kTime = Fixed64(3, 5);
const std::string kIntPoint = Framed(1, kTime + Fixed64(6, 4));
const std::string kDoublePoint = Framed(1, kTime + Double(4, 0.5));

// Decodes, expecting no error.
MetricBatch Decoded(const std::string& body) {
  MetricBatch batch;
  const absl::Status status = DecodeMetrics(body, TestProjection(), batch);
  EXPECT_TRUE(status.ok()) << base::Message(status);
  return batch;
}

TEST(DecodeMetricsTest, NameTypeAndTemporalityMayComeAfterThePoints) {
  const std::string body =
      OneMetric(Framed(7, kIntPoint + Varint(3, 1) + Varint(2, 2)) + Framed(3, "s") + kName);
  const MetricBatch batch = Decoded(body);
  ASSERT_EQ(batch.metrics.size(), 1u);
  EXPECT_EQ(batch.metrics[0].name, "m");
  EXPECT_EQ(batch.metrics[0].unit, "s");
  EXPECT_EQ(batch.metrics[0].temporality, Temporality::kCumulative);
  EXPECT_TRUE(batch.metrics[0].is_monotonic);
}

TEST(DecodeMetricsTest, E14DataInPartsIsOne) {
  const std::string body = OneMetric(kName + Framed(7, kIntPoint) + Framed(3, "s") +
                                     Framed(7, Varint(2, 1)) + Framed(7, kDoublePoint));
  const MetricBatch batch = Decoded(body);
  ASSERT_EQ(batch.points.size(), 2u);
  EXPECT_EQ(batch.metrics.at(0).temporality, Temporality::kDelta);
  EXPECT_EQ(batch.points[1].ordinal, 1u);
}

TEST(DecodeMetricsTest, E14LastDataWinsAndTheOthersNeverWere) {
  const std::string without_time = Framed(1, Fixed64(6, 4));
  const std::string body = OneMetric(
      kName + Framed(7, kIntPoint + without_time + kIntPoint + Varint(3, 1) + Varint(2, 1)) +
      Framed(5, without_time + kDoublePoint));
  const MetricBatch batch = Decoded(body);
  ASSERT_EQ(batch.metrics.size(), 1u);
  EXPECT_EQ(batch.metrics[0].type, MetricType::kGauge);
  EXPECT_EQ(batch.metrics[0].temporality, Temporality::kNone);
  EXPECT_FALSE(batch.metrics[0].is_monotonic);
  ASSERT_EQ(batch.points.size(), 1u);
  EXPECT_EQ(batch.points[0].ordinal, 1u);
  ASSERT_EQ(batch.rejected.size(), 1u);
  EXPECT_EQ(batch.rejected[0].ordinal, 0u);
}

TEST(DecodeMetricsTest, E14DataThatComesAgainBeginsAnew) {
  const std::string body = OneMetric(kName + Framed(5, kIntPoint + kIntPoint) +
                                     Framed(11, Framed(1, kTime)) + Framed(5, kDoublePoint));
  const MetricBatch batch = Decoded(body);
  ASSERT_EQ(batch.points.size(), 1u);
  EXPECT_EQ(batch.points[0].as_double, 0.5);
  EXPECT_THAT(batch.summaries, IsEmpty());
}

TEST(DecodeMetricsTest, E14EmptyLastDataLeavesNothing) {
  const std::string body = OneMetric(kName + Framed(5, kIntPoint) + Framed(11, ""));
  EXPECT_EQ(Decoded(body).decoded(), 0u);
}

TEST(DecodeMetricsTest, LastMemberOfANumberWins) {
  const std::string body =
      OneMetric(kName + Framed(5, Framed(1, kTime + Fixed64(6, 4) + Double(4, 0.5)) +
                                      Framed(1, kTime + Double(4, 0.5) + Fixed64(6, 4))));
  const MetricBatch batch = Decoded(body);
  ASSERT_EQ(batch.points.size(), 2u);
  EXPECT_FALSE(batch.points[0].is_int);
  EXPECT_EQ(batch.points[0].as_double, 0.5);
  EXPECT_TRUE(batch.points[1].is_int);
  EXPECT_EQ(batch.points[1].as_int, 4);
}

struct NumbersCase {
  std::string name;
  std::string histogram;  // a point with bounds 1, 2 and counts 3, 0, 4
};

class E13PackedTest : public testing::TestWithParam<NumbersCase> {};

TEST_P(E13PackedTest, BothFormsAreTheSame) {
  const std::string body = OneMetric(
      kName + Framed(9, Varint(2, 1) + Framed(1, kTime + Fixed64(4, 7) + GetParam().histogram)));
  const MetricBatch batch = Decoded(body);
  EXPECT_EQ(batch.accepted(), 1u);
  EXPECT_THAT(batch.counts, ElementsAre(3, 0, 4));
  EXPECT_THAT(batch.bounds, ElementsAre(1, 2));
}

INSTANTIATE_TEST_SUITE_P(
    Forms, E13PackedTest,
    testing::ValuesIn<NumbersCase>({
        {"Packed",
         Framed(6, Word(3) + Word(0) + Word(4)) + Framed(7, Word(Bits(1)) + Word(Bits(2)))},
        {"Unpacked", Fixed64(6, 3) + Fixed64(6, 0) + Fixed64(6, 4) + Double(7, 1) + Double(7, 2)},
        {"Mixed", Framed(6, Word(3)) + Double(7, 1) + Fixed64(6, 0) + Framed(7, Word(Bits(2))) +
                      Framed(6, Word(4)) + Framed(6, "")},
    }),
    [](const auto& info) { return info.param.name; });

TEST(DecodeMetricsTest, E13ExponentialBucketsPackedOrNotAndInParts) {
  const std::string positive = Framed(8, Framed(2, "\x01\x80\x01") + Varint(1, 5));
  const std::string negative = Framed(9, Varint(2, 3) + Varint(2, 300));
  const std::string more_positive = Framed(8, Varint(2, 2));
  const std::string body =
      OneMetric(kName + Framed(10, Varint(2, 1) + Framed(1, kTime + Fixed64(4, 434) + positive +
                                                                negative + more_positive)));
  const MetricBatch batch = Decoded(body);
  ASSERT_EQ(batch.accepted(), 1u);
  const model::ExponentialHistogramValue& value = batch.exponentials.at(batch.points[0].index);
  const auto counts = [&batch](model::IndexRange range) {
    return std::vector<uint64_t>(batch.counts.begin() + range.begin,
                                 batch.counts.begin() + range.end);
  };
  EXPECT_THAT(counts(value.positive.counts), ElementsAre(1, 128, 2));
  EXPECT_THAT(counts(value.negative.counts), ElementsAre(3, 300));
  EXPECT_EQ(value.positive.offset, -3);
}

TEST(DecodeMetricsTest, AttributesOfAPointStayTogetherAroundExemplars) {
  const auto attribute = [](std::string_view key) {
    return Framed(7, Framed(1, key) + Framed(2, Framed(1, "v")));
  };
  const std::string exemplar = Framed(5, Fixed64(6, 1) + attribute("inner"));
  const std::string body =
      OneMetric(kName + Framed(5, Framed(1, kTime + attribute("a") + exemplar + attribute("b") +
                                                exemplar + Fixed64(6, 4) + attribute("a"))));
  const MetricBatch batch = Decoded(body);
  ASSERT_EQ(batch.points.size(), 1u);
  std::vector<std::string> keys;
  const model::IndexRange range = batch.points[0].raw_attributes;
  for (uint32_t i = range.begin; i < range.end; ++i) {
    keys.emplace_back(batch.raw_attributes[i].key);
  }
  EXPECT_THAT(keys, ElementsAre("a", "b", "a"));
  ASSERT_EQ(batch.exemplars.size(), 2u);
  EXPECT_EQ(batch.raw_attributes.at(batch.exemplars[1].raw_attributes.begin).key, "inner");
}

TEST(DecodeMetricsTest, E14RepeatedValueOfAnAttributeIsMerged) {
  const std::string attribute = Framed(1, "k") + Framed(2, Framed(5, Framed(1, Varint(3, 1)))) +
                                Framed(2, Framed(5, Framed(1, Varint(3, 2))));
  const std::string body =
      OneMetric(kName + Framed(5, Framed(1, kTime + Fixed64(6, 4) + Framed(7, attribute))));
  const MetricBatch batch = Decoded(body);
  ASSERT_EQ(batch.raw_attributes.size(), 1u);
  opentelemetry::proto::common::v1::AnyValue value;
  const std::string_view raw = batch.raw_attributes[0].value;
  ASSERT_TRUE(value.ParseFromArray(raw.data(), static_cast<int>(raw.size())));
  ASSERT_EQ(value.array_value().values_size(), 2);
  EXPECT_EQ(value.array_value().values(1).int_value(), 2);
  ASSERT_EQ(batch.attributes.size(), 1u);
  EXPECT_EQ(batch.attributes[0].value.kind(), model::AttributeValue::Kind::kComposite);
}

// --- Broken bytes

struct BrokenCase {
  std::string name;
  std::string body;
  std::string want;  // part of the message
};

class BrokenMetricsTest : public testing::TestWithParam<BrokenCase> {};

TEST_P(BrokenMetricsTest, AreRefusedWithTheirPlace) {
  MetricBatch batch;
  const absl::Status status = DecodeMetrics(GetParam().body, TestProjection(), batch);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(base::Message(status)), HasSubstr(GetParam().want));
  EXPECT_THAT(std::string(base::Message(status)), HasSubstr("ExportMetricsServiceRequest"));
  EXPECT_EQ(batch.decoded(), 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Bytes, BrokenMetricsTest,
    testing::ValuesIn<BrokenCase>({
        {"InResourceMetrics", Framed(1, "\x0a\x01"), "resource metrics at byte 2"},
        {"InScopeMetrics", Framed(1, Framed(2, "\x0a\x01")), "scope metrics at byte 4"},
        {"InMetric", OneMetric("\x0a\x01"), "metric at byte 6"},
        {"InData", OneMetric(Framed(5, "\x0a\x01")), "metric data at byte 8"},
        {"InPoint", OneMetric(Framed(5, Framed(1, "\x19\x01"))), "data point at byte 10"},
        {"AfterPoint", OneMetric(Framed(5, Framed(1, "") + "\x0a\x01")), "metric data at byte 8"},
        {"AfterData", OneMetric(Framed(5, "") + "\x0a\x01"), "metric at byte 6"},
        {"PackedCountsOf7Bytes", OneMetric(Framed(9, Framed(1, Framed(6, "1234567")))),
         "data point at byte 10"},
        {"PackedBoundsOf9Bytes", OneMetric(Framed(9, Framed(1, Framed(7, "123456789")))),
         "data point at byte 10"},
        {"PackedVarintCut", OneMetric(Framed(10, Framed(1, Framed(8, Framed(2, "\x01\x80"))))),
         "data point at byte 10"},
        {"Quantile", OneMetric(Framed(11, Framed(1, Framed(6, "\x09")))), "data point at byte 10"},
        {"Exemplar", OneMetric(Framed(5, Framed(1, Framed(5, "\x0f")))), "data point at byte 10"},
        {"AttributeOfPoint", OneMetric(Framed(5, Framed(1, Framed(7, "\x0a")))),
         "data point at byte 10"},
        {"ValueOfAttribute",
         OneMetric(Framed(5, Framed(1, Framed(7, Framed(1, "k") + Framed(2, "\x0a\x05x"))))),
         "data point at byte 10"},
        {"ValueOfResourceAttribute",
         Framed(1, Framed(1, Framed(1, Framed(1, "x") + Framed(2, "\x18\x80"))) +
                       Framed(2, Framed(2, kName + Framed(5, kIntPoint)))),
         "resource metrics at byte 2"},
    }),
    [](const auto& info) { return info.param.name; });

// --- Streams

TEST(StreamOfPointsTest, IsTheSameWhereWhatItIsMadeOfIs) {
  std::map<std::string, std::pair<uint64_t, uint64_t>> hashes;
  std::map<std::pair<uint64_t, uint64_t>, std::string> texts;
  size_t points = 0;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Random random(seed);
    // The same resources and names come again, so that streams do.
    Random few(seed % 50);
    const std::string written = RandomMetrics(few).SerializeAsString();
    for (const std::string& body : {written, Mangle(model::Signal::kMetrics, written, random)}) {
      MetricsData metrics;
      ASSERT_TRUE(metrics.ParseFromString(body));
      const MetricBatch batch = Decoded(body);
      const std::vector<std::string> streams = StreamTexts(metrics);
      ASSERT_EQ(batch.points.size(), streams.size());
      for (size_t i = 0; i < streams.size(); ++i) {
        const std::pair hash(batch.points[i].stream.high, batch.points[i].stream.low);
        ASSERT_EQ(hashes.emplace(streams[i], hash).first->second, hash) << streams[i];
        ASSERT_EQ(texts.emplace(hash, streams[i]).first->second, streams[i]);
        ++points;
      }
    }
  }
  EXPECT_GT(texts.size(), 100u);
  EXPECT_GT(points, 10 * texts.size());
}

TEST(StreamOfPointsTest, ResourceAndScopeMayComeAfterTheMetrics) {
  const std::string resource = Framed(1, Framed(1, Framed(1, "r") + Framed(2, Framed(1, "v"))));
  const std::string scope = Framed(1, Framed(1, "scope"));
  const std::string metric = Framed(2, kName + Framed(5, kIntPoint));
  const auto stream = [](const std::string& body) { return Decoded(body).points.at(0).stream; };
  const model::StreamHash first = stream(Framed(1, resource + Framed(2, scope + metric)));
  EXPECT_EQ(stream(Framed(1, Framed(2, metric + scope) + resource)), first);
  EXPECT_NE(stream(Framed(1, Framed(2, metric) + resource)), first);
  EXPECT_NE(stream(Framed(1, Framed(2, metric + scope))), first);
}

}  // namespace
}  // namespace slowburn::collector
