// Goal: OTLP points become the series of the mapping tables, known or new, and what the store
// refuses is told by point. Method: golden rows, OTLP/JSON to the text of what is stored, through
// decoder, reader, plan and store; each row again through a cache that keeps nothing; rows for what
// happens between requests.
#include "app/otlp_series.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/testing/otlp_series_world.h"
#include "model/prometheus_labels.h"
#include "model/sample.h"
#include "storage/series/packed_labels.h"

namespace slowburn::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Fate = storage::SampleFate;

using World = OtlpSeriesWorld;

struct Case {
  const char* name;
  const char* metrics;
  std::vector<std::string> want;
  bool needs_cache = false;  // the end of a point says nothing of its bounds
};

class OtlpSeriesTest : public testing::TestWithParam<Case> {};

TEST_P(OtlpSeriesTest, StoresTheSeries) {
  World world;
  world.Send(GetParam().metrics);
  EXPECT_EQ(world.Stored(), GetParam().want);
}

TEST_P(OtlpSeriesTest, StoresTheSameWithoutACache) {
  if (GetParam().needs_cache) return;
  World world({.entries_max = 0});
  world.Send(GetParam().metrics);
  EXPECT_EQ(world.Stored(), GetParam().want);
  EXPECT_EQ(world.otlp().counts().identities, 0u);
}

