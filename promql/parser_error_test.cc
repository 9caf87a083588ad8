// Goal: a wrong query is refused in Prometheus' words, at Prometheus' place. Method: one row per
// way to be wrong; the words of most were compared with a running Prometheus 2.42, those of 3.x
// come from its documentation of what changed.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "promql/parser.h"

namespace slowburn::promql {
namespace {

struct ErrorCase {
  std::string name;
  std::string query;
  std::string want;
  ParserOptions options = ParserOptions::Everything();
};

class ParserErrorTest : public testing::TestWithParam<ErrorCase> {};

TEST_P(ParserErrorTest, IsRefused) {
  const auto expr = Parse(GetParam().query, GetParam().options);
  ASSERT_FALSE(expr.ok());
  EXPECT_EQ(expr.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(expr.status().message()), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Words, ParserErrorTest,
    testing::ValuesIn<ErrorCase>({
        {"Empty", "", "unknown position: parse error: no expression found in input"},
        {"OnlyComment", "# x", "1:1: parse error: no expression found in input"},
        {"EndsEarly", "1+", "1:3: parse error: unexpected end of input"},
        {"LoneDot", ".", "1:1: parse error: unexpected character: '.'"},
        {"DotBehindNumber", "2.5.", R"~(1:1: parse error: bad number or duration syntax: "2.5.")~"},
        {"TwoDots", "100..4", R"~(1:1: parse error: bad number or duration syntax: "100..")~"},
        {"Letters", "0deadbeef", R"~(1:1: parse error: bad number or duration syntax: "0de")~"},
        {"NoExponent", "1e", R"~(1:1: parse error: bad number or duration syntax: "1e")~"},
        {"TooLarge", "1e400",
         R"~(1:1: parse error: error parsing number: strconv.ParseFloat: parsing "1e400": value out of range)~"},
        {"StartsWithOperator", "*1", "1:1: parse error: unexpected <op:*>"},
        {"EqualSign", "5 = 5", "1:3: parse error: unexpected \"=\""},
        {"EqualTilde", "5 =~ 5", "1:3: parse error: unexpected character after '=': '~'"},
        {"LoneBang", "foo !x", "1:5: parse error: unexpected character after '!': 'x'"},
        {"BangAtEnd", "foo !", "1:5: parse error: unexpected character after '!': '\xEF\xBF\xBD'"},
        {"Symbol", "foo⌘", "1:4: parse error: unexpected character: '⌘'"},
        {"RightParen", "(1))", "1:5: parse error: unexpected right parenthesis ')'"},
        {"LeftParen", "((1)", "1:5: parse error: unclosed left parenthesis"},
        {"EmptyParen", "()", "1:2: parse error: unexpected \")\""},
        {"RightBrace", "foo}", "1:4: parse error: unexpected character: '}'"},
        {"TwoOperands", "foo bar", "1:5: parse error: unexpected identifier \"bar\""},
        {"MetricBehind", "a:b c:d", "1:5: parse error: unexpected metric identifier \"c:d\""},
        {"StringBehind", "foo 'abcdefghijklm'",
         R"~(1:5: parse error: unexpected string "'abcdefghi"...)~"},
        {"NumberBehind", "foo 123456789012345",
         R"~(1:5: parse error: unexpected number "1234567890"...)~"},
        {"SecondLine", "foo\n+ bar\n baz", "3:2: parse error: unexpected identifier \"baz\""},
        {"OpenString", "\"foo", "1:1: parse error: unterminated quoted string"},
        {"OpenRawString", "`foo", "1:1: parse error: unterminated raw string"},
        {"StringOverLines", "\"a\nb\"", "1:1: parse error: unterminated quoted string"},
        {"Escape", R"~(foo{a="\c"})~", "1:7: parse error: unknown escape sequence U+0063 'c'"},
        {"HexEscape", R"~(foo{a="\x."})~",
         "1:7: parse error: illegal character U+002E '.' in escape sequence"},
        {"Surrogate", R"~("\ud800")~",
         "1:1: parse error: escape sequence is an invalid Unicode code point"},
        {"EscapeAtEnd", R"~("\)~", "1:1: parse error: escape sequence not terminated"},
        {"NotUtf8", "foo{a=\"\xff\"}", "1:7: parse error: invalid UTF-8 rune"},
    }),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Selectors, ParserErrorTest,
    testing::ValuesIn<ErrorCase>({
        {"OpenBraces", "foo{", "1:5: parse error: unexpected end of input inside braces"},
        {"ValueUnquoted", "foo{a=b}",
         R"~(1:7: parse error: unexpected identifier "b" in label matching, expected string)~"},
        {"NoOperator", "foo{x}",
         R"~(1:6: parse error: unexpected "}" in label matching, expected label matching operator)~"},
        {"NoValue", "foo{\"a\"=}",
         R"~(1:9: parse error: unexpected "}" in label matching, expected string)~"},
        {"NoComma", R"~(foo{a="b" lol})~",
         R"~(1:11: parse error: unexpected identifier "lol" in label matching, expected "," or "}")~"},
        {"LoneComma", "foo{,}",
         R"~(1:5: parse error: unexpected "," in label matching, expected identifier or "}")~"},
        {"TwoOperators", R"~(foo{a= =~"b"})~",
         "1:8: parse error: unexpected <op:=~> in label matching, expected string"},
        {"Digit", "foo{1}", "1:5: parse error: unexpected character inside braces: '1'"},
        {"Tilde", R"~(foo{a~"b"})~", "1:6: parse error: unexpected character inside braces: '~'"},
        {"Bang", R"~(foo{a!"b"})~",
         "1:6: parse error: unexpected character after '!' inside braces: '\"'"},
        {"SecondBrace", "foo{{", "1:5: parse error: unexpected left brace '{'"},
        {"MatchesAll", "{}",
         "1:1: parse error: vector selector must contain at least one non-empty matcher"},
        {"MatchesAllByRegex", R"~({a=~".*"})~",
         "1:1: parse error: vector selector must contain at least one non-empty matcher"},
        {"NameTwice", R"~(foo{__name__="bar"})~",
         R"~(1:1: parse error: metric name must not be set twice: "foo" or "bar")~"},
        {"NameTwiceInBraces", R"~({"foo", "bar"})~",
         R"~(1:1: parse error: metric name must not be set twice: "foo" or "bar")~"},
        {"OffsetOfNumber", "1 offset 1d",
         "1:1: parse error: offset modifier must be preceded by an instant vector selector or "
         "range "
         "vector selector or a subquery"},
        {"OffsetTwice", "foo offset 1m offset 2m",
         "1:1: parse error: offset may not be set multiple times"},
        {"OffsetOfNothing", "foo offset",
         "1:11: parse error: unexpected end of input in offset, expected number, duration, step(), "
         "or range()"},
        {"AtOfCall", "time() @ 1",
         "1:1: parse error: @ modifier must be preceded by an instant vector selector or range "
         "vector selector or a subquery"},
        {"AtTwice", "foo @ 1 @ start()",
         "1:1: parse error: @ <timestamp> may not be set multiple times"},
        {"AtName", "foo @ bar",
         R"~(1:7: parse error: unexpected identifier "bar" in @, expected timestamp)~"},
        {"AtStartWithoutParens", "foo @ start",
         "1:12: parse error: unexpected end of input in @, expected timestamp"},
        {"AtInfinity", "foo @ Inf",
         "1:1: parse error: timestamp out of bounds for @ modifier: +Inf"},
        {"AnchoredInstant", "foo anchored", "1:1: parse error: anchored modifier not implemented"},
        {"AnchoredAndSmoothed", "foo[5m] anchored smoothed",
         "1:1: parse error: anchored and smoothed modifiers cannot be used together"},
    }),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Ranges, ParserErrorTest,
    testing::ValuesIn<ErrorCase>({
        {"UnknownUnit", "foo[5mm]", R"~(1:5: parse error: bad number or duration syntax: "5mm")~"},
        {"NoUnitBehind", "foo[5m1]", R"~(1:5: parse error: bad number or duration syntax: "5m1")~"},
        {"OddUnit", "foo[5hs]", R"~(1:5: parse error: unknown unit "hs" in duration "5hs")~"},
        {"UnitsOutOfOrder", "foo[5m1h]",
         R"~(1:5: parse error: not a valid duration string: "5m1h")~"},
        {"UnitTwice", "foo[5m1m]", R"~(1:5: parse error: not a valid duration string: "5m1m")~"},
        {"Centuries", "foo[300y]", "1:5: parse error: duration out of range"},
        {"Zero", "foo[0m]", "1:5: parse error: duration must be greater than 0"},
        {"LessThanAMillisecond", "foo[0.0001]",
         "1:5: parse error: duration must be greater than 0"},
        {"Negative", "foo[-1]", "1:5: parse error: duration must be greater than 0"},
        {"String", "foo[\"5m\"]",
         "1:5: parse error: unexpected character in duration expression: '\"'"},
        {"Nothing", "foo[]",
         R"~(1:5: parse error: unexpected "]" in subquery or range selector, expected number, duration, step(), or range())~"},
        {"EndInside", "foo[", "1:5: parse error: unexpected end of input in duration expression"},
        {"EndBehindDuration", "foo[5m", "1:7: parse error: unclosed left bracket"},
        {"TwoColons", "foo[5m:1m:1m]", "1:10: parse error: unexpected colon ':'"},
        {"ColonFirst", "foo[:5m]",
         "1:6: parse error: unexpected colon before duration in duration expression"},
        {"LeftBracket", "foo[5m[", "1:7: parse error: unexpected left bracket '['"},
        {"RightBracket", "foo[5m]]", "1:8: parse error: unexpected right bracket ']'"},
        {"Letter", "foo[5m x]", "1:8: parse error: unexpected character: 'x', expected ':'"},
        {"HalfSum", "foo[1m+]",
         R"~(1:8: parse error: unexpected "]" in subquery or range selector, expected number, duration, step(), or range())~"},
        {"DivisionByZero", "foo[1m/0]", "1:7: parse error: division by zero"},
        {"RangeOfParen", "(foo)[5m]", "1:6: parse error: ranges only allowed for vector selectors"},
        {"RangeBehindOffset", "foo offset 1m[5m]",
         "1:14: parse error: no offset modifiers allowed before range"},
        {"RangeBehindAt", "foo @ 1 [5m]", "1:9: parse error: no @ modifiers allowed before range"},
        {"SubqueryOfScalar", "1[5m:]",
         "1:1: parse error: subquery is only allowed on instant vector, got scalar instead"},
    }),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Types, ParserErrorTest,
    testing::ValuesIn<ErrorCase>({
        {"ScalarComparison", "1 == 1",
         "1:3: parse error: comparisons between scalars must use BOOL modifier"},
        {"BoolOfSum", "foo + bool bar",
         "1:5: parse error: bool modifier can only be used on comparison operators"},
        {"SetOfScalars", "1 and 1",
         R"~(1:1: parse error: set operator "and" not allowed in binary scalar expression)~"},
        {"GroupedSet", "foo or on(bar) group_left(baz) bar",
         R"~(1:1: parse error: no grouping allowed for "or" operation)~"},
        {"FilledSet", "foo or fill(0) bar",
         "1:1: parse error: filling in missing series not allowed for set operators"},
        {"GroupWithoutOn", "a + group_left(x) b", "1:5: parse error: unexpected <group_left>"},
        {"OnTwice", "a - on(b) ignoring(c) d", "1:11: parse error: unexpected <ignoring>"},
        {"LabelInBoth", "foo + on(a) group_left(a) bar",
         R"~(1:5: parse error: label "a" must not occur in ON and GROUP clause at once)~"},
        {"MatchingOfScalar", "foo == bool on(a) group_left 1",
         "1:1: parse error: vector matching only allowed between instant vectors"},
        {"StringOperand", "foo + 'a'",
         "1:7: parse error: binary expression must contain only scalar and instant vector types"},
        {"SignOfString", "-'a'",
         "1:1: parse error: unary expression only allowed on expressions of type scalar or instant "
         "vector, got \"string\""},
        {"SignOfRange", "-foo[5m]",
         "1:1: parse error: unary expression only allowed on expressions of type scalar or instant "
         "vector, got \"range vector\""},
        {"UnknownFunction", "nope()", R"~(1:1: parse error: unknown function with name "nope")~"},
        {"UpperCaseFunction", "Rate(foo[5m])",
         R"~(1:1: parse error: unknown function with name "Rate")~"},
        {"ArgumentsBeforeName", "nope(1+)", "1:8: parse error: unexpected \")\""},
        {"TooMany", "time(1)",
         R"~(1:1: parse error: expected 0 argument(s) in call to "time", got 1)~"},
        {"TooManyOptional", "hour(a,b,c)",
         R"~(1:1: parse error: expected at most 1 argument(s) in call to "hour", got 3)~"},
        {"TooFewOfAny", "label_join(a)",
         R"~(1:1: parse error: expected at least 3 argument(s) in call to "label_join", got 1)~"},
        {"WrongArgument", "rate(foo)",
         R"~(1:6: parse error: expected type range vector in call to function "rate", got instant vector)~"},
        {"TrailingComma", "abs(foo,)",
         "1:8: parse error: trailing commas not allowed in function call args"},
        {"CommaBeforeOperator", "label_join(foo, = 'a')",
         "1:15: parse error: trailing commas not allowed in function call args"},
        {"ErrorBehindComma", "abs(foo, })", "1:10: parse error: unexpected character: '}'"},
        {"InfoOfName", "info(foo, bar)",
         "1:11: parse error: expected label selectors only, got vector selector instead"},
        {"NoArguments", "sum()",
         "1:1: parse error: no arguments for aggregate expression provided"},
        {"TooManyForAggregate", "sum(1,2)",
         "1:1: parse error: wrong number of arguments for aggregate expression provided, expected "
         "1, "
         "got 2"},
        {"TooFewForAggregate", "topk(foo)",
         "1:1: parse error: wrong number of arguments for aggregate expression provided, expected "
         "2, "
         "got 1"},
        {"AggregateOfScalar", "sum(1)",
         "1:5: parse error: expected type instant vector in aggregation expression, got scalar"},
        {"WrongParameter", "topk(foo, bar)",
         "1:6: parse error: expected type scalar in aggregation parameter, got instant vector"},
        {"WrongLabelParameter", "count_values(5, bar)",
         "1:14: parse error: expected type string in aggregation parameter, got scalar"},
        {"AggregateWithoutParens", "sum foo by (a)",
         R"~(1:5: parse error: unexpected identifier "foo")~"},
        {"InsideAggregate", "sum(1 +)", R"~(1:8: parse error: unexpected ")" in aggregation)~"},
        {"GroupingWithoutParens", "sum(x) by test",
         R"~(1:11: parse error: unexpected identifier "test" in grouping opts, expected "(")~"},
        {"GroupingByOperator", "sum without(==)(x)",
         "1:13: parse error: unexpected <op:==> in grouping opts, expected label"},
        {"GroupingByNumber", "sum by (inf) (x)",
         R"~(1:9: parse error: unexpected number "inf" in grouping opts, expected label)~"},
        {"GroupingTwice", "sum (x) without (a) by (b)", "1:21: parse error: unexpected <by>"},
    }),
    [](const auto& info) { return info.param.name; });

