// Goal: series of test scripts mean what Prometheus' documentation of them says. Method: rows of a
// line and its values, `_` for a gap.
#include "promql/testing/series_text.h"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "model/sample.h"

namespace slowburn::promql::testing {
namespace {

struct SeriesCase {
  std::string name;
  std::string line;
  std::string want;
};

std::string Text(const SequenceItem& item) {
  if (item.is_gap) return "_";
  if (!item.histogram.has_value()) {
    return model::IsStale(item.value) ? "stale" : fmt::format("{:g}", item.value);
  }
  std::string buckets;
  for (const double count : item.histogram->positive_counts) buckets += fmt::format("/{:g}", count);
  const int offset =
      item.histogram->positive_spans.empty() ? 0 : item.histogram->positive_spans[0].offset;
  return fmt::format("h{}:{:g}@{}{}", int{item.histogram->schema}, item.histogram->sum, offset,
                     buckets);
}

class SeriesTextTest : public ::testing::TestWithParam<SeriesCase> {};

TEST_P(SeriesTextTest, Values) {
  const auto series = ParseSeriesText(GetParam().line);
  ASSERT_TRUE(series.ok()) << series.status();
  std::string got = series->labels.Text();
  for (const SequenceItem& item : series->items) got += " " + Text(item);
  EXPECT_EQ(got, GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    All, SeriesTextTest,
    ::testing::ValuesIn<SeriesCase>({
        {"Numbers", "foo 1 -2 +Inf NaN 1e3 .5 5m", R"({__name__="foo"} 1 -2 inf nan 1000 0.5 300)"},
        {"GapsAreNAndValuesNPlusOne", "foo _ _x2 3x2 stale",
         R"({__name__="foo"} _ _ _ 3 3 3 stale)"},
        {"Steps", "foo 1+2x2 0-5x1 -3+1x1", R"({__name__="foo"} 1 3 5 0 -5 -3 -2)"},
        {"Labels", "foo{a=\"b\", c='d',} 1", R"({__name__="foo", a="b", c="d"} 1)"},
        {"NoName", "{} 1", "{} 1"},
        {"QuotedName", R"({"my.metric", "a.b"="c"} 1)", R"({__name__="my.metric", a.b="c"} 1)"},
        {"Histogram", "foo {{schema:1 sum:5 count:4 buckets:[1 2 1] offset:-3}}",
         R"({__name__="foo"} h1:5@-3/1/2/1)"},
        {"EmptyHistogram", "foo {{}}x1", R"({__name__="foo"} h0:0@0 h0:0@0)"},
        {"HistogramSteps", "foo {{sum:1 count:1 buckets:[1]}}+{{sum:2 count:3 buckets:[1 2]}}x2",
         R"({__name__="foo"} h0:1@0/1 h0:3@0/2/2 h0:5@0/3/4)"},
    }),
    [](const auto& info) { return info.param.name; });

TEST(SeriesTextTest, RefusesWhatIsNone) {
  for (const char* line : {"foo 1x", "foo 1+", "foo abc", "foo{a} 1", "foo {{sum:1 sum:2}}",
                           "foo {{count:1", "foo 1x9999999999", "= 1"}) {
    EXPECT_FALSE(ParseSeriesText(line).ok()) << line;
  }
}

}  // namespace
}  // namespace slowburn::promql::testing