std::string NameOf(const testing::TestParamInfo<Case>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(
    Numbers, OtlpSeriesTest,
    testing::ValuesIn<Case>({
        {"Gauge",
         R"({"name":"queue.size","unit":"{items}","gauge":{"dataPoints":[
         {"timeUnixNano":@10,"asInt":"7"},{"timeUnixNano":@20,"asDouble":-0.5}]}})",
         {"queue_size 10:7 20:-0.5"}},
        {"RatioGauge",
         R"({"name":"system.cpu.utilization","unit":"1","gauge":{"dataPoints":[
         {"timeUnixNano":@10,"asDouble":0.25}]}})",
         {"system_cpu_utilization_ratio 10:0.25"}},
        {"Counter",
         R"({"name":"system.disk.io","unit":"By","sum":{"isMonotonic":true,"aggregationTemporality":2,
         "dataPoints":[{"startTimeUnixNano":@1,"timeUnixNano":@10,"asInt":"100"},
         {"startTimeUnixNano":@1,"timeUnixNano":@20,"asInt":"150"}]}})",
         {"system_disk_io_bytes_total 10:100 20:150"}},
        {"CounterBegunAnew",  // T37: the value alone would not show it
         R"({"name":"c","sum":{"isMonotonic":true,"aggregationTemporality":2,
         "dataPoints":[{"startTimeUnixNano":@0,"timeUnixNano":@10,"asInt":"50"},
         {"startTimeUnixNano":@0,"timeUnixNano":@20,"asInt":"80"},
         {"startTimeUnixNano":@25,"timeUnixNano":@30,"asInt":"90"}]}})",
         {"c_total 10:50 20:80 25:0 30:90"}},
        {"UpDownCounter",
         R"({"name":"http.server.active_requests","unit":"{request}","sum":{
         "aggregationTemporality":2,"dataPoints":[
         {"startTimeUnixNano":@1,"timeUnixNano":@10,"asInt":"3"},
         {"startTimeUnixNano":@15,"timeUnixNano":@20,"asInt":"4"}]}})",
         {"http_server_active_requests 10:3 20:4"}},
        {"DeltaSum",  // T27
         R"({"name":"d","sum":{"isMonotonic":true,"aggregationTemporality":1,
         "dataPoints":[{"startTimeUnixNano":@0,"timeUnixNano":@10,"asInt":"3"},
         {"startTimeUnixNano":@10,"timeUnixNano":@20,"asInt":"2"},
         {"startTimeUnixNano":@25,"timeUnixNano":@35,"asInt":"4"}]}})",
         {"d_total 10:3 20:5 25:0 35:4"}},
        {"DeltaWithoutStart",
         R"({"name":"d","sum":{"isMonotonic":true,"aggregationTemporality":1,
         "dataPoints":[{"timeUnixNano":@10,"asInt":"3"},{"timeUnixNano":@50,"asInt":"2"}]}})",
         {"d_total 10:3 50:5"}},
        {"DeltaUpDown",
         R"({"name":"d","sum":{"aggregationTemporality":1,
         "dataPoints":[{"startTimeUnixNano":@0,"timeUnixNano":@10,"asInt":"3"},
         {"startTimeUnixNano":@10,"timeUnixNano":@20,"asInt":"-2"}]}})",
         {"d 10:3 20:1"}},
        {"DeltaUpDownBehindAGap",
         R"({"name":"d","sum":{"aggregationTemporality":1,
         "dataPoints":[{"startTimeUnixNano":@0,"timeUnixNano":@10,"asInt":"3"},
         {"startTimeUnixNano":@15,"timeUnixNano":@20,"asInt":"-2"}]}})",
         {"d 10:3 20:1"}},
        {"TheEnd",
         R"({"name":"g","gauge":{"dataPoints":[{"timeUnixNano":@10,"asInt":"1"},
         {"timeUnixNano":@20,"flags":1}]}})",
         {"g 10:1 20:stale"}},
        {"Attributes",
         R"({"name":"g","gauge":{"dataPoints":[{"timeUnixNano":@10,"asInt":"1","attributes":[
         {"key":"http.route","value":{"stringValue":"/pay"}},
         {"key":"a.b","value":{"intValue":"1"}},{"key":"a_b","value":{"boolValue":true}},
         {"key":"5xx","value":{"doubleValue":0.5}},{"key":"_p","value":{"stringValue":"x"}},
         {"key":"__name__","value":{"stringValue":"no"}},
         {"key":"empty","value":{"stringValue":""}}]}]}})",
         {R"(g{a_b="1;true", http_route="/pay", key_5xx="0.5", key_p="x"} 10:1)"}},
    }),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Histograms, OtlpSeriesTest,
    testing::ValuesIn<Case>({
        {"Classic",  // H4
         R"({"name":"http.server.request.duration","unit":"s","histogram":{
         "aggregationTemporality":2,"dataPoints":[{"startTimeUnixNano":@1,"timeUnixNano":@10,
         "explicitBounds":[0.1,0.5],"bucketCounts":["3","4","1"],"count":"8","sum":2.5}]}})",
         {R"(http_server_request_duration_seconds_bucket{le="+Inf"} 10:8)",
          R"(http_server_request_duration_seconds_bucket{le="0.1"} 10:3)",
          R"(http_server_request_duration_seconds_bucket{le="0.5"} 10:7)",
          "http_server_request_duration_seconds_count 10:8",
          "http_server_request_duration_seconds_sum 10:2.5"}},
        {"NoBuckets",  // H2
         R"({"name":"h","histogram":{"aggregationTemporality":2,"dataPoints":[
         {"timeUnixNano":@10,"count":"8","sum":2.5}]}})",
         {R"(h_bucket{le="+Inf"} 10:8)", "h_count 10:8", "h_sum 10:2.5"}},
        {"NoSum",
         R"({"name":"h","histogram":{"aggregationTemporality":2,"dataPoints":[
         {"timeUnixNano":@10,"count":"8"}]}})",
         {R"(h_bucket{le="+Inf"} 10:8)", "h_count 10:8"}},
        {"InfiniteBound",
         R"({"name":"h","histogram":{"aggregationTemporality":2,"dataPoints":[
         {"timeUnixNano":@10,"explicitBounds":[5,"Infinity"],"bucketCounts":["1","2","0"],
         "count":"3"}]}})",
         {R"(h_bucket{le="+Inf"} 10:3)", R"(h_bucket{le="5"} 10:1)", "h_count 10:3"}},
        {"BoundText",  // L10
         R"({"name":"h","histogram":{"aggregationTemporality":2,"dataPoints":[
         {"timeUnixNano":@10,"explicitBounds":[1e-7,0.005,1e21],"bucketCounts":["1","0","0","0"],
         "count":"1"}]}})",
         {R"(h_bucket{le="+Inf"} 10:1)", R"(h_bucket{le="0.0000001"} 10:1)",
          R"(h_bucket{le="0.005"} 10:1)", R"(h_bucket{le="1000000000000000000000"} 10:1)",
          "h_count 10:1"}},
        {"DeltaClassic",
         R"({"name":"h","histogram":{"aggregationTemporality":1,"dataPoints":[
         {"startTimeUnixNano":@0,"timeUnixNano":@10,"explicitBounds":[1],"bucketCounts":["3","1"],
         "count":"4","sum":5},
         {"startTimeUnixNano":@10,"timeUnixNano":@20,"explicitBounds":[1],"bucketCounts":["0","2"],
         "count":"2","sum":7}]}})",
         {R"(h_bucket{le="+Inf"} 10:4 20:6)", R"(h_bucket{le="1"} 10:3 20:3)", "h_count 10:4 20:6",
          "h_sum 10:5 20:12"}},
        {"TheEndOfAClassic",  // H6, with the bounds that it had
         R"({"name":"h","histogram":{"aggregationTemporality":2,"dataPoints":[
         {"timeUnixNano":@10,"explicitBounds":[1],"bucketCounts":["3","1"],"count":"4","sum":5},
         {"timeUnixNano":@20,"flags":1}]}})",
         {R"(h_bucket{le="+Inf"} 10:4 20:stale)", R"(h_bucket{le="1"} 10:3 20:stale)",
          "h_count 10:4 20:stale", "h_sum 10:5 20:stale"},
         true},
        {"Native",
         R"({"name":"jvm.gc.duration","unit":"s","exponentialHistogram":{
         "aggregationTemporality":2,"dataPoints":[{"startTimeUnixNano":@1,"timeUnixNano":@10,
         "scale":0,"positive":{"offset":3,"bucketCounts":["10","0","0","20","5","2"]},
         "negative":{"offset":-1,"bucketCounts":["5"]},"zeroCount":"2","count":"44","sum":1.5}]}})",
         {"jvm_gc_duration_seconds 10:{schema=0 zero=1e-128:2 count=44 sum=1.5 4:10 7:20 8:5 9:2 "
          "n0:5}"}},
        {"NativeMergedDown",
         R"({"name":"x","exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[
         {"timeUnixNano":@10,"scale":9,"zeroThreshold":0.5,
         "positive":{"offset":0,"bucketCounts":["0","0","3","4","5"]},"count":"12","sum":1}]}})",
         {"x 10:{schema=8 zero=0.5:0 count=12 sum=1 2:7 3:5}"}},
        {"DeltaNative",
         R"({"name":"x","exponentialHistogram":{"aggregationTemporality":1,"dataPoints":[
         {"startTimeUnixNano":@0,"timeUnixNano":@10,"scale":1,
         "positive":{"offset":0,"bucketCounts":["1","2"]},"count":"3","sum":1},
         {"startTimeUnixNano":@10,"timeUnixNano":@20,"scale":0,
         "positive":{"offset":0,"bucketCounts":["4"]},"zeroCount":"1","count":"5","sum":2}]}})",
         {"x 10:{schema=1 zero=1e-128:0 count=3 sum=1 1:1 2:2} "
          "20:{schema=0 zero=1e-128:1 count=8 sum=3 1:7}"}},
        {"TheEndOfANative",
         R"({"name":"x","exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[
         {"timeUnixNano":@10,"scale":0,"count":"0","sum":0},{"timeUnixNano":@20,"flags":1}]}})",
         {"x 10:{schema=0 zero=1e-128:0 count=0 sum=0} 20:stale"}},
        {"Summary",
         R"({"name":"s","summary":{"dataPoints":[{"startTimeUnixNano":@1,"timeUnixNano":@10,
         "count":"8","sum":2.5,"quantileValues":[{"quantile":0.5,"value":0.3},
         {"quantile":0.99,"value":1}]},{"timeUnixNano":@20,"flags":1}]}})",
         {R"(s{quantile="0.5"} 10:0.3 20:stale)", R"(s{quantile="0.99"} 10:1 20:stale)",
          "s_count 10:8 20:stale", "s_sum 10:2.5 20:stale"},
         true},
    }),
    NameOf);