// Goal: without its switch an experimental feature is refused, and the error names the
// switch.
INSTANTIATE_TEST_SUITE_P(
    Switches, ParserErrorTest,
    testing::ValuesIn<ErrorCase>({
        {"Function",
         "mad_over_time(foo[5m])",
         "1:1: parse error: function \"mad_over_time\" is not enabled (experimental: "
         "promql-experimental-functions)",
         {}},
        {"Aggregation",
         "limitk(1, foo)",
         "1:1: parse error: limitk() is experimental and must be enabled with "
         "--enable-feature=promql-experimental-functions",
         {}},
        {"Anchored",
         "rate(foo[5m] anchored)",
         "1:14: parse error: anchored modifier is experimental and not enabled "
         "(promql-extended-range-selectors)",
         {}},
        {"Smoothed",
         "foo smoothed",
         "1:5: parse error: smoothed modifier is experimental and not enabled "
         "(promql-extended-range-selectors)",
         {}},
        {"Fill",
         "foo + fill(0) bar",
         "1:7: parse error: binary operator fill modifiers are experimental and not "
         "enabled "
         "(promql-binop-fill-modifiers)",
         {}},
    }),
    [](const auto& info) { return info.param.name; });

// Goal: no input makes the parser recurse or remember without bound. Method: what would.
TEST(ParserBoundsTest, RefusesWhatIsTooDeepOrTooMuch) {
  const auto repeat = [](std::string_view text, size_t count) {
    std::string all;
    while (count-- > 0) all += text;
    return all;
  };
  const std::string deep = "levels deep; write it in parts";
  const std::string cases[][2] = {
      {repeat("(", 5000), deep},
      {repeat("-", 5000) + "foo", deep},
      {repeat("abs(", 5000), deep},
      {"1" + repeat("^1", 5000), deep},
      {"1" + repeat("+1", 5000), deep},
      {"foo[" + repeat("(", 5000), deep},
      {"foo[1" + repeat("+1", 5000) + "]", deep},
      {"foo" + repeat("[1m:]", 5000), deep},
      {"foo offset -" + repeat("(", 5000), deep},
      {repeat("a", kQueryBytesMax + 1), "bytes, at most 262144; write it in parts"},
      {"foo{" + repeat("a=\"b\",", 100) + "}", "more than 64 matchers"},
      {"0" + repeat("+foo{a=~\"b\"}", 300), "more than 200 regular expressions"},
      {"foo{a=~\"(" + repeat("x{1000}", 100) + "){1000}\"}", "error parsing regexp"},
      {repeat("9", 400), "value out of range"},
  };
  for (const auto& [query, want] : cases) {
    const auto expr = Parse(query, ParserOptions::Everything());
    ASSERT_FALSE(expr.ok()) << query.substr(0, 40);
    EXPECT_THAT(std::string(expr.status().message()), testing::HasSubstr(want))
        << query.substr(0, 40);
  }
}

TEST(ParserBoundsTest, TakesWhatIsLongButFlat) {
  std::string args;
  for (int i = 0; i < 2000; ++i) args += ", \"label\"";
  EXPECT_TRUE(Parse("label_join(foo, \"a\", \"b\"" + args + ")").ok());
  std::string sum = "foo";
  for (int i = 0; i < 400; ++i) sum += " or foo";
  EXPECT_TRUE(Parse(sum).ok());
}

}  // namespace
}  // namespace slowburn::promql
