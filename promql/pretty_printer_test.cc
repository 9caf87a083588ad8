// Goal: format_query answers what Prometheus' answers, line by line. Method: rows of a query and
// the lines that a running Prometheus 2.42 gave for it.
#include <string>

#include <gtest/gtest.h>

#include "promql/parser.h"
#include "promql/printer.h"

namespace slowburn::promql {
namespace {

struct PrettyCase {
  std::string name;
  std::string query;
  std::string want;
};

class PrettyPrinterTest : public ::testing::TestWithParam<PrettyCase> {};

TEST_P(PrettyPrinterTest, Lines) {
  const auto expr = Parse(GetParam().query);
  ASSERT_TRUE(expr.ok()) << expr.status();
  EXPECT_EQ(PrettyPrint(**expr), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    All, PrettyPrinterTest,
    ::testing::ValuesIn<PrettyCase>({
        {"ShortIsOneLine", "sum(foo)by(a)+1", "sum by (a) (foo) + 1"},
        {"BinaryOfAggregateAndSubquery",
         "sum by (a_label_name, b_label_name) (rate(http_requests_total_long_name{job=\"somejob\","
         "instance=\"someinstance\"}[5m])) / on(a_label_name) group_left(b) max_over_time(rate("
         "http_requests_total_long_name{job=\"somejob\",instance=\"someinstance\"}[5m])[1h:1m] "
         "offset 5m)",
         R"~(  sum by (a_label_name, b_label_name) (
    rate(http_requests_total_long_name{instance="someinstance",job="somejob"}[5m])
  )
/ on (a_label_name) group_left (b)
  max_over_time(
rate(http_requests_total_long_name{instance="someinstance",job="somejob"}[5m])[1h:1m] offset 5m
  ))~"},
        {"ParameterSignAndArguments",
         "topk(5, -(label_replace(http_requests_total_long_name{job=\"somejob\",instance=\""
         "someinstance\"}, \"aaaaaaaaaaaaaaaaaa\", \"bbbbbbbbbbbbb\", \"cccccccccccc\", \"d\") + "
         "1))",
         R"~(topk(
  5,
  -(
      label_replace(
        http_requests_total_long_name{instance="someinstance",job="somejob"},
        "aaaaaaaaaaaaaaaaaa",
        "bbbbbbbbbbbbb",
        "cccccccccccc",
        "d"
      )
    +
      1
  )
))~"},
        {"SplitSubquery",
         "(sum(rate(http_requests_total_long_name{job=\"somejob\",instance=\"someinstance\"}[5m])) "
         "+ sum(rate(http_requests_total_long_name{job=\"x\"}[5m])))[1h:5m] @ 5",
         R"~((
    sum(rate(http_requests_total_long_name{instance="someinstance",job="somejob"}[5m]))
  +
    sum(rate(http_requests_total_long_name{job="x"}[5m]))
)[1h:5m] @ 5.000)~"},
    }),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace slowburn::promql