constexpr char kGauge[] =
    R"({"name":"g","description":"How many","unit":"By","gauge":{"dataPoints":[
    {"timeUnixNano":@10,"asInt":"1"}]}})";

TEST(OtlpSeriesScopeTest, ScopeAndResourceBecomeLabelsAndTargetInfo) {
  World world;
  world.Send(kGauge,
             R"(,{"key":"service.namespace","value":{"stringValue":"shop"}},
             {"key":"service.instance.id","value":{"stringValue":"i-1"}},
             {"key":"host.name","value":{"stringValue":"h1"}})",
             R"("scope":{"name":"lib","version":"1.2","attributes":[
             {"key":"team.id","value":{"intValue":"4"}}]},)");
  EXPECT_THAT(world.Stored(),
              ElementsAre(R"(g_bytes{instance="i-1", job="shop/cart", otel_scope_name="lib", )"
                          R"(otel_scope_team_id="4", otel_scope_version="1.2"} 10:1)",
                          R"(target_info{host_name="h1", instance="i-1", job="shop/cart"} 10:1)"));
  EXPECT_THAT(world.Metadata(),
              ElementsAre("g_bytes|gauge|How many|bytes", "target_info|gauge|Target metadata|"));
}

TEST(OtlpSeriesMetadataTest, AGaugeMaySayWhatTypeItWasOf) {
  World world;
  const auto typed = [](const char* type) {
    return fmt::format(R"({{"name":"g","metadata":[{{"key":"prometheus.type",
        "value":{{"stringValue":"{}"}}}}],"gauge":{{"dataPoints":[{{"timeUnixNano":@10,
        "asInt":"1"}}]}}}})",
                       type);
  };
  world.Send(typed("info"));
  EXPECT_THAT(world.Metadata(), ElementsAre("g|info||"));
}

