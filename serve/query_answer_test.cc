// Goal: who asks without a server reads what a server would have answered. Method: one instant and
// one range query over series in memory, whole texts.
#include "serve/query_answer.h"

#include <gtest/gtest.h>

#include "base/testing/manual_clock.h"
#include "promql/engine.h"
#include "promql/testing/memory_series.h"

namespace slowburn::serve {
namespace {

class QueryAnswerTest : public testing::Test {
 protected:
  QueryAnswerTest() {
    series_.Append({{"__name__", "up_total"}, {"job", "api"}}, 60'000, 1);
    series_.Append({{"__name__", "up_total"}, {"job", "api"}}, 120'000, 4);
  }
  base::ManualClock clock_{base::UnixNanos(std::chrono::hours(1))};
  promql::testing::MemorySeries series_;
  promql::Engine engine_{{}, clock_};
};

TEST_F(QueryAnswerTest, IsTheApisEnvelope) {
  const auto instant = engine_.Instant(series_, {.text = "up_total", .time_ms = 120'500});
  ASSERT_TRUE(instant.ok()) << instant.status();
  EXPECT_EQ(QueryAnswerJson(*instant),
            R"({"status":"success","data":{"resultType":"vector","result":[)"
            R"({"metric":{"__name__":"up_total","job":"api"},"value":[120.500,"4"]}]}})");
  const auto range = engine_.Range(
      series_, {.text = "-up_total", .start_ms = 60'000, .end_ms = 120'000, .step_ms = 60'000});
  ASSERT_TRUE(range.ok()) << range.status();
  EXPECT_EQ(QueryAnswerJson(*range),
            R"({"status":"success","data":{"resultType":"matrix","result":[)"
            R"({"metric":{"job":"api"},"values":[[60,"-1"],[120,"-4"]]}]}})");
}

TEST_F(QueryAnswerTest, HasTheNotes) {
  const auto result = engine_.Instant(series_, {.text = "rate(up[5m])", .time_ms = 120'000});
  ASSERT_TRUE(result.ok()) << result.status();
  promql::QueryResult noted = *result;
  noted.annotations.AddWarning("look out");
  EXPECT_EQ(QueryAnswerJson(noted),
            R"({"status":"success","data":{"resultType":"vector","result":[]},)"
            R"("warnings":["look out"]})");
}

}  // namespace
}  // namespace slowburn::serve
