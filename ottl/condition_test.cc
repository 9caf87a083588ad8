// Goal: a condition has one text, splits into its conjuncts, and says what it reads. Method: tables
// of conditions.
#include "ottl/condition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slowburn::ottl {
namespace {

using testing::ElementsAre;

Condition Parsed(std::string_view text) {
  auto condition = Condition::Parse(text);
  EXPECT_TRUE(condition.ok()) << text << ": " << condition.status();
  return condition.ok() ? *condition : Condition::Parse("false").value();
}

TEST(ConditionTest, EverySpellingHasOneText) {
  struct Case {
    std::string_view written;
    std::string_view canonical;
  };
  for (const Case& c : {
           Case{"true", "true"},
           Case{" ( ( false ) ) ", "false"},
           Case{"span.kind==SPAN_KIND_SERVER", "span.kind == SPAN_KIND_SERVER"},
           Case{"span.kind == 2", "span.kind == SPAN_KIND_SERVER"},
           Case{"2 == span.kind", "span.kind == SPAN_KIND_SERVER"},
           Case{"span.kind == 17", "span.kind == 17"},
           Case{"span.status.code != 2", "span.status.code != STATUS_CODE_ERROR"},
           Case{R"(span.attributes["a"] == SPAN_KIND_SERVER)", R"(span.attributes["a"] == 2)"},
           Case{"\n span . name\t==\r\"x\"", R"(span.name == "x")"},
           Case{"span.name == \"a\nb\tc\rd\"", R"(span.name == "a\nb\tc\rd")"},
           Case{R"(span.name == "\"\\")", R"(span.name == "\"\\")"},
           Case{R"(instrumentation_scope.name < "x")", R"(scope.name < "x")"},
           Case{R"("x" < scope.name)", R"(scope.name > "x")"},
           Case{R"("x" >= scope.name)", R"(scope.name <= "x")"},
           Case{"span.duration > 90m", "span.duration > 1h30m"},
           Case{R"(span.duration > Duration("1000ms"))", "span.duration > 1s"},
           Case{"0s != span.duration", "span.duration != 0s"},
           Case{"span.trace_id == 0XABcd", "span.trace_id == 0xabcd"},
           Case{"span.parent_span_id == 0x0000000000000000", "span.parent_span_id == nil"},
           Case{R"(span.attributes["a"] > 1e3)", R"(span.attributes["a"] > 1000)"},
           Case{R"(span.attributes["a"] > 1.50)", R"(span.attributes["a"] > 1.5)"},
           Case{R"(span.attributes["a"] > 0.1)", R"(span.attributes["a"] > 0.1)"},
           Case{R"(span.attributes["a"] > 1e300)", R"(span.attributes["a"] > 1e+300)"},
           Case{R"(span.attributes["a"] > -2.5e-7)", R"(span.attributes["a"] > -2.5e-07)"},
           Case{R"(span.attributes["a"] == -9223372036854775808)",
                R"(span.attributes["a"] == -9223372036854775808)"},
           Case{R"(span.attributes["a"] == true)", R"(span.attributes["a"] == true)"},
           Case{R"(nil != span.attributes["a"])", R"(span.attributes["a"] != nil)"},
           Case{R"(IsMatch( span.name ,"^\\d+$" ))", R"(IsMatch(span.name, "^\\d+$"))"},
           Case{R"(HasPrefix(span.name,"a") or HasSuffix(span.name,"b"))",
                R"(HasPrefix(span.name, "a") or HasSuffix(span.name, "b"))"},
           Case{"((true) and (true and (false)))", "true and true and false"},
           Case{"(true and true) or (false)", "true and true or false"},
           Case{"(true or true) and false", "(true or true) and false"},
           Case{"true or (true and false)", "true or true and false"},
           Case{"true or (true or false)", "true or true or false"},
           Case{"not (true)", "not true"},
           Case{"not (not true)", "not (not true)"},
           Case{"not (true and false) or not (true or false)",
                "not (true and false) or not (true or false)"},
       }) {
    const Condition condition = Parsed(c.written);
    EXPECT_EQ(condition.CanonicalText(), c.canonical) << c.written;
    EXPECT_EQ(condition.text(), c.written);
    EXPECT_EQ(Parsed(c.canonical).CanonicalText(), c.canonical);
  }
}

TEST(ConditionTest, EverySpellingOnLogsHasOneText) {
  struct Case {
    std::string_view written;
    std::string_view canonical;
  };
  for (const Case& c : {
           Case{"17<=log.severity_number", "log.severity_number >= SEVERITY_NUMBER_ERROR"},
           Case{"log.severity_number == 99", "log.severity_number == 99"},
           Case{"log.flags == 1", "log.flags == 1"},
           Case{R"("x" == log . body)", R"(log.body == "x")"},
           Case{"log.body == SEVERITY_NUMBER_INFO", "log.body == 9"},
           Case{R"(log.attributes["a"]==1e3)", R"(log.attributes["a"] == 1000)"},
           Case{"log.trace_id != 0x00000000000000000000000000000000", "log.trace_id != nil"},
           Case{"log.span_id == 0x0000000000000000", "log.span_id == nil"},
           Case{"log.span_id > 0x0000000000000000", "log.span_id > 0x0000000000000000"},
           Case{R"(instrumentation_scope.name == "x")", R"(scope.name == "x")"},
           Case{R"(HasPrefix( log.event_name,"a"))", R"(HasPrefix(log.event_name, "a"))"},
       }) {
    const auto condition = Condition::Parse(c.written, Context::kLog);
    ASSERT_TRUE(condition.ok()) << c.written << ": " << condition.status();
    EXPECT_EQ(condition->CanonicalText(), c.canonical);
  }
}

TEST(ConditionTest, TheTreeIsFlat) {
  const Condition condition = Parsed("true and (span.kind == 2 and (false and not true))");
  const Node& root = condition.root();
  EXPECT_EQ(root.kind, Node::Kind::kAnd);
  ASSERT_EQ(root.children.size(), 4u);
  EXPECT_EQ(root.children[0].kind, Node::Kind::kTrue);
  EXPECT_EQ(root.children[1].kind, Node::Kind::kCompare);
  EXPECT_EQ(root.children[1].left.path, Path::kSpanKind);
  EXPECT_EQ(root.children[1].right.integer, 2);
  EXPECT_EQ(root.children[3].kind, Node::Kind::kNot);
  ASSERT_EQ(root.children[3].children.size(), 1u);
}

TEST(ConditionTest, Conjuncts) {
  const auto texts = [](std::string_view text) {
    std::vector<std::string> result;
    // The whole condition may go first: its conjuncts keep the tree.
    const std::vector<Condition> conjuncts = Parsed(text).Conjuncts();
    for (const Condition& conjunct : conjuncts) {
      EXPECT_EQ(conjunct.CanonicalText(), Parsed(conjunct.text()).CanonicalText());
      result.push_back(conjunct.CanonicalText());
    }
    return result;
  };
  EXPECT_THAT(texts("true"), ElementsAre("true"));
  EXPECT_THAT(texts("span.kind==2 and (true or false) and not true"),
              ElementsAre("span.kind == SPAN_KIND_SERVER", "true or false", "not true"));
  EXPECT_THAT(texts("true and (false and (true or true))"),
              ElementsAre("true", "false", "true or true"));
  EXPECT_THAT(texts("true or false and true"), ElementsAre("true or false and true"));
  EXPECT_THAT(texts("not (true and false)"), ElementsAre("not (true and false)"));
}

TEST(ConditionTest, ReadsOnlyResource) {
  struct Case {
    std::string_view text;
    bool want;
  };
  for (const Case& c : {
           Case{"true", true},
           Case{R"(resource.attributes["a"] == "x")", true},
           Case{R"("x" == resource.attributes["a"])", true},
           Case{"resource.dropped_attributes_count > 0", true},
           Case{R"(IsMatch(resource.attributes["a"], "x") or not (resource.attributes["b"] == 1))",
                true},
           Case{R"(resource.attributes["a"] == resource.attributes["b"])", true},
           Case{R"(resource.attributes["a"] == span.attributes["a"])", false},
           Case{R"(span.attributes["a"] == resource.attributes["a"])", false},
           Case{R"(scope.attributes["a"] == "x")", false},
           Case{R"(scope.name == "x")", false},
           Case{"span.kind == 2", false},
           Case{R"(HasPrefix(span.name, "x"))", false},
           Case{R"(resource.attributes["a"] == "x" and (true or not (span.kind == 2)))", false},
       }) {
    EXPECT_EQ(Parsed(c.text).ReadsOnlyResource(), c.want) << c.text;
  }
}

TEST(ConditionTest, PinnedResourceAttribute) {
  struct Case {
    std::string_view text;
    std::optional<std::string> want;
  };
  for (const Case& c : {
           Case{R"(resource.attributes["service.name"] == "checkout")", "checkout"},
           Case{R"(("checkout" == resource.attributes["service.name"]))", "checkout"},
           Case{R"(resource.attributes["service.name"] == "")", ""},
           Case{R"(resource.attributes["service.name"] != "checkout")", std::nullopt},
           Case{R"(resource.attributes["service.name"] >= "checkout")", std::nullopt},
           Case{R"(resource.attributes["service.name"] == 1)", std::nullopt},
           Case{R"(resource.attributes["service.name"] == nil)", std::nullopt},
           Case{R"(resource.attributes["service.name"] == resource.attributes["x"])", std::nullopt},
           Case{R"(resource.attributes["service"] == "checkout")", std::nullopt},
           Case{R"(span.attributes["service.name"] == "checkout")", std::nullopt},
           Case{R"(not (resource.attributes["service.name"] == "checkout"))", std::nullopt},
           Case{R"(IsMatch(resource.attributes["service.name"], "checkout"))", std::nullopt},
           Case{R"(resource.attributes["service.name"] == "checkout" and true)", std::nullopt},
           Case{"true", std::nullopt},
       }) {
    EXPECT_EQ(Parsed(c.text).PinnedResourceAttribute("service.name"), c.want) << c.text;
  }
}

}  // namespace
}  // namespace slowburn::ottl