TEST(OtlpSeriesScopeTest, ATargetHasOneTargetInfo) {
  World world;
  const auto resource = [](const char* version) {
    return fmt::format(R"({{"resource":{{"attributes":[
        {{"key":"service.name","value":{{"stringValue":"cart"}}}},
        {{"key":"service.version","value":{{"stringValue":"{}"}}}}]}},
        "scopeMetrics":[{{"metrics":[{}]}}]}})",
                       version, kGauge);
  };
  world.SendAll(fmt::format(R"({{"resourceMetrics":[{},{}]}})", resource("1"), resource("2")));
  EXPECT_THAT(world.Stored(),
              ElementsAre("g_bytes 10:1", R"(target_info{service_version="1"} 10:1)"));
}

TEST(OtlpSeriesMetadataTest, IsWrittenOnceAndAgainWhenItChanges) {
  World world;
  world.Send(kGauge);
  world.Send(kGauge);
  EXPECT_THAT(world.Metadata(), ElementsAre("g_bytes|gauge|How many|bytes"));
  std::string changed = kGauge;
  changed.replace(changed.find("How many"), 8, "How much");
  world.Send(changed);
  world.Send(changed);
  EXPECT_THAT(world.Metadata(),
              ElementsAre("g_bytes|gauge|How many|bytes", "g_bytes|gauge|How much|bytes"));
}

TEST(OtlpSeriesRefusalTest, OneNameIsOfOneTypeInATarget) {
  World world;
  const std::string dotted = R"({"name":"foo.bar","gauge":{"dataPoints":[
      {"timeUnixNano":@10,"asInt":"1"}]}})";
  const std::string snake = R"({"name":"foo_bar","summary":{"dataPoints":[
      {"timeUnixNano":@10,"count":"1","sum":2},{"timeUnixNano":@20,"count":"1","sum":2}]}})";
  const SeriesOutcome outcome = world.Send(dotted + "," + snake);
  EXPECT_EQ(outcome.samples[static_cast<size_t>(Fate::kTaken)], 1u);
  EXPECT_EQ(outcome.samples[static_cast<size_t>(Fate::kConflict)], 2u);
  ASSERT_EQ(outcome.refused_points.size(), 2u);
  EXPECT_EQ(outcome.refused_points[0].position, 1u);
  EXPECT_EQ(outcome.first_refused,
            "metric 'foo_bar': metric 'foo_bar' is a summary, and another one of this target that "
            "is called foo_bar is not; rename one");
  EXPECT_THAT(world.Stored(), ElementsAre("foo_bar 10:1"));
  // Another target may.
  EXPECT_EQ(world.Send(snake, R"(,{"key":"service.instance.id","value":{"stringValue":"2"}})")
                .first_refused,
            "");
  // And this one, once the first is forgotten.
  world.Advance(std::chrono::minutes(11));
  world.Send(kGauge);
  world.Advance(std::chrono::minutes(11));
  world.Send(kGauge);
  EXPECT_EQ(world.Send(snake).first_refused, "");
}

