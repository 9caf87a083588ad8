// Goal: the player of test scripts sees what is wrong. Method: one script whose evals all hold,
// then the same evals with one thing changed each, which must fail.
#include "promql/testing/script_run.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"

namespace slowburn::promql::testing {
namespace {

constexpr std::string_view kLoad =
    "load 1m\n"
    "  foo{a=\"1\"} 0+60x10\n"
    "  foo{a=\"2\"} 7 _ 9 stale\n"
    "  h {{schema:0 sum:5 count:4 buckets:[1 2 1]}}x10\n"
    "\n";

ScriptReport Play(std::string_view eval) {
  const Engine engine(ScriptEngineOptions(), base::SystemClock());
  return ScriptRun(engine).Play(std::string(kLoad) + std::string(eval));
}

struct EvalCase {
  std::string name;
  std::string eval;
  std::string want;  // part of the complaint; "" when it holds
};

class ScriptRunTest : public ::testing::TestWithParam<EvalCase> {};

TEST_P(ScriptRunTest, SaysWhatIsWrong) {
  const ScriptReport report = Play(GetParam().eval);
  if (GetParam().want.empty()) {
    EXPECT_EQ(report.passed, 1);
    EXPECT_TRUE(report.failures.empty()) << report.failures[0].what;
    return;
  }
  EXPECT_EQ(report.passed, 0);
  ASSERT_EQ(report.failures.size(), 1u);
  EXPECT_EQ(report.failures[0].line, 6);
  EXPECT_THAT(report.failures[0].what, ::testing::HasSubstr(GetParam().want));
}

INSTANTIATE_TEST_SUITE_P(
    Instant, ScriptRunTest,
    ::testing::ValuesIn<EvalCase>({
        {"Holds", "eval instant at 2m foo\n  foo{a=\"1\"} 120\n  foo{a=\"2\"} 9\n", ""},
        {"OtherOrderHolds", "eval instant at 2m foo\n  foo{a=\"2\"} 9\n  foo{a=\"1\"} 120\n", ""},
        {"WrongValue", "eval instant at 2m foo\n  foo{a=\"1\"} 121\n  foo{a=\"2\"} 9\n", "wants"},
        {"Missing", "eval instant at 3m foo\n  foo{a=\"1\"} 180\n  foo{a=\"2\"} 9\n", "missing"},
        {"Unexpected", "eval instant at 2m foo\n  foo{a=\"1\"} 120\n", "unexpected series"},
        {"Ordered",
         "eval instant at 2m sort(foo)\n  expect ordered\n  foo{a=\"2\"} 9\n  foo{a=\"1\"} 120\n",
         ""},
        {"NotOrdered",
         "eval instant at 2m sort(foo)\n  expect ordered\n  foo{a=\"1\"} 120\n  foo{a=\"2\"} 9\n",
         "place 1"},
        {"Scalar", "eval instant at 2m 1 + 1\n  2\n", ""},
        {"WrongScalar", "eval instant at 2m 1 + 1\n  3\n", "want the scalar 3"},
        {"Text", "eval instant at 2m \"a\"\n  expect string \"a\"\n", ""},
        {"WrongText", "eval instant at 2m \"a\"\n  expect string \"b\"\n", "want the text"},
        {"Histogram", "eval instant at 2m h\n  h {{schema:0 sum:5 count:4 buckets:[1 2 1]}}\n", ""},
        {"WrongBuckets", "eval instant at 2m h\n  h {{schema:0 sum:5 count:4 buckets:[1 1 2]}}\n",
         "wants"},
        {"RangeVector",
         "eval instant at 2m foo[2m]\n  expect range vector from 1m to 2m step 1m\n"
         "  foo{a=\"1\"} 60 120\n  foo{a=\"2\"} _ 9\n",
         ""},
        {"Fails", "eval instant at 2m foo + \n  expect fail\n", ""},
        {"DoesNotFail", "eval instant at 2m 1\n  expect fail\n", "want a failure"},
        {"FailsOtherwise", "eval instant at 2m foo +\n  expect fail msg: other\n",
         "want the failure"},
        {"NotReadable", "eval instant at 2m foo\n  foo{ 1\n", "line 7"},
        {"NoCommand", "evaluate this\n", "this is neither"},
    }),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    RangesAndAnnotations, ScriptRunTest,
    ::testing::ValuesIn<EvalCase>({
        {"Range",
         "eval range from 0 to 2m step 1m foo\n  foo{a=\"1\"} 0 60 120\n  foo{a=\"2\"} 7 7 9\n",
         ""},
        {"RangeGap", "eval range from 0 to 2m step 1m foo > 60\n  foo{a=\"1\"} _ _ 120\n", ""},
        {"RangeWrong", "eval range from 0 to 2m step 1m foo > 60\n  foo{a=\"1\"} _ 60 120\n",
         "wants"},
        {"NoInfo", "eval instant at 5m rate(foo[2m])\n  expect no_info\n", "want no info"},
        {"Info", "eval instant at 5m rate(foo{a=\"1\"}[2m])\n  expect info\n  {a=\"1\"} 1\n", ""},
        {"OtherInfo",
         "eval instant at 5m rate(foo{a=\"1\"}[2m])\n  expect info msg: other\n  {a=\"1\"} 1\n",
         "want info"},
        {"NoWarning", "eval instant at 5m quantile(2, foo{a=\"1\"})\n  expect warn\n  {} +Inf\n",
         ""},
        {"WarningMissing", "eval instant at 5m foo{a=\"1\"}\n  expect warn\n  foo{a=\"1\"} 300\n",
         "want warning"},
    }),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace slowburn::promql::testing
