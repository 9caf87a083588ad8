// Goal: every kind of answer reads well at a terminal, and what is no answer is refused in words.
// Method: whole outputs of the API's JSON.
#include "app/query_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"

namespace slowburn::app {
namespace {

namespace json = boost::json;

TEST(QueryViewTest, WritesTables) {
  struct Row {
    std::string_view data, table;
  };
  for (
      const Row& row : std::vector<Row>{
          {R"({"resultType":"scalar","result":[4,"2"]})", "SERIES  VALUE\nscalar  2\n"},
          {R"({"resultType":"vector","result":[]})", "SERIES  VALUE\n"},
          {R"({"resultType":"vector","result":[{"metric":{"__name__":"up","job":"api"},"value":[1,"1"]},{"metric":{},"histogram":[1,{"count":"3","sum":"4"}]}]})",
           "SERIES         VALUE\nup{job=\"api\"}  1\n{}             count 3 sum 4\n"},
          {R"({"resultType":"matrix","result":[{"metric":{"__name__":"up"},"values":[[0,"1"],[1.5,"NaN"]]}]})",
           "SERIES  TIME                      VALUE\n"
           "up      1970-01-01T00:00:00.000Z  1\n"
           "up      1970-01-01T00:00:01.500Z  NaN\n"},
      }) {
    const auto table = QueryTable(json::parse(json::string_view(row.data.data(), row.data.size())));
    ASSERT_TRUE(table.ok()) << table.status();
    EXPECT_EQ(*table, row.table);
  }
}

TEST(QueryViewTest, PlotsWithGaps) {
  const auto plot = QueryPlot(
      json::parse(
          R"({"resultType":"matrix","result":[{"metric":{"__name__":"x"},"values":[[0,"0"],[10,"7"],[40,"3.5"]]},{"metric":{"__name__":"flat"},"values":[[20,"2"]]},{"metric":{"__name__":"none"},"values":[[20,"NaN"]]}]})"),
      5);
  ASSERT_TRUE(plot.ok()) << plot.status();
  EXPECT_EQ(*plot,
            "SERIES  LOW  HIGH  LAST  PLOT\n"
            "x       0    7     3.5   ▁█  ▅\n"
            "flat    2    2     2       ▁\n"
            "none    -    -     NaN\n"
            "from 1970-01-01T00:00:00.000Z to 1970-01-01T00:00:40.000Z\n");
}

TEST(QueryViewTest, RefusesWhatIsNoAnswer) {
  for (const char* const data :
       {"{}", "[]", R"({"resultType":"vector","result":{}})",
        R"({"resultType":"vector","result":[{"metric":{},"value":[]}]})"}) {
    EXPECT_THAT(std::string(base::Message(QueryTable(json::parse(data)).status())),
                testing::HasSubstr("check --server"))
        << data;
  }
}

}  // namespace
}  // namespace slowburn::app