TEST(OtlpSeriesRefusalTest, ANameOfNothingAndHistogramsThatCannotBeNative) {
  World world;
  const SeriesOutcome outcome = world.Send(
      R"({"name":"...","gauge":{"dataPoints":[{"timeUnixNano":@10,"asInt":"1"}]}},
      {"name":"coarse","exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[
      {"timeUnixNano":@10,"scale":-5,"count":"0","sum":0}]}},
      {"name":"no_sum","exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[
      {"timeUnixNano":@10,"scale":0,"count":"0"}]}})");
  EXPECT_EQ(outcome.samples[static_cast<size_t>(Fate::kInvalidLabels)], 1u);
  EXPECT_EQ(outcome.histograms[static_cast<size_t>(Fate::kInvalidHistogram)], 2u);
  EXPECT_EQ(outcome.refused_points.size(), 3u);
  EXPECT_THAT(outcome.first_refused, HasSubstr("metric '...': "));
  EXPECT_THAT(world.Stored(), ElementsAre());
}

TEST(OtlpSeriesRefusalTest, APointIsRefusedOnceHoweverManySeriesItHas) {
  World world;
  const char* const kFormat =
      R"({{"name":"h","histogram":{{"aggregationTemporality":2,"dataPoints":[
      {{"timeUnixNano":@10,"explicitBounds":[1],"bucketCounts":["{}","1"],"count":"{}","sum":5}}]}}}})";
  EXPECT_TRUE(world.Send(fmt::format(fmt::runtime(kFormat), 3, 4)).refused_points.empty());
  SeriesOutcome outcome = world.Send(fmt::format(fmt::runtime(kFormat), 3, 4));
  EXPECT_EQ(outcome.samples[static_cast<size_t>(Fate::kDuplicate)], 1u);
  outcome = world.Send(fmt::format(fmt::runtime(kFormat), 4, 5));
  EXPECT_EQ(outcome.samples[static_cast<size_t>(Fate::kConflict)], 1u);
  ASSERT_EQ(outcome.refused_points.size(), 1u);
  EXPECT_EQ(
      outcome.first_refused,
      R"({__name__="h_bucket", job="cart", le="1"}: another value is stored at this time, or )"
      "the time was counted; the first one stays");
}

TEST(OtlpSeriesDeltaTest, GoOnAcrossRequestsAndAreNeverCountedTwice) {
  World world;
  const auto send = [&](int start, int end, int value) {
    return world.Send(fmt::format(
        R"({{"name":"d","sum":{{"isMonotonic":true,"aggregationTemporality":1,"dataPoints":[
        {{"startTimeUnixNano":@{},"timeUnixNano":@{},"asInt":"{}"}}]}}}})",
        start, end, value));
  };
  send(0, 10, 3);
  send(10, 20, 4);
  EXPECT_EQ(send(10, 20, 4).samples[static_cast<size_t>(Fate::kDuplicate)], 1u);
  EXPECT_EQ(send(10, 20, 5).samples[static_cast<size_t>(Fate::kConflict)], 1u);
  EXPECT_EQ(send(15, 25, 5).samples[static_cast<size_t>(Fate::kConflict)], 1u);
  send(20, 30, 1);
  EXPECT_THAT(world.Stored(), ElementsAre("d_total 10:3 20:7 30:8"));
}

TEST(OtlpSeriesCacheTest, KnownPointsMakeNoIdentity) {
  World world;
  world.Send(kGauge);
  const uint64_t made = world.otlp().counts().identities_made;
  for (int i = 0; i < 5; ++i) world.Send(kGauge);
  EXPECT_EQ(world.otlp().counts().identities_made, made);
  EXPECT_GT(world.otlp().counts().identity_bytes, 0u);
}

// The identity of the bounds must outlast generations of the cache as long as points come.
TEST(OtlpSeriesCacheTest, ASeriesEndsHoweverLongItCame) {
  World world;
  const auto histogram = [](int time, std::string_view value) {
    return fmt::format(
        R"({{"name":"h","histogram":{{"aggregationTemporality":2,"dataPoints":[
        {{"timeUnixNano":@{},{}}}]}}}})",
        time, value);
  };
  constexpr std::string_view kValue =
      R"("count":"3","sum":4,"explicitBounds":[1],"bucketCounts":["1","2"])";
  for (int time = 10; time < 60; time += 10) {
    world.Send(histogram(time, kValue));
    world.Advance(std::chrono::minutes(6));
  }
  world.Send(histogram(60, R"("flags":1)"));
  EXPECT_THAT(world.Stored(), testing::IsSupersetOf({testing::StartsWith("h_bucket{le=\"1\"}"),
                                                     testing::StartsWith("h_bucket{le=\"+Inf\"}"),
                                                     testing::StartsWith("h_count"),
                                                     testing::StartsWith("h_sum")}));
  for (const std::string& line : world.Stored()) {
    if (!line.starts_with("h_")) continue;
    EXPECT_THAT(line, testing::EndsWith(" 60:stale"));
  }
}

