// Goal: exemplars are stored with the series of the bucket that they fell into. Method: OTLP/JSON
// to the text of what is stored.
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/testing/otlp_series_world.h"

namespace slowburn::app {
namespace {

using testing::ElementsAre;
using World = OtlpSeriesWorld;

TEST(OtlpSeriesExemplarTest, AreOfTheBucketTheyFellInto) {
  World world;
  const std::string long_value(120, 'v');
  world.Send(fmt::format(
      R"({{"name":"h","histogram":{{"aggregationTemporality":2,"dataPoints":[
      {{"timeUnixNano":@10,"explicitBounds":[1,5],"bucketCounts":["3","1","1"],"count":"5",
      "exemplars":[
      {{"timeUnixNano":@9,"asDouble":5.5,"traceId":"0102030405060708090a0b0c0d0e0f10",
       "spanId":"0102030405060708","filteredAttributes":[
       {{"key":"user.id","value":{{"stringValue":"7"}}}},
       {{"key":"trace_id","value":{{"stringValue":"not this"}}}}]}},
      {{"timeUnixNano":@8,"asInt":"1","filteredAttributes":[
       {{"key":"long","value":{{"stringValue":"{}"}}}},
       {{"key":"more","value":{{"stringValue":"abcdef"}}}}]}},
      {{"timeUnixNano":@7,"asDouble":0.5}}]}}]}}}},
      {{"name":"c","sum":{{"isMonotonic":true,"aggregationTemporality":2,"dataPoints":[
      {{"timeUnixNano":@10,"asInt":"1","exemplars":[{{"asInt":"2","spanId":"0102030405060708"}}]}}]}}}},
      {{"name":"g","gauge":{{"dataPoints":[
      {{"timeUnixNano":@10,"asInt":"1","exemplars":[{{"timeUnixNano":@9,"asInt":"2"}}]}}]}}}},
      {{"name":"x","exponentialHistogram":{{"aggregationTemporality":2,"dataPoints":[
      {{"timeUnixNano":@10,"scale":0,"count":"0","sum":0,"exemplars":[
      {{"timeUnixNano":@9,"asInt":"2"}}]}}]}}}})",
      long_value));
  EXPECT_THAT(world.Exemplars(),
              ElementsAre(R"(c_total 10:2 {span_id="0102030405060708"})",
                          R"(h_bucket le=+Inf 9:5.5 {span_id="0102030405060708", )"
                          R"(trace_id="0102030405060708090a0b0c0d0e0f10", user_id="7"})",
                          "h_bucket le=1 7:0.5 {}", "h_bucket le=1 8:1 {}", "x 9:2 {}"));
}

// An exemplar belongs to the first bucket whose bound it does not exceed. Bounds that are
// equal or NaN are refused before (otlp_metrics_test.cc).
struct BucketCase {
  std::string name;
  std::string bounds;               // JSON
  std::vector<std::string> values;  // likewise
  std::vector<std::string> want;    // the `le` of each value
};
class OtlpSeriesBucketTest : public testing::TestWithParam<BucketCase> {};

TEST_P(OtlpSeriesBucketTest, IsTheFirstThatReachesTheValue) {
  const auto& [name, bounds, values, want] = GetParam();
  std::string counts = R"("0")", exemplars;
  if (!bounds.empty()) counts += R"(,"0")";
  for (const char c : bounds) counts += c == ',' ? R"(,"0")" : "";
  for (size_t i = 0; i < values.size(); ++i) {
    exemplars += fmt::format(R"({}{{"timeUnixNano":@{},"asDouble":{}}})", i == 0 ? "" : ",", i + 1,
                             values[i]);
  }
  World world;
  world.Send(fmt::format(
      R"({{"name":"h","histogram":{{"aggregationTemporality":2,"dataPoints":[
      {{"timeUnixNano":@90,"explicitBounds":[{}],"bucketCounts":[{}],"count":"0",
      "exemplars":[{}]}}]}}}})",
      bounds, counts, exemplars));
  const std::vector<std::string> stored = world.Exemplars();
  ASSERT_EQ(stored.size(), values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_THAT(stored, testing::Contains(
                            testing::StartsWith(fmt::format("h_bucket le={} {}:", want[i], i + 1))))
        << values[i];
  }
}

INSTANTIATE_TEST_SUITE_P(
    Bounds, OtlpSeriesBucketTest,
    testing::ValuesIn<BucketCase>({
        {"None",
         "",
         {"-1", "0", R"("-Infinity")", R"("Infinity")", R"("NaN")"},
         {"+Inf", "+Inf", "+Inf", "+Inf", "+Inf"}},
        {"One",
         "1",
         {"0.5", "1", "1.0000000000000002", R"("-Infinity")", R"("Infinity")", R"("NaN")"},
         {"1", "1", "+Inf", "1", "+Inf", "+Inf"}},
        {"Two", "1,2", {"1", "1.5", "2", "3"}, {"1", "2", "2", "+Inf"}},
        {"AnOddNumber",
         "1,2,3,4,5",
         {"0", "1", "1.5", "2", "2.5", "3", "3.5", "4", "4.5", "5", "5.5", R"("NaN")"},
         {"1", "1", "2", "2", "3", "3", "4", "4", "5", "5", "+Inf", "+Inf"}},
        {"AnEvenNumber",
         "1,2,3,4",
         {"0", "1", "1.5", "2", "2.5", "3", "3.5", "4", "4.5"},
         {"1", "1", "2", "2", "3", "3", "4", "4", "+Inf"}},
        {"AboutZero",
         "-1,0,1",
         {"-2", "-1", "-0.5", "-0.0", "0", "0.5"},
         {"-1", "-1", "0", "0", "0", "1"}},
        {"TheSameValueAgain", "1,2", {"2", "2", "1", "2"}, {"2", "2", "1", "2"}},
        {"FromMinusInfinity",
         R"("-Infinity",0)",
         {R"("-Infinity")", "-1e308", "0", "1"},
         {"-Inf", "0", "0", "+Inf"}},
        {"ToInfinity",
         R"(1,"Infinity")",
         {"1", "2", R"("Infinity")", R"("NaN")"},
         {"1", "+Inf", "+Inf", "+Inf"}},
    }),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace slowburn::app
