// Goal: a query means what Prometheus says it means, however it is spelled. Method: one row per
// form: the text and its normal form, whose parentheses and durations show how it was read.
#include "promql/parser.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "promql/printer.h"

namespace slowburn::promql {
namespace {

struct ParseCase {
  std::string name;
  std::string query;
  std::string want;  // "": the query itself
};

class ParserTest : public testing::TestWithParam<ParseCase> {};

TEST_P(ParserTest, PrintsNormalForm) {
  const auto expr = Parse(GetParam().query, ParserOptions::Everything());
  ASSERT_TRUE(expr.ok()) << expr.status();
  const std::string& want = GetParam().want.empty() ? GetParam().query : GetParam().want;
  EXPECT_EQ(Print(**expr), want);
  const auto again = Parse(want, ParserOptions::Everything());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(Print(**again), want);
}

INSTANTIATE_TEST_SUITE_P(Numbers, ParserTest,
                         testing::ValuesIn<ParseCase>({
                             {"Integer", "1", ""},
                             {"TrailingDot", "2.", "2"},
                             {"LeadingDot", ".5", "0.5"},
                             {"Exponent", "12.34e+6", "12340000"},
                             {"NegativeExponent", "-0.2e-6", "-0.0000002"},
                             {"Hexadecimal", "0x1F", "31"},
                             {"HexadecimalWithE", "0xeE", "238"},
                             {"Octal", "017", "15"},
                             {"NotOctal", "08", "8"},
                             {"Underscores", "1_000_000", "1000000"},
                             {"Infinity", "inF", "+Inf"},
                             {"NegativeInfinity", "-Inf", ""},
                             {"PowerOfInfinity", "Inf ^ 2", ""},
                             {"NotANumber", "nan", "NaN"},
                             {"LargeHasNoExponent", "1e23", "100000000000000000000000"},
                             {"Tiny", "1e-7", "0.0000001"},
                             {"Underflow", "1e-400", "0"},
                             {"Duration", "5m", ""},
                             {"DurationOfManyUnits", "1m0s", "1m"},
                             {"NegativeDuration", "-90s", "-1m30s"},
                             {"Milliseconds", "1ms", ""},
                             {"WeeksComeOutEven", "14d", "2w"},
                             {"DoubleSign", "--1", "1"},
                         }),
                         [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Operators, ParserTest,
    testing::ValuesIn<ParseCase>({
        {"SignBindsBelowPower", "-1^2", "-1 ^ 2"},
        {"SignOfVector", "- foo", "-foo"},
        {"PlusOfVector", "+foo", ""},
        {"Spaces", "1+1", "1 + 1"},
        {"Atan2", "foo atan2 bar", ""},
        {"BoolComparison", "1 >bool 2", "1 > bool 2"},
        {"On", "foo*on(a,b)bar", "foo * on (a, b) bar"},
        {"OnNothing", "foo * on() bar", "foo * on () bar"},
        {"IgnoringNothing", "foo * ignoring() bar", "foo * bar"},
        {"GroupLeft", "foo / on(a,) group_left(b) bar", "foo / on (a) group_left (b) bar"},
        {"GroupRightBare", "foo / ignoring(a) group_right bar",
         "foo / ignoring (a) group_right () bar"},
        {"QuotedLabels", "foo + on(\"a.b\", c) bar", "foo + on (\"a.b\", c) bar"},
        {"KeywordsAsLabels", "foo + on(sum, bool, on) bar", "foo + on (sum, bool, on) bar"},
        {"SetOperators", "foo and bar unless baz or qux", ""},
        {"Trim", "foo </ 2 + bar>/-1", "foo </ 2 + bar >/ -1"},
        {"Comment", "foo # all of it\n + 1", "foo + 1"},
        {"Fill", "foo + on (a) fill(0) bar", "foo + on (a) fill (0) bar"},
        {"FillSides", "foo + fill_left(-1) fill_right(NaN) bar",
         "foo + fill_left (-1) fill_right (NaN) bar"},
        {"FillIsAName", "foo + fill", ""},
    }),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Selectors, ParserTest,
    testing::ValuesIn<ParseCase>({
        {"Name", "foo", ""},
        {"RecordingRule", "job:foo:rate5m", ""},
        {"EmptyBraces", "foo{}", "foo"},
        {"MatchersSorted", "foo{ b='1', a!=\"2\", }", R"~(foo{a!="2",b="1"})~"},
        {"AllOperators", R"~(foo{a="1",b!="2",c=~"3",d!~"4"})~", ""},
        {"NameInBraces", "{__name__=\"foo\"}", ""},
        {"QuotedName", "{\"my.metric\"}", "{__name__=\"my.metric\"}"},
        {"QuotedNameAndLabel", R"~({"my.metric","a.b"="c"})~",
         R"~({"a.b"="c",__name__="my.metric"})~"},
        {"RawString", "foo{a=`\\d`}", R"~(foo{a="\\d"})~"},
        {"Escapes", R"~(foo{a="\x41é\n\t\\"})~", R"~(foo{a="Aé\n\t\\"})~"},
        {"KeywordName", "sum", ""},
        {"KeywordNameWithBraces", R"~(by{a="b"})~", ""},
        {"KeywordLabel", R"~(foo{sum="a",offset="b"})~", R"~(foo{offset="b",sum="a"})~"},
        {"StartIsAName", "start", ""},
        {"ManyNames", R"~({__name__=~"a.*",__name__!~"ab"})~",
         R"~({__name__!~"ab",__name__=~"a.*"})~"},
        {"Offset", "foo offset 1h30m", ""},
        {"NegativeOffset", "foo offset -1w", ""},
        {"OffsetOfSeconds", "foo offset 300", "foo offset 5m"},
        {"OffsetUpperCase", "foo OFFSET 1d", "foo offset 1d"},
        {"At", "foo @ 1.5", "foo @ 1.500"},
        {"NegativeAt", "foo @ -10", "foo @ -10.000"},
        {"AtDuration", "foo @ 1m40s", "foo @ 100.000"},
        {"AtStart", "foo @ start()", ""},
        {"AtEndBehindOffset", "foo offset 5m @ end()", "foo @ end() offset 5m"},
        {"Range", "foo[5m]", ""},
        {"RangeOfSeconds", "foo[ 300 ]", "foo[5m]"},
        {"RangeWithShift", R"~(foo{a="b"}[5m] offset 1m @ 3)~",
         R"~(foo{a="b"}[5m] @ 3.000 offset 1m)~"},
        {"Subquery", "foo[1h:5m]", ""},
        {"SubqueryDefaultStep", "rate(foo[5m])[1h:] offset 2m", ""},
        {"SubqueryOfBinary", "(foo + bar)[1h:30s] @ start()", ""},
        {"Anchored", "rate(foo[5m] anchored)", ""},
        {"SmoothedWithOffset", "rate(foo[5m] smoothed offset 1m)", ""},
        {"SmoothedInstant", "foo smoothed", ""},
    }),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Durations, ParserTest,
    testing::ValuesIn<ParseCase>({
        {"Sum", "foo[26m+4m]", "foo[26m + 4m]"},
        {"ParensAndNumbers", "foo[2m*(10+5)]", "foo[2m * (10 + 5)]"},
        {"LeadingSign", "foo[-5m+35m]", "foo[-5m + 35m]"},
        {"Power", "foo[2^2^3]", "foo[2 ^ 2 ^ 3]"},
        {"PowerOfNegative", "foo[(-2)^2]", "foo[(-2) ^ 2]"},
        {"Modulo", "foo[1h30m % 1h]", ""},
        {"Step", "foo[STep()+1]", "foo[step() + 1]"},
        {"SubqueryOverStep", "foo[step():]", ""},
        {"MinMax", "foo[max_of(min_of(step(),1h),1ms)]", "foo[max_of(min_of(step(), 1h), 1ms)]"},
        {"SubqueryParts", "foo[1m+1m:2*step()]", "foo[1m + 1m:2 * step()]"},
        {"Offset", "foo offset (2*3m)", "foo offset (2 * 3m)"},
        {"OffsetTakesOneOperand", "foo offset 100 + 2", "foo offset 1m40s + 2"},
        {"NegatedOffset", "foo offset -(step()*2)", "foo offset -(step() * 2)"},
        {"OffsetOfStep", "foo offset -step() * 2", ""},
        {"OffsetOfRange", "foo offset range()", ""},
    }),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Calls, ParserTest,
    testing::ValuesIn<ParseCase>({
        {"NoArguments", "time()", ""},
        {"OptionalArgumentLeftOut", "hour()", ""},
        {"Arguments", "label_join(foo,'a','-','b','c')",
         R"~(label_join(foo, "a", "-", "b", "c"))~"},
        {"NameLikeFunction", "rate + abs", ""},
        {"Experimental", "mad_over_time(foo[5m])", ""},
        {"ScalarOfStart", "start() - end() + step()", ""},
        {"InfoMatchesAll", R"~(info(foo, {__name__=~".*"}))~", ""},
        {"Aggregate", "sum(foo)", ""},
        {"GroupingBehind", "SUM(foo) BY (a, b,)", "sum by (a, b) (foo)"},
        {"Without", "avg without(a) (foo)", "avg without (a) (foo)"},
        {"WithoutNothing", "avg without() (foo)", "avg without () (foo)"},
        {"ByNothing", "avg by() (foo)", "avg(foo)"},
        {"Parameter", "topk by (a) (5, foo)", ""},
        {"CountValues", "count_values('v', foo)", R"~(count_values("v", foo))~"},
        {"Limitk", "limitk(2, foo)", ""},
        {"GroupingByNumber", "sum by ('inf') (foo)", R"~(sum by ("inf") (foo))~"},
        {"QuotedGrouping", "sum by ('a.b') (foo)", R"~(sum by ("a.b") (foo))~"},
        {"String", "'a\"b'", R"~("a\"b")~"},
    }),
    [](const auto& info) { return info.param.name; });

// How operators group shows only when they are put in parentheses.
std::string Grouped(const Expr& expr) {
  if (expr.kind == Expr::Kind::kUnary) return "(-" + Grouped(*As<Unary>(expr).expr) + ")";
  if (expr.kind != Expr::Kind::kBinary) return Print(expr);
  const auto& binary = As<Binary>(expr);
  return "(" + Grouped(*binary.left) + " " + std::string(BinaryOpText(binary.op)) + " " +
         Grouped(*binary.right) + ")";
}

class PrecedenceTest : public testing::TestWithParam<ParseCase> {};

TEST_P(PrecedenceTest, Groups) {
  const auto expr = Parse(GetParam().query);
  ASSERT_TRUE(expr.ok()) << expr.status();
  EXPECT_EQ(Grouped(**expr), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(All, PrecedenceTest,
                         testing::ValuesIn<ParseCase>({
                             {"LeftToRight", "a - b - c", "((a - b) - c)"},
                             {"PowerRightToLeft", "a ^ b ^ c", "(a ^ (b ^ c))"},
                             {"SignThenPower", "-a ^ b", "(-(a ^ b))"},
                             {"SignBeforeTimes", "-a * b", "((-a) * b)"},
                             {"PowerOfSigned", "a ^ -b * c", "((a ^ (-b)) * c)"},
                             {"TimesBeforePlus", "a + b * c", "(a + (b * c))"},
                             {"Atan2LikeTimes", "a * b atan2 c", "((a * b) atan2 c)"},
                             {"PlusBeforeComparison", "a == b + c", "(a == (b + c))"},
                             {"ComparisonBeforeAnd", "a and b > c", "(a and (b > c))"},
                             {"AndLikeUnless", "a unless b and c", "((a unless b) and c)"},
                             {"OrLast", "a or b and c or d", "((a or (b and c)) or d)"},
                         }),
                         [](const auto& info) { return info.param.name; });

// Goal: annotations and errors point where Prometheus points. Method: the text of each node.
TEST(ParserRangeTest, NodesKnowTheirText) {
  const std::string text =
      "sum by (a) (rate(foo{b=\"c\"}[5m] offset 1m)) / -(max_over_time(bar[1h:5m] @ 7))";
  const auto expr = Parse(text);
  ASSERT_TRUE(expr.ok()) << expr.status();
  const auto text_of = [&](const Expr& node) {
    return text.substr(node.range.begin, node.range.end - node.range.begin);
  };
  const auto& binary = As<Binary>(**expr);
  EXPECT_EQ(text_of(binary), text);
  EXPECT_EQ(text_of(*binary.left), "sum by (a) (rate(foo{b=\"c\"}[5m] offset 1m))");
  const auto& rate = As<Call>(*As<Aggregate>(*binary.left).expr);
  EXPECT_EQ(text_of(rate), "rate(foo{b=\"c\"}[5m] offset 1m)");
  EXPECT_EQ(text_of(*rate.args[0]), "foo{b=\"c\"}[5m] offset 1m");
  EXPECT_EQ(text_of(*As<MatrixSelector>(*rate.args[0]).vector), "foo{b=\"c\"}");
  EXPECT_EQ(text_of(*binary.right), "-(max_over_time(bar[1h:5m] @ 7))");
}

}  // namespace
}  // namespace slowburn::promql
