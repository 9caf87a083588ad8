// Goal: the words of the command line become the query that they mean, whoever answers it. Method:
// rows of words with the API's path and with what is wrong; one query over series in memory.
#include "app/terminal_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/testing/manual_clock.h"
#include "promql/testing/memory_series.h"

namespace slowburn::app {
namespace {

constexpr base::UnixNanos kNow{std::chrono::seconds(1'700'000'000)};

TEST(TerminalQueryTest, BecomesThePathOfTheApi) {
  struct Row {
    TerminalWords words;
    std::string_view path;
  };
  for (const Row& row : std::vector<Row>{
           {{.query = "sum(up)"}, "/api/v1/query?query=sum%28up%29"},
           {{.query = "up", .time = "1600000000.25"}, "/api/v1/query?query=up&time=1600000000.250"},
           {{.query = "up", .range = "1h"},
            "/api/v1/query_range?query=up&start=1699996400.000&end=1700000000.000&step=1m"},
           {{.query = "up", .range = "10s"},  // never below a second
            "/api/v1/query_range?query=up&start=1699999990.000&end=1700000000.000&step=1s"},
           {{.query = "up", .time = "2020-09-13T12:26:40Z", .range = "1h", .step = "1m30s"},
            "/api/v1/query_range?query=up&start=1599996400.000&end=1600000000.000&step=1m30s"},
       }) {
    const auto query = ReadTerminalQuery(row.words, 60);
    ASSERT_TRUE(query.ok()) << query.status();
    EXPECT_EQ(ApiPathOf(*query, kNow), row.path);
  }
}

TEST(TerminalQueryTest, SaysWhichWordIsWrong) {
  struct Row {
    TerminalWords words;
    std::string_view error;
  };
  for (const Row& row : std::vector<Row>{
           {{.query = "up", .time = "noon"}, "--time"},
           {{.query = "up", .range = "long"}, "--range"},
           {{.query = "up", .range = "0s"}, "--range: '0s' is less than 1ms; write 30s"},
           {{.query = "up", .range = "1h", .step = "often"}, "--step"},
           {{.query = "up", .range = "30d", .step = "1s"},
            "--step: 1s in 30d are more than 11000 points; write at least 3m56s"},
       }) {
    EXPECT_THAT(std::string(base::Message(ReadTerminalQuery(row.words, 60).status())),
                testing::HasSubstr(row.error));
  }
}

TEST(TerminalQueryTest, IsAnsweredFromSeries) {
  promql::testing::MemorySeries series;
  for (const int64_t minute : {1, 2, 3})
    series.Append({{"__name__", "x"}}, minute * 60'000, static_cast<double>(minute));
  base::ManualClock clock(kNow);
  const base::UnixNanos newest{std::chrono::minutes(3)};
  const auto ask = [&](const TerminalWords& words) {
    const auto query = ReadTerminalQuery(words, 60);
    EXPECT_TRUE(query.ok()) << query.status();
    const auto answer = AnswerFrom(series, *query, newest, clock);
    return answer.ok() ? *answer : std::string(base::Message(answer.status()));
  };
  EXPECT_THAT(ask({.query = "x * 2"}), testing::HasSubstr(R"("value":[180,"6"])"));
  EXPECT_THAT(ask({.query = "x", .time = "60"}), testing::HasSubstr(R"("value":[60,"1"])"));
  EXPECT_THAT(ask({.query = "x", .range = "2m", .step = "1m"}),
              testing::HasSubstr(R"("values":[[60,"1"],[120,"2"],[180,"3"]])"));
  EXPECT_THAT(ask({.query = "x +"}), testing::HasSubstr("1:4: parse error"));
}

}  // namespace
}  // namespace slowburn::app
