// Goal: metrics in OTLP/JSON read as the specification says: null, equal keys and oneofs at each
// level, numbers in all their forms. Method: pairs of requests by hand that mean the same, compared
// as text with their streams; one row per way to be refused. The rest is the oracle's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "collector/otlp_json.h"
#include "collector/testing/metric_requests.h"

namespace slowburn::collector {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

model::AttributeProjection ProjectionOfK() {
  model::AttributeProjection projection;
  for (const auto scope : {model::AttributeScope::kResource, model::AttributeScope::kScope,
                           model::AttributeScope::kItem}) {
    projection.Add(scope, "k");
  }
  return projection;
}

// Two requests with one meaning.
struct EqualCase {
  std::string name;
  std::string json;
  std::string same;
};

class JsonMetricsTest : public testing::TestWithParam<EqualCase> {};

std::string MetricsOf(std::string_view metrics) {
  return fmt::format(R"({{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{}]}}]}}]}})", metrics);
}
// A metric "m" with these fields.
std::string OneMetric(std::string_view fields) {
  return MetricsOf(fmt::format(R"({{"name":"m",{}}})", fields));
}
// A gauge "m" with a point of these fields behind its time.
std::string OnePoint(std::string_view fields) {
  return OneMetric(fmt::format(R"("gauge":{{"dataPoints":[{{"timeUnixNano":"5",{}}}]}})", fields));
}

std::vector<std::string> MetricLines(std::string json) {
  model::MetricBatch batch;
  const absl::Status status = DecodeMetricsJson(json, ProjectionOfK(), batch);
  EXPECT_TRUE(status.ok()) << base::Message(status) << " in " << json;
  std::vector<std::string> lines = Describe(batch);
  for (const model::MetricPoint& point : batch.points) {
    lines.push_back(fmt::format("stream {:x} {:x}", point.stream.high, point.stream.low));
  }
  return lines;
}

TEST_P(JsonMetricsTest, MeansTheSame) {
  const std::vector<std::string> same = MetricLines(GetParam().same);
  EXPECT_EQ(MetricLines(GetParam().json), same);
  EXPECT_THAT(same, testing::Not(IsEmpty()));
}

INSTANTIATE_TEST_SUITE_P(
    Rules, JsonMetricsTest,
    testing::ValuesIn<EqualCase>({
        {"J6_IntAsString", OnePoint(R"("asInt":"3")"), OnePoint(R"("asInt":3)")},
        {"J7_IntWithExponent", OnePoint(R"("asInt":3e0)"), OnePoint(R"("asInt":3)")},
        {"J8_DoubleAsString", OnePoint(R"("asDouble":"2.5")"), OnePoint(R"("asDouble":2.5)")},
        {"J10_NullMemberIsAbsent", OnePoint(R"("asInt":null,"asDouble":2.5)"),
         OnePoint(R"("asDouble":2.5)")},
        {"J10_NullDataIsAbsent",
         OneMetric(R"("sum":null,"gauge":{"dataPoints":[)"
                   R"({"timeUnixNano":5,"asInt":3}]},"summary":null)"),
         OnePoint(R"("asInt":3)")},
        {"J13_LastNumberCounts", OnePoint(R"("asInt":7,"asInt":3)"), OnePoint(R"("asInt":3)")},
        {"J13_LastNumberIsNull", OnePoint(R"("asInt":7,"asInt":null)"), OnePoint(R"("flags":0)")},
        {"J13_LastDataPointsCount",
         OneMetric(R"("gauge":{"dataPoints":[{"timeUnixNano":1,"asInt":1},{"asInt":2}],)"
                   R"("dataPoints":[{"timeUnixNano":"5","asInt":3}]})"),
         OnePoint(R"("asInt":3)")},
        {"J13_LastDataCounts",
         OneMetric(R"("sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[)"
                   R"({"timeUnixNano":1,"asInt":1},{}]},"sum":{"aggregationTemporality":1,)"
                   R"("dataPoints":[{"timeUnixNano":5,"asInt":3}]})"),
         OneMetric(R"("sum":{"aggregationTemporality":1,"dataPoints":[)"
                   R"({"timeUnixNano":5,"asInt":3}]})")},
        {"J13_OtherDataAfterNull",
         OneMetric(R"("sum":{"aggregationTemporality":2,"dataPoints":[{"timeUnixNano":1,)"
                   R"("asInt":1}]},"sum":null,"gauge":{"dataPoints":[{"timeUnixNano":5,)"
                   R"("asInt":3}]})"),
         OnePoint(R"("asInt":3)")},
        {"J13_LastMetricsCount",
         R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[)"
         R"({"timeUnixNano":1,"asInt":1,"attributes":[{"key":"k","value":{"intValue":1}}]},{}]}}],)"
         R"("scope":{"name":"s","attributes":[{"key":"k","value":{"stringValue":"v"}}]},)"
         R"("metrics":[{"name":"m","gauge":{"dataPoints":[{"timeUnixNano":5,"asInt":3}]}}]}]}]})",
         R"({"resourceMetrics":[{"scopeMetrics":[{"scope":{"name":"s","attributes":[{"key":"k",)"
         R"("value":{"stringValue":"v"}}]},"metrics":[{"name":"m","gauge":{"dataPoints":[)"
         R"({"timeUnixNano":5,"asInt":3}]}}]}]}]})"},
        {"J13_LastScopeMetricsCount",
         R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"a","gauge":{"dataPoints":[)"
         R"({"timeUnixNano":1,"asInt":1}]}}],"scope":{"attributes":[{"key":"k"}]}},{}],)"
         R"("scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[{"timeUnixNano":5,)"
         R"("asInt":3}]}}]}]}]})",
         OnePoint(R"("asInt":3)")},
        {"J13_LastResourceMetricsCount",
         R"({"resourceMetrics":[{"resource":{"attributes":[{"key":"k"}]},"scopeMetrics":[)"
         R"({"metrics":[{"name":"a","gauge":{"dataPoints":[{"timeUnixNano":1,"asInt":1}]}}]}]}],)"
         R"("resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[)"
         R"({"timeUnixNano":5,"asInt":3}]}}]}]}]})",
         OnePoint(R"("asInt":3)")},
        {"J13_LastResourceCounts",
         R"({"resourceMetrics":[{"resource":{"attributes":[{"key":"k"}]},"resource":{},)"
         R"("scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[{"timeUnixNano":5,)"
         R"("asInt":3}]}}]}]}]})",
         OnePoint(R"("asInt":3)")},
        {"J13_LastAttributesCount",
         OnePoint(R"("asInt":3,"attributes":[{"key":"k","value":{"intValue":1}}],)"
                  R"("attributes":[{"key":"k","value":{"intValue":2}}])"),
         OnePoint(R"("asInt":3,"attributes":[{"key":"k","value":{"intValue":2}}])")},
        {"J13_LastExemplarsCount",
         OnePoint(R"("asInt":3,"exemplars":[{"asInt":1}],"exemplars":[{"asInt":2}])"),
         OnePoint(R"("asInt":3,"exemplars":[{"asInt":2}])")},
        {"MetadataAreNoAttributesOfAPoint",
         OneMetric(R"("metadata":[{"key":"k","value":{"intValue":1}}],)"
                   R"("gauge":{"dataPoints":[{"timeUnixNano":"5","asInt":3}]},"metadata":null)"),
         OnePoint(R"("asInt":3)")},
        {"OrderOfAttributesIsOfNoMatterToStreams",
         OnePoint(R"("asInt":3,"attributes":[{"value":{"intValue":"1"},"key":"a"}])"),
         OnePoint(R"("asInt":3,"attributes":[{"key":"a","value":{"intValue":1}}])")},
        {"EscapesInAttributes",
         OnePoint(R"("asInt":3,"attributes":[{"key":"\u0061","value":{"stringValue":"\u0062"}}])"),
         OnePoint(R"("asInt":3,"attributes":[{"key":"a","value":{"stringValue":"b"}}])")},
        {"NullValueOfAttribute",
         OnePoint(R"("asInt":3,"attributes":[{"key":"k","value":{"stringValue":null}}])"),
         OnePoint(R"("asInt":3,"attributes":[{"key":"k"}])")},
        {"J4_TemporalityByName",
         OneMetric(R"("sum":{"aggregationTemporality":"AGGREGATION_TEMPORALITY_DELTA",)"
                   R"("dataPoints":[{"timeUnixNano":5,"asInt":3}]})"),
         OneMetric(R"("sum":{"aggregationTemporality":1,"dataPoints":[)"
                   R"({"timeUnixNano":5,"asInt":3}]})")},
        {"TemporalityBehindPoints",
         OneMetric(R"("sum":{"dataPoints":[{"timeUnixNano":5,"asInt":3}],"isMonotonic":true,)"
                   R"("aggregationTemporality":2})"),
         OneMetric(R"("sum":{"isMonotonic":true,"aggregationTemporality":2,"dataPoints":[)"
                   R"({"timeUnixNano":5,"asInt":3}]})")},
        {"J13_LastCountsAndBoundsCount",
         OneMetric(R"("histogram":{"aggregationTemporality":1,"dataPoints":[{"timeUnixNano":5,)"
                   R"("count":9,"count":"3","sum":1,"sum":null,"bucketCounts":[7],)"
                   R"("bucketCounts":["1",2],"explicitBounds":[9],"explicitBounds":["0.5"]}]})"),
         OneMetric(R"("histogram":{"aggregationTemporality":1,"dataPoints":[{"timeUnixNano":5,)"
                   R"("count":3,"bucketCounts":[1,2],"explicitBounds":[0.5]}]})")},
        {"J13_LastBucketsCount",
         OneMetric(R"("exponentialHistogram":{"aggregationTemporality":1,"dataPoints":[)"
                   R"({"timeUnixNano":5,"count":3,"positive":{"offset":9,"bucketCounts":[1]},)"
                   R"("positive":{"bucketCounts":["3"]}}]})"),
         OneMetric(R"("exponentialHistogram":{"aggregationTemporality":1,"dataPoints":[)"
                   R"({"timeUnixNano":5,"count":3,"positive":{"bucketCounts":[3]}}]})")},
        {"J13_LastQuantilesCount",
         OneMetric(
             R"("summary":{"dataPoints":[{"timeUnixNano":5,"quantileValues":[{"quantile":1}],)"
             R"("quantileValues":[{"quantile":0.5,"value":"2"}]}]})"),
         OneMetric(R"("summary":{"dataPoints":[{"timeUnixNano":5,"quantileValues":[)"
                   R"({"quantile":0.5,"value":2}]}]})")},
    }),
    [](const auto& info) { return info.param.name; });

struct BrokenMetric {
  std::string name;
  std::string json;
  std::string want;
};

class BrokenJsonMetricsTest : public testing::TestWithParam<BrokenMetric> {};

TEST_P(BrokenJsonMetricsTest, IsRefusedWithItsPlace) {
  std::string body = GetParam().json;
  model::MetricBatch batch;
  const absl::Status status = DecodeMetricsJson(body, ProjectionOfK(), batch);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(base::Message(status)), HasSubstr(GetParam().want));
  EXPECT_EQ(batch.decoded(), 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, BrokenJsonMetricsTest,
    testing::ValuesIn<BrokenMetric>({
        {"J10_TwoNumbers", OnePoint(R"("asInt":1,"asDouble":1)"),
         "dataPoints[0].asDouble at byte 125: there are two alternatives"},
        {"J10_TwoDatas", OneMetric(R"("gauge":{},"sum":{})"),
         "metrics[0].sum at byte 78: there are two alternatives"},
        {"J10_TwoNumbersOfExemplar", OnePoint(R"("exemplars":[{"asInt":1,"asDouble":1}])"),
         "exemplars[0].asDouble"},
        {"CountIsHalf", OneMetric(R"("histogram":{"dataPoints":[{"bucketCounts":[1,0.5]}]})"),
         "bucketCounts[1]"},
        {"CountIsNull", OneMetric(R"("histogram":{"dataPoints":[{"bucketCounts":[1,null]}]})"),
         "bucketCounts[1]"},
        {"CountIsBelowZero", OneMetric(R"("histogram":{"dataPoints":[{"bucketCounts":["-1"]}]})"),
         "out of range"},
        {"BoundIsText", OneMetric(R"("histogram":{"dataPoints":[{"explicitBounds":["x"]}]})"),
         "explicitBounds[0]"},
        {"ScaleTooLarge",
         OneMetric(R"("exponentialHistogram":{"dataPoints":[{"scale":2147483648}]})"), "scale"},
        {"AttributeOfAnyPointIsRead",
         OnePoint(R"("attributes":[{"key":"nobody","value":{"intValue":"x"}}])"),
         "attributes[0].value.intValue"},
        {"MonotonicIsNumber", OneMetric(R"("sum":{"isMonotonic":1})"), "true or false is wanted"},
    }),
    [](const auto& info) { return info.param.name; });

TEST(JsonMetricTypeHintTest, IsThatOfTheLastMetadata) {
  const auto hint = [](std::string_view fields) {
    std::string json = OneMetric(fields);
    model::MetricBatch batch;
    EXPECT_TRUE(DecodeMetricsJson(json, ProjectionOfK(), batch).ok()) << fields;
    EXPECT_TRUE(batch.raw_attributes.empty());
    return batch.metrics.at(0).type_hint;
  };
  constexpr char kGauge[] = R"("gauge":{"dataPoints":[{"timeUnixNano":"5","asInt":3}]})";
  constexpr char kInfo[] =
      R"("metadata":[{"key":"k"},{"key":"prometheus.type","value":{"stringValue":"info"}}])";
  EXPECT_EQ(hint(kGauge), model::TypeHint::kNone);
  EXPECT_EQ(hint(fmt::format("{},{}", kInfo, kGauge)), model::TypeHint::kInfo);
  EXPECT_EQ(hint(fmt::format("{},{}", kGauge, kInfo)), model::TypeHint::kInfo);
  EXPECT_EQ(hint(fmt::format("{},{},\"metadata\":[]", kGauge, kInfo)), model::TypeHint::kNone);
}

}  // namespace
}  // namespace slowburn::collector
