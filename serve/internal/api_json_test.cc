// Goal: numbers, times, strings and histograms come out byte for byte as Prometheus writes them.
// Method: rows of values and texts.
#include "serve/internal/api_json.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace slowburn::serve::internal {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

TEST(ApiJsonTest, WritesSampleValuesAsGo) {
  struct Row {
    double value;
    std::string_view text;
  };
  for (const Row& row : std::vector<Row>{{0, "\"0\""},
                                         {-0.0, "\"-0\""},
                                         {1, "\"1\""},
                                         {0.1, "\"0.1\""},
                                         {1e-6, "\"0.000001\""},
                                         {1e-7, "\"1e-07\""},
                                         {1.5e-300, "\"1.5e-300\""},
                                         {123456789, "\"123456789\""},
                                         {1e20, "\"100000000000000000000\""},
                                         {1e21, "\"1e+21\""},
                                         {9007199254740992.0, "\"9007199254740992\""},
                                         {9223372036854775807.0, "\"9223372036854776000\""},
                                         {-123456789012345680000.0, "\"-123456789012345680000\""},
                                         {999999999999999868928.0, "\"999999999999999900000\""},
                                         {-1.5e21, "\"-1.5e+21\""},
                                         {kInf, "\"+Inf\""},
                                         {-kInf, "\"-Inf\""},
                                         {std::nan(""), "\"NaN\""}}) {
    std::string json;
    AppendSampleValue(json, row.value);
    EXPECT_EQ(json, row.text);
  }
}

TEST(ApiJsonTest, WritesTextFormatNumbersAsGo) {
  struct Row {
    double value;
    std::string_view text;
  };
  for (const Row& row : std::vector<Row>{{0, "0"},
                                         {123456, "123456"},
                                         {1234567, "1.234567e+06"},
                                         {0.0001, "0.0001"},
                                         {0.00001, "1e-05"},
                                         {kInf, "+Inf"}}) {
    EXPECT_EQ(GoGeneral(row.value), row.text);
  }
  EXPECT_EQ(GoScientific(1), "1e+00");
  EXPECT_EQ(GoScientific(14.5), "1.45e+01");
  EXPECT_EQ(GoFixed(1e-7), "0.0000001");
  EXPECT_EQ(GoFixed(1e23), "1" + std::string(23, '0'));
  EXPECT_EQ(GoFixed(-1.7976931348623157e308), "-17976931348623157" + std::string(292, '0'));
}

TEST(ApiJsonTest, WritesTimes) {
  struct Row {
    int64_t time_ms;
    std::string_view text;
  };
  for (const Row& row : std::vector<Row>{{0, "0"},
                                         {1435781451000, "1435781451"},
                                         {1435781451050, "1435781451.050"},
                                         {1435781451781, "1435781451.781"},
                                         {-1, "-0.001"},
                                         {-2500, "-2.500"}}) {
    std::string json;
    AppendTimestamp(json, row.time_ms);
    EXPECT_EQ(json, row.text);
  }
  using std::chrono::nanoseconds;
  using Time = std::chrono::sys_time<nanoseconds>;
  EXPECT_EQ(GoTime(Time(nanoseconds(1'435'781'451'000'000'000))), "2015-07-01T20:10:51Z");
  EXPECT_EQ(GoTime(Time(nanoseconds(1'435'781'451'780'000'000))), "2015-07-01T20:10:51.78Z");
}

TEST(ApiJsonTest, EscapesStrings) {
  std::string json;
  AppendJsonString(json, "a\"\\\n\r\t\x01é\xff");
  EXPECT_EQ(json, "\"a\\\"\\\\\\n\\r\\t\\u0001é\xEF\xBF\xBD\"");
}

TEST(ApiJsonTest, WritesHistogramsWithTheirBounds) {
  struct Row {
    std::string_view name;
    model::NativeHistogram histogram;
    std::string_view json;
  };
  for (
      const Row& row : std::vector<Row>{
          {"Empty", {}, R"({"count":"0","sum":"0"})"},
          {"BothSides",
           {.schema = 0,
           .zero_threshold = 0.5,
           .zero_count = 1,
           .count = 6,
           .sum = 2.5,
           .positive_spans = {{0, 3}},
           .negative_spans = {{1, 1}},
           .positive_counts = {1, 0, 2},
           .negative_counts = {2}},
           R"({"count":"6","sum":"2.5","buckets":[[1,"-2","-1","2"],[3,"-0.5","0.5","1"],[0,"0.5","1","1"],[0,"2","4","2"]]})"},
          {"Custom",
           {.schema = model::NativeHistogram::kCustomBuckets,
           .count = 3,
           .sum = 4,
           .positive_spans = {{0, 2}},
           .positive_counts = {1, 2},
           .custom_bounds = {5}},
           R"({"count":"3","sum":"4","buckets":[[3,"-Inf","5","1"],[0,"5","+Inf","2"]]})"}}) {
    std::string json;
    AppendHistogram(json, row.histogram);
    EXPECT_EQ(json, row.json) << row.name;
  }
}

}  // namespace
}  // namespace slowburn::serve::internal
