// Goal: before an evaluation durations are numbers, @ is a time, and what never changes is marked.
// Method: rows of a query and what it becomes over 1000 s to 1060 s in steps of 20 s; a
// step-invariant part is written between < and >.
#include "promql/prepare.h"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "promql/parser.h"
#include "promql/printer.h"

namespace slowburn::promql {
namespace {

constexpr EvaluationTimes kTimes = {.start_ms = 1'000'000, .end_ms = 1'060'000, .step_ms = 20'000};

// Print with the wrappers shown; enough of the language for the rows.
std::string Marked(const Expr& expr) {
  switch (expr.kind) {
    case Expr::Kind::kStepInvariant:
      return fmt::format("<{}>", Marked(*As<StepInvariant>(expr).expr));
    case Expr::Kind::kParen:
      return fmt::format("({})", Marked(*As<Paren>(expr).expr));
    case Expr::Kind::kBinary:
      return fmt::format("{} {} {}", Marked(*As<Binary>(expr).left),
                         BinaryOpText(As<Binary>(expr).op), Marked(*As<Binary>(expr).right));
    case Expr::Kind::kSubquery: {
      const auto& subquery = As<Subquery>(expr);
      const std::string whole = Print(expr);
      return Marked(*subquery.expr) + whole.substr(Print(*subquery.expr).size());
    }
    case Expr::Kind::kCall: {
      std::string args;
      for (const ExprPtr& arg : As<Call>(expr).args) {
        args += (args.empty() ? "" : ", ") + Marked(*arg);
      }
      return fmt::format("{}({})", As<Call>(expr).function->name, args);
    }
    case Expr::Kind::kAggregate: {
      const auto& aggregate = As<Aggregate>(expr);
      const std::string param = aggregate.param == nullptr ? "" : Marked(*aggregate.param) + ", ";
      return fmt::format("{}({}{})", AggregateOpText(aggregate.op), param, Marked(*aggregate.expr));
    }
    default:
      return Print(expr);
  }
}

struct PrepareCase {
  std::string name;
  std::string query;
  std::string want;
};

class PrepareTest : public ::testing::TestWithParam<PrepareCase> {};

TEST_P(PrepareTest, Becomes) {
  const auto expr = Parse(GetParam().query, ParserOptions::Everything());
  ASSERT_TRUE(expr.ok()) << expr.status();
  const std::string before = Print(**expr);
  const auto prepared = Prepare(**expr, GetParam().query, kTimes);
  if (prepared.ok()) {
    EXPECT_EQ(Marked(**prepared), GetParam().want);
  } else {
    EXPECT_EQ(std::string(prepared.status().message()), GetParam().want);
  }
  EXPECT_EQ(Print(**expr), before);
}

INSTANTIATE_TEST_SUITE_P(Durations, PrepareTest,
                         ::testing::ValuesIn<PrepareCase>({
                             {"Sum", "foo[26m+4m]", "foo[30m]"},
                             {"Modulo", "foo[30m1s-30m1s % 1m]", "foo[30m]"},
                             {"Nested", "foo[24m+((1.5*2m)+2m)]", "foo[29m]"},
                             {"Power", "foo[2^2^3]", "foo[4m16s]"},
                             {"Step", "foo[step()+1ms]", "foo[20s1ms]"},
                             {"Range", "foo[range()]", "foo[1m]"},
                             {"MinMax", "foo[max_of(min_of(step(),1h),1ms)]", "foo[20s]"},
                             {"NegativeOffset", "foo offset -(step()*2)", "foo offset -40s"},
                             {"ZeroOffset", "foo offset (step()-20)", "foo"},
                             {"Subquery", "foo[1m+1m:2*step()]", "foo[2m:40s]"},
                             {"TooShort", "sum_over_time(foo[step()-20])",
                              "1:19: duration must be greater than 0"},
                             {"DivisionByZero", "foo[1m/(step()-20)]", "1:5: division by zero"},
                             {"TooLong", "foo[step()^step()]", "1:5: duration is out of range"},
                         }),
                         [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    StepInvariants, PrepareTest,
    ::testing::ValuesIn<PrepareCase>({
        {"Selector", "foo", "foo"},
        {"At", "foo @ 10", "<foo @ 10.000>"},
        {"AtStart", "foo @ start()", "<foo @ 1000.000>"},
        {"AtEnd", "foo @ end() offset 1m", "<foo @ 1060.000 offset 1m>"},
        {"Literal", "1", "1"},
        {"LiteralInParens", "(1)", "(1)"},
        {"Sum", "1 + 2", "<1 + 2>"},
        {"OneSide", "foo + bar @ 10", "foo + <bar @ 10.000>"},
        {"LiteralSide", "foo + 1", "foo + 1"},
        {"Call", "abs(foo @ 10)", "<abs(foo @ 10.000)>"},
        {"RangeVectorStays", "predict_linear(foo[5m] @ 10, 60)",
         "predict_linear(foo[5m] @ 10.000, 60)"},
        {"TimeIsRead", "time() + (2 * 3)", "time() + <(2 * 3)>"},
        {"Aggregate", "sum(foo @ 10)", "<sum(foo @ 10.000)>"},
        {"ParameterVaries", "topk(scalar(foo), bar @ 10)", "topk(scalar(foo), <bar @ 10.000>)"},
        {"InsideSubquery", "max_over_time((foo @ 10)[5m:])",
         "max_over_time(<(foo @ 10.000)>[5m:])"},
        {"SubqueryAt", "max_over_time(foo[5m:] @ 10)", "<max_over_time(foo[5m:] @ 10.000)>"},
    }),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace slowburn::promql
