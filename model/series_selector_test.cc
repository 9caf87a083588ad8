// Goal: a selector means what it means to Prometheus, however it is spelled; each slip is refused
// with its column and what to write. Method: rows of text against canonical text, against label
// sets, and against errors.
#include "model/series_selector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"

namespace slowburn::model {
namespace {

using testing::HasSubstr;

struct ReadCase {
  const char* name;
  std::string text;
  std::string want;
};
class SeriesSelectorReadTest : public testing::TestWithParam<ReadCase> {};

TEST_P(SeriesSelectorReadTest, HasItsCanonicalTextWhichReadsBack) {
  const auto selector = SeriesSelector::Parse(GetParam().text);
  ASSERT_TRUE(selector.ok()) << selector.status();
  EXPECT_EQ(selector->CanonicalText(), GetParam().want);
  const auto again = SeriesSelector::Parse(selector->CanonicalText());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->CanonicalText(), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    All, SeriesSelectorReadTest,
    testing::ValuesIn<ReadCase>({
        {"NameAlone", "up", R"({__name__="up"})"},
        {"NameWithColon", "job:up:sum", R"({__name__="job:up:sum"})"},
        {"EmptyBraces", "up{}", R"({__name__="up"})"},
        {"Matchers", R"(up{job="a",code=~"5..",x!="y",z!~"q|r"})",
         R"({__name__="up",code=~"5..",job="a",x!="y",z!~"q|r"})"},
        {"InAnyOrder", R"({z="1",a="2",__name__="up"})", R"({__name__="up",a="2",z="1"})"},
        {"SaidTwice", R"(up{a="2",a="2"})", R"({__name__="up",a="2"})"},
        {"OneLabelTwice", R"(up{a!="2",a!="1"})", R"({__name__="up",a!="1",a!="2"})"},
        {"TrailingComma", R"(up{a="2",})", R"({__name__="up",a="2"})"},
        {"SpaceAndComments", "  up # all\n {\ta = 'x' , # one\n b!=`y` }\n#end",
         R"({__name__="up",a="x",b!="y"})"},
        {"QuotedName", R"({"my.name", a="b"})", R"({__name__="my.name",a="b"})"},
        {"QuotedNameLast", R"({a="b", 'my.name'})", R"({__name__="my.name",a="b"})"},
        {"QuotedLabel", R"({"http.route"="/pay"})", R"({"http.route"="/pay"})"},
        {"NameByRegex", R"({__name__=~"a|b"})", R"({__name__=~"a|b"})"},
        {"Keyword", R"(sum{by="x"})", R"({__name__="sum",by="x"})"},
        {"Escapes", R"(up{a="\"\\\n\x41\u00e9\U0001F600\101\t"})",
         "{__name__=\"up\",a=\"\\\"\\\\\\nA\u00e9\U0001F600A\t\"}"},
        {"SingleQuotes", R"(up{a='"\''})", R"({__name__="up",a="\"'"})"},
        {"Raw", R"(up{a=`\d"`})", R"({__name__="up",a="\\d\""})"},
        {"BraceInString", R"(up{a="}"})", R"({__name__="up",a="}"})"},
        {"DigitsInNames", R"(up2{a2="1"})", R"({__name__="up2",a2="1"})"},
    }),
    [](const auto& info) { return info.param.name; });

struct RefusedCase {
  const char* name;
  std::string text;
  std::string want;
};
class SeriesSelectorRefusedTest : public testing::TestWithParam<RefusedCase> {};

TEST_P(SeriesSelectorRefusedTest, SaysWhereAndWhatToWrite) {
  const auto selector = SeriesSelector::Parse(GetParam().text);
  ASSERT_FALSE(selector.ok()) << selector->CanonicalText();
  EXPECT_EQ(selector.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(base::Message(selector.status())), HasSubstr(GetParam().want));
}

INSTANTIATE_TEST_SUITE_P(
    All, SeriesSelectorRefusedTest,
    testing::ValuesIn<RefusedCase>({
        {"Empty", "", "column 1: the selector is empty; write one like"},
        {"OnlySpace", "  ", "column 3: the selector is empty"},
        {"EmptyBraces", "{}", "column 1: every series would match; write a metric's name"},
        {"MatchesNothing", R"({a=""})", "every series would match"},
        {"MatchesAll", R"({a=~".*",b!="x"})", "every series would match"},
        {"NoMetricName", "5xx", "column 1: found '5'; a selector begins with a metric's name"},
        {"NoValue", "up{a=5}", "column 6: found '5' after label a; a value stands in quotes"},
        {"NoOperator", R"(up{a})", "column 5: found '}' after label a; write =, !=, =~ or !~"},
        {"DoubleEquals", R"(up{a=="b"})", "column 6: found '=' after label a"},
        {"NoLabel", R"(up{="b"})", "column 4: found '='; write a label's name"},
        {"ColonInLabel", R"(up{a:b="c"})", "column 5: found ':' after label a"},
        {"NoEnd", R"(up{a="b")", "column 9: found the end; write , or }"},
        {"NoComma", R"(up{a="b" c="d"})", "column 10: found 'c'; write , or }"},
        {"StringWithoutEnd", R"(up{a="b})", "column 6: a string has no end; close it with \""},
        {"LineBreakInString", "up{a=\"b\n\"}", "column 6: a string has no end"},
        {"UnknownEscape", R"(up{a="\d"})", R"(column 6: \d is no escape; write \\ for)"},
        {"LoneSurrogate", R"(up{a="\ud800"})", R"(\u is no escape)"},
        {"NotUtf8", R"(up{a="\xff"})", "column 6: a string is not UTF-8"},
        {"BadRegex", R"(up{a=~"(x"})", R"(column 7: "(x" is not a regular expression)"},
        {"LookAhead", R"re(up{a=~"(?=x)"})re", "write RE2 syntax"},
        {"NameTwice", R"(up{__name__="down"})", "column 4: the metric's name stands twice"},
        {"NameTwiceQuoted", R"({"up","down"})", "column 7: the metric's name stands twice"},
        {"Range", "up[5m]", "column 3: a selector here has no range; leave out [...]"},
        {"Function", "rate(up[5m])", "column 5: a selector calls no function"},
        {"Offset", "up offset 5m", "column 4: a selector here has no offset"},
        {"Operator", "up + 1", "column 4: found '+' after the selector"},
        {"ColumnsCountCharacters", "up{a=\"\u00e9\u00e9\",=}", "column 11: found '='"},
    }),
    [](const auto& info) { return info.param.name; });

TEST(SeriesSelectorTest, BoundsItsInput) {
  EXPECT_FALSE(SeriesSelector::Parse(std::string(SeriesSelector::kBytesMax + 1, 'a')).ok());
  std::string many = "up{";
  for (size_t i = 0; i < SeriesSelector::kMatchersMax; ++i) many += fmt::format("a{}=\"x\",", i);
  EXPECT_FALSE(SeriesSelector::Parse(many + "}").ok());  // The name is one more.
  EXPECT_FALSE(SeriesSelector::Parse("up{a=~\"" + std::string(4097, 'a') + "\"}").ok());
}

struct MatchCase {
  const char* name;
  std::string selector;
  LabelSet labels;
  bool want;
};
class SeriesSelectorMatchTest : public testing::TestWithParam<MatchCase> {};

TEST_P(SeriesSelectorMatchTest, Matches) {
  const auto selector = SeriesSelector::Parse(GetParam().selector);
  ASSERT_TRUE(selector.ok()) << selector.status();
  EXPECT_EQ(selector->Matches(GetParam().labels), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    All, SeriesSelectorMatchTest,
    testing::ValuesIn<MatchCase>({
        {"Name", "up", {{"__name__", "up"}}, true},
        {"OtherName", "up", {{"__name__", "down"}}, false},
        {"Equal", R"(up{a="1"})", {{"__name__", "up"}, {"a", "1"}}, true},
        {"AbsentIsEmpty", R"(up{a=""})", {{"__name__", "up"}}, true},
        {"AbsentIsNotEqual", R"(up{a!="1"})", {{"__name__", "up"}}, true},
        {"PresentWantedAbsent", R"(up{a=""})", {{"__name__", "up"}, {"a", "1"}}, false},
        {"RegexIsAnchored", R"(up{a=~"5."})", {{"__name__", "up"}, {"a", "503"}}, false},
        {"RegexAlternatives", R"(up{a=~"x|503"})", {{"__name__", "up"}, {"a", "503"}}, true},
        {"RegexTakesLineBreaks", R"(up{a=~"a.b"})", {{"__name__", "up"}, {"a", "a\nb"}}, true},
        {"RegexOnAbsent", R"(up{a=~"x?"})", {{"__name__", "up"}}, true},
        {"NotRegex", R"(up{a!~"5.."})", {{"__name__", "up"}, {"a", "503"}}, false},
        {"NotRegexOnAbsent", R"(up{a!~"5.."})", {{"__name__", "up"}}, true},
        {"AllMustMatch", R"(up{a="1",b="2"})", {{"__name__", "up"}, {"a", "1"}}, false},
    }),
    [](const auto& info) { return info.param.name; });

TEST(SeriesSelectorTest, KnowsTheOneNameItNeeds) {
  EXPECT_EQ(SeriesSelector::Parse("up{a=\"1\"}")->metric_name(), "up");
  EXPECT_EQ(SeriesSelector::Parse(R"({__name__="up"})")->metric_name(), "up");
  EXPECT_EQ(SeriesSelector::Parse(R"({__name__=~"up"})")->metric_name(), std::nullopt);
  EXPECT_EQ(SeriesSelector::Parse(R"({a="1"})")->metric_name(), std::nullopt);
}

TEST(SeriesSelectorTest, LooksLabelsUp) {
  const auto selector = SeriesSelector::Parse(R"(up{a="1"})");
  const auto value_of = [](std::string_view name) -> std::string_view {
    return name == "a" ? "1" : name == "__name__" ? "up" : "";
  };
  EXPECT_TRUE(selector->Matches(value_of));
}

}  // namespace
}  // namespace slowburn::model