// A histogram of one request has other bounds than the one before, and both go on.
TEST(OtlpSeriesCacheTest, BoundsThatTakeTurnsAreOfTwoIdentities) {
  World world;
  const auto histogram = [](int time, int bound) {
    return fmt::format(
        R"({{"name":"h","histogram":{{"aggregationTemporality":2,"dataPoints":[
        {{"timeUnixNano":@{},"count":"3","sum":4,"explicitBounds":[{}],"bucketCounts":["1","2"]}}]}}}})",
        time, bound);
  };
  for (int time = 1; time <= 4; ++time) world.Send(histogram(time, 1 + time % 2));
  EXPECT_EQ(world.otlp().counts().identities_made, 2u);
  EXPECT_THAT(world.Stored(),
              testing::IsSupersetOf({"h_bucket{le=\"1\"} 2:1 4:1", "h_bucket{le=\"2\"} 1:1 3:1"}));
}

// A histogram has the labels of its point once for each bucket.
TEST(OtlpSeriesRefusalTest, BucketsWithLabelsBeyondMeasureAreNotWrittenOut) {
  World world;
  std::string bounds, counts = R"("1")";
  constexpr int kBounds = 1000;
  for (int i = 0; i < kBounds; ++i) {
    bounds += fmt::format("{}{}", i == 0 ? "" : ",", i);
    counts += R"(,"0")";
  }
  const SeriesOutcome outcome = world.Send(fmt::format(
      R"({{"name":"h","histogram":{{"aggregationTemporality":2,"dataPoints":[
      {{"timeUnixNano":@10,"count":"1","explicitBounds":[{}],"bucketCounts":[{}],
      "attributes":[{{"key":"a","value":{{"stringValue":"{}"}}}}]}},
      {{"timeUnixNano":@10,"count":"1"}}]}}}})",
      bounds, counts, std::string(70'000, 'x')));
  EXPECT_EQ(outcome.samples[static_cast<size_t>(Fate::kInvalidLabels)], 1u);
  ASSERT_EQ(outcome.refused_points.size(), 1u);
  EXPECT_EQ(outcome.refused_points[0].position, 0u);
  EXPECT_THAT(outcome.first_refused, HasSubstr("metric 'h': 1003 series with 700"));
  EXPECT_THAT(world.Stored(), ElementsAre("h_bucket{le=\"+Inf\"} 10:1", "h_count 10:1"));
  EXPECT_EQ(world.otlp().counts().identities_made, 1u);  // of the other point
}

// They are looked at once, whatever comes with them.
TEST(OtlpSeriesRefusalTest, ResourcesAndScopesThatNoSeriesCanHave) {
  constexpr std::string_view kGauges =
      R"({"name":"g","gauge":{"dataPoints":[{"timeUnixNano":@10,"asInt":"1"},{"timeUnixNano":@10,"asInt":"1",
      "attributes":[{"key":"a","value":{"intValue":"1"}}]}]}})";
  std::string attributes;
  for (int i = 0; i < 70; ++i) {
    attributes +=
        fmt::format(R"({}{{"key":"k{}","value":{{"boolValue":true}}}})", i == 0 ? "" : ",", i);
  }
  World world;
  const SeriesOutcome of_scope = world.Send(
      std::string(kGauges), "", fmt::format(R"("scope":{{"attributes":[{}]}},)", attributes));
  EXPECT_EQ(of_scope.samples[static_cast<size_t>(Fate::kInvalidLabels)], 2u);
  EXPECT_EQ(of_scope.refused_points.size(), 2u);
  EXPECT_THAT(of_scope.first_refused, HasSubstr("metric 'g': its resource and scope give"));
  EXPECT_THAT(of_scope.first_refused, HasSubstr("too many labels"));
  const SeriesOutcome of_resource =
      world.Send(std::string(kGauges), fmt::format(R"(,{{"key":"service.instance.id","value":
      {{"stringValue":"{}"}}}})",
                                                   std::string(5000, 'x')));
  EXPECT_EQ(of_resource.refused_points.size(), 2u);
  EXPECT_THAT(of_resource.first_refused, HasSubstr("too long"));
  EXPECT_EQ(world.otlp().counts().identities_made, 0u);
  // Many attributes of a resource are no labels of its series.
  EXPECT_TRUE(world.Send(std::string(kGauges), "," + attributes).refused_points.empty());
}

TEST(OtlpSeriesRefusalTest, BucketsWithoutRoomLeaveThoseThatAreKnown) {
  World world({}, {.series_max = 4});
  const auto histogram = [](int time, std::string_view bounds, std::string_view counts) {
    return fmt::format(
        R"({{"name":"h","histogram":{{"aggregationTemporality":2,"dataPoints":[
        {{"timeUnixNano":@{},"count":"3","sum":4,"explicitBounds":[{}],"bucketCounts":[{}]}}]}}}})",
        time, bounds, counts);
  };
  EXPECT_TRUE(world.Send(histogram(10, "1", R"("1","2")")).refused_points.empty());
  const SeriesOutcome outcome = world.Send(histogram(20, "0.1,0.2,1", R"("1","0","0","2")"));
  EXPECT_EQ(outcome.samples[static_cast<size_t>(Fate::kTooManySeries)], 1u);
  EXPECT_EQ(outcome.refused_points.size(), 1u);
  EXPECT_THAT(world.Stored(), testing::UnorderedElementsAre(
                                  "h_bucket{le=\"1\"} 10:1 20:1", "h_bucket{le=\"+Inf\"} 10:3 20:3",
                                  "h_count 10:3 20:3", "h_sum 10:4 20:4"));
}

// Where the mark stands among the labels, and where an attribute has its name.
TEST(OtlpSeriesIdentityTest, AKeyIsThatOfItsLabels) {
  const std::string points[] = {
      R"("histogram":{"aggregationTemporality":2,"dataPoints":[{"timeUnixNano":@10,"count":"3","sum":4,
      "explicitBounds":[0.5,1],"bucketCounts":["1","1","1"],"attributes":[)",
      R"("summary":{"dataPoints":[{"timeUnixNano":@10,"count":"3","sum":4,
      "quantileValues":[{"quantile":0.5,"value":1}],"attributes":[)",
      R"("gauge":{"dataPoints":[{"timeUnixNano":@10,"asInt":"3","attributes":[)"};
  for (const std::string& point : points) {
    for (const std::vector<std::string>& keys :
         std::vector<std::vector<std::string>>{{}, {"A", "z"}, {"le"}, {"A", "quantile", "le"}}) {
      std::string attributes;
      for (const std::string& key : keys) {
        attributes += fmt::format(R"({}{{"key":"{}","value":{{"stringValue":"v"}}}})",
                                  attributes.empty() ? "" : ",", key);
      }
      std::string body =
          WithTimes(R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m",)" + point +
                    attributes + "]}]}}]}]}]}");
      model::MetricBatch batch;
      ASSERT_TRUE(collector::DecodeMetricsJson(body, model::AttributeProjection(), batch).ok());
      const PointPlace place{batch, 0, 0, batch.metrics[0], batch.points[0]};
      const auto claims = std::make_shared<MetricTypeClaims>();
      uint64_t dropped = 0;
      const SeriesIdentity identity(
          place, MakeFamily(place, 1, *claims),
          storage::PackLabels(
              model::SeriesLabels(model::PointSource::Of(batch, 0, 0, batch.points[0]), dropped)));
      EXPECT_EQ(identity.size(), SeriesOf(place));
      for (size_t i = 0; i < identity.size(); ++i) {
        const model::LabelSet labels = identity.Labels(i);
        EXPECT_EQ(identity.key(i), storage::KeyOfLabels(storage::PackLabels(labels)))
            << labels.Text();
      }
    }
  }
}

TEST(OtlpSeriesMemoryTest, WhatCannotBePaidForIsNotRead) {
  OtlpSeries otlp;
  model::MetricBatch batch;
  std::string body = WithTimes(
      fmt::format(R"({{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{}]}}]}}]}})", kGauge));
  ASSERT_TRUE(collector::DecodeMetricsJson(body, model::AttributeProjection(), batch).ok());
  base::MemoryBudget budget(100);
  base::MemoryLease lease(&budget);
  const auto write = otlp.Read(batch, {}, lease);
  EXPECT_EQ(write.status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace slowburn::app
