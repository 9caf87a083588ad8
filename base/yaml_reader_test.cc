// Goal: people get every error of a file with its line, and no text hurts us. Method: a row per
// form and per way to be refused; hostile texts with a deadline.
#include "base/yaml_reader.h"

#include <chrono>
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slowburn::base {
namespace {

using std::chrono::nanoseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using namespace std::chrono_literals;

// The one document of `text`.
class YamlReaderTest : public testing::Test {
 protected:
  YamlNode Parse(std::string_view text) {
    std::vector<YamlNode> documents = ParseYaml(text, errors_);
    EXPECT_EQ(documents.size(), 1U) << text << testing::PrintToString(errors_.ErrorLines());
    return documents.at(0);
  }
  std::vector<std::string> Lines() const { return errors_.ErrorLines(); }

  YamlErrors errors_{"f.yaml"};
};

std::string Repeat(std::string_view text, int times) {
  std::string repeated;
  for (int i = 0; i < times; ++i) repeated += text;
  return repeated;
}

TEST_F(YamlReaderTest, ReadsWhatIsThere) {
  const YamlNode doc = Parse(
      "kind: SLO\nspec:\n  objective: 99.9%\n  quoted: \"null\"\n  nothing:\n  list: [a, {b: "
      "c}]\n");
  doc.AllowKeys({"kind", "spec"});
  const YamlNode spec = doc.Required("spec");
  EXPECT_TRUE(doc.IsMap());
  EXPECT_EQ(doc.Required("kind").String(), "SLO");
  EXPECT_EQ(spec.line(), 2);
  EXPECT_EQ(spec.Required("objective").path(), "spec.objective");
  EXPECT_EQ(spec.Required("objective").line(), 3);
  EXPECT_EQ(spec.Required("objective").String(), "99.9%");
  EXPECT_EQ(spec.Required("quoted").String(), "null");
  EXPECT_FALSE(spec.Optional("nothing").IsPresent());
  EXPECT_FALSE(spec.Optional("absent").IsPresent());
  EXPECT_EQ(spec.Optional("absent").String(), std::nullopt);
  const std::vector<YamlNode> items = spec.Required("list").Items();
  ASSERT_EQ(items.size(), 2U);
  EXPECT_TRUE(spec.Required("list").IsSequence());
  EXPECT_TRUE(items[0].IsScalar());
  EXPECT_EQ(items[1].Required("b").path(), "spec.list[1].b");
  EXPECT_THAT(Lines(), IsEmpty());
}

TEST_F(YamlReaderTest, ReadsEachDocumentWithLinesOfTheFile) {
  const std::vector<YamlNode> documents =
      ParseYaml("a: 1\n---\n# nothing\n---\nb: 2\nc: 3\n", errors_);
  ASSERT_EQ(documents.size(), 2U);
  EXPECT_EQ(documents[1].Required("c").line(), 6);
  EXPECT_THAT(ParseYaml("", errors_), IsEmpty());
  EXPECT_THAT(ParseYaml("# comment\n", errors_), IsEmpty());
  EXPECT_THAT(Lines(), IsEmpty());
}

TEST_F(YamlReaderTest, FollowsAliasesAndMergeKeys) {
  const YamlNode doc = Parse(
      "base: &base {team: pay, tier: 1}\nmore: &more {tier: 2, zone: eu}\n"
      "one: *base\ntwo:\n  tier: 3\n  <<: [*base, *more]\n  \"<<\": text\n");
  EXPECT_EQ(doc.Required("one").Required("team").String(), "pay");
  EXPECT_EQ(doc.Required("one").line(), 3);
  EXPECT_THAT(
      doc.Required("two").StringMap(),
      ElementsAre(Pair("tier", "3"), Pair("<<", "text"), Pair("team", "pay"), Pair("zone", "eu")));
  EXPECT_THAT(Lines(), IsEmpty());
}

TEST_F(YamlReaderTest, TellsUnknownAndDuplicateKeys) {
  const YamlNode doc =
      Parse("windw: 30d\nx: 1\nb: 1\nb: 2\nwidnow: 1\nWindow: 1\n[k]: 1\n<<: text\n\"e\\ns\": 1\n");
  doc.AllowKeys({"window", "b", "objective"});
  doc.AllowKeys({"window", "b", "objective"});  // Told once all the same.
  EXPECT_EQ(doc.Required("b").String(), "1");
  EXPECT_THAT(Lines(),
              ElementsAre("f.yaml:1: unknown key \"windw\"; did you mean \"window\"?",
                          "f.yaml:2: unknown key \"x\"; write one of window, b, objective",
                          "f.yaml:4: key \"b\" is written twice, first on line 3; keep one",
                          "f.yaml:5: unknown key \"widnow\"; did you mean \"window\"?",
                          "f.yaml:6: unknown key \"Window\"; did you mean \"window\"?",
                          "f.yaml:7: a key is a list; write a name",
                          "f.yaml:8: << is \"text\"; write an alias of a map, like <<: *defaults",
                          "f.yaml:9: unknown key \"e\\ns\"; write one of window, b, objective"));
}

TEST_F(YamlReaderTest, TellsWhatIsMissingOnce) {
  const YamlNode doc = Parse("kind: SLO\nspec:\n  window: 30d\n  nothing:\n");
  EXPECT_FALSE(doc.Required("spec").Required("objective").IsPresent());
  EXPECT_EQ(doc.Required("spec").Required("nothing").String(), std::nullopt);
  EXPECT_FALSE(doc.Required("metadata").Required("name").Required("text").IsPresent());
  EXPECT_THAT(doc.Optional("labels").Entries(), IsEmpty());
  EXPECT_THAT(doc.Optional("labels").Items(), IsEmpty());
  doc.Optional("labels").AllowKeys({});
  EXPECT_THAT(Lines(),
              ElementsAre("f.yaml:1: metadata is missing", "f.yaml:2: spec.objective is missing",
                          "f.yaml:4: spec.nothing is missing"));
}

TEST_F(YamlReaderTest, TellsWrongKinds) {
  struct Case {
    std::string_view yaml;
    void (*read)(const YamlNode&);
    std::string_view want;
  };
  constexpr auto kString = [](const YamlNode& node) { EXPECT_EQ(node.String(), std::nullopt); };
  constexpr auto kItems = [](const YamlNode& node) { EXPECT_THAT(node.Items(), IsEmpty()); };
  constexpr auto kEntries = [](const YamlNode& node) { EXPECT_THAT(node.Entries(), IsEmpty()); };
  constexpr auto kKeys = [](const YamlNode& node) { node.AllowKeys({"a"}); };
  constexpr auto kChild = [](const YamlNode& node) {
    EXPECT_FALSE(node.Required("a").IsPresent());
  };
  constexpr auto kStrings = [](const YamlNode& node) { node.StringMap(); };
  for (const Case& c : {Case{"v: [30d]", kString, "v is a list; write one value"},
                        Case{"v: {a: b}", kString, "v is a map; write one value"},
                        Case{"v: {a: b}", kItems, "v is a map; write a list"},
                        Case{"v: text", kItems, "v is \"text\"; write a list"},
                        Case{"v: [a]", kEntries, "v is a list; write a map"},
                        Case{"v: \"x\\x1b[2Jy\"", kKeys, "v is \"x\\x1b[2Jy\"; write a map"},
                        Case{"v: 5", kChild, "v is \"5\"; write a map"},
                        Case{"v: {a: 1, b: [c]}", kStrings, "v.b is a list; write one value"},
                        Case{"v: {a: 1, a: 2}", kStrings,
                             "key \"a\" is written twice, first on line 1; keep one"}}) {
    YamlErrors errors("f.yaml");
    const std::vector<YamlNode> documents = ParseYaml(c.yaml, errors);
    ASSERT_EQ(documents.size(), 1U) << c.yaml;
    c.read(documents[0].Required("v"));
    EXPECT_THAT(errors.ErrorLines(), ElementsAre(fmt::format("f.yaml:1: {}", c.want))) << c.yaml;
  }
  Parse("[a]").Required("kind");
  EXPECT_THAT(Lines(), ElementsAre("f.yaml:1: the document is a list; write a map"));
}

TEST_F(YamlReaderTest, CutsLongValuesBetweenCharacters) {
  Parse(fmt::format("v: {}\n", Repeat("\xE2\x82\xAC", 30))).Required("v").Items();
  Parse(fmt::format("v: a{}\n", Repeat("\xE2\x82\xAC", 30))).Required("v").Items();
  EXPECT_THAT(
      Lines(),
      ElementsAre(
          fmt::format("f.yaml:1: v is \"{}...\"; write a list", Repeat("\xE2\x82\xAC", 20)),
          fmt::format("f.yaml:1: v is \"a{}...\"; write a list", Repeat("\xE2\x82\xAC", 19))));
}

TEST_F(YamlReaderTest, ReadsBooleans) {
  EXPECT_EQ(Parse("v: true").Required("v").Bool(), true);
  EXPECT_EQ(Parse("v: false").Required("v").Bool(), false);
  EXPECT_THAT(Lines(), IsEmpty());
  for (const std::string_view text : {"yes", "True", "1", "\"\""}) {
    YamlErrors errors("f.yaml");
    EXPECT_EQ(ParseYaml(fmt::format("v: {}", text), errors).at(0).Required("v").Bool(),
              std::nullopt);
    EXPECT_THAT(errors.ErrorLines(), ElementsAre(HasSubstr("write true or false"))) << text;
  }
}

TEST_F(YamlReaderTest, ReadsIntegersWithinBounds) {
  struct Case {
    std::string_view text;
    std::optional<int64_t> want;
  };
  for (const Case& c :
       {Case{"-5", -5}, Case{"100", 100}, Case{"007", 7}, Case{"-6", {}}, Case{"101", {}},
        Case{"1.0", {}}, Case{"1e2", {}}, Case{"0x10", {}}, Case{"abc", {}}, Case{"\" 1\"", {}},
        Case{"+1", {}}, Case{"99999999999999999999", {}}}) {
    YamlErrors errors("f.yaml");
    EXPECT_EQ(ParseYaml(fmt::format("v: {}", c.text), errors).at(0).Required("v").Integer(-5, 100),
              c.want)
        << c.text;
    EXPECT_EQ(errors.empty(), c.want.has_value()) << c.text;
  }
  Parse("v: 101").Required("v").Integer(-5, 100);
  EXPECT_THAT(Lines(), ElementsAre("f.yaml:1: v is \"101\"; write a whole number from -5 to 100"));
}

TEST_F(YamlReaderTest, ReadsDurations) {
  EXPECT_EQ(Parse("v: 1h30m").Required("v").Duration(), nanoseconds(90min));
  EXPECT_EQ(Parse("v: 300ms").Required("v").Duration(), nanoseconds(300ms));
  EXPECT_THAT(Lines(), IsEmpty());
  Parse("\nv: 30").Required("v").Duration();
  Parse(fmt::format("v: {}", Repeat("a", 200))).Required("v").Duration();
  EXPECT_THAT(
      Lines(),
      ElementsAre(
          HasSubstr(fmt::format("f.yaml:1: v is \"{}...\"; write a duration", Repeat("a", 60))),
          HasSubstr("f.yaml:2: v: \"30\" is not a duration; write a number with a unit")));
}

TEST_F(YamlReaderTest, ReadsBytes) {
  struct Case {
    std::string_view text;
    std::optional<uint64_t> want;
  };
  constexpr uint64_t kKiB = 1024;
  for (const Case& c :
       {Case{"0", 0}, Case{"65536", 65536}, Case{"16KiB", 16 * kKiB},
        Case{"64MiB", 64 * kKiB * kKiB}, Case{"2GiB", 2 * kKiB * kKiB * kKiB},
        Case{"18446744073709551615", UINT64_MAX}, Case{"18446744073709551616", {}},
        Case{"17179869184GiB", {}}, Case{"64MB", {}}, Case{"64 MiB", {}}, Case{"MiB", {}},
        Case{"-1", {}}, Case{"1.5GiB", {}}, Case{"1KiBKiB", {}}, Case{"64mib", {}}}) {
    YamlErrors errors("f.yaml");
    EXPECT_EQ(ParseYaml(fmt::format("v: {}", c.text), errors).at(0).Required("v").Bytes(), c.want)
        << c.text;
    EXPECT_EQ(errors.empty(), c.want.has_value()) << c.text;
  }
  Parse("v: 64MB").Required("v").Bytes();
  EXPECT_THAT(Lines(), ElementsAre("f.yaml:1: v is \"64MB\"; write bytes as a whole number, alone "
                                   "or with KiB, MiB or GiB, like "
                                   "64MiB"));
}

TEST_F(YamlReaderTest, ReadsStringMapsInFileOrder) {
  EXPECT_THAT(Parse("v: {z: 1, a: true, m: 0.5, e: , t: text}").Required("v").StringMap(),
              ElementsAre(Pair("z", "1"), Pair("a", "true"), Pair("m", "0.5"), Pair("e", ""),
                          Pair("t", "text")));
  EXPECT_THAT(Lines(), IsEmpty());
}

TEST(YamlErrorsTest, SortsByLineAndEndsAtAHundred) {
  YamlErrors errors("f.yaml");
  errors.AddError(7, "seven");
  errors.AddError(0, "whole");
  errors.AddError(3, "three");
  errors.AddError(7, "also seven");
  errors.AddError(7, "seven");
  EXPECT_THAT(errors.ErrorLines(), ElementsAre("f.yaml: whole", "f.yaml:3: three",
                                               "f.yaml:7: seven", "f.yaml:7: also seven"));
  EXPECT_THAT(errors.WarningLines(), IsEmpty());
  errors.AddWarning(2, "two");
  EXPECT_THAT(errors.WarningLines(), ElementsAre("f.yaml:2: two"));
  for (int i = 0; i < 200; ++i) errors.AddError(i, "more");
  EXPECT_EQ(errors.errors().size(), 100U);
}

struct RefusedCase {
  std::string name;
  std::string text;
  std::string want;  // in the only error
};

class YamlRefusedTest : public testing::TestWithParam<RefusedCase> {};

TEST_P(YamlRefusedTest, GivesOneErrorAndNoDocumentsSoon) {
  YamlErrors errors("f.yaml");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(ParseYaml(GetParam().text, errors), IsEmpty());
  EXPECT_LT(std::chrono::steady_clock::now() - start,
            5s);  // Under sanitizers too; a hang takes minutes.
  EXPECT_THAT(errors.ErrorLines(), ElementsAre(HasSubstr(GetParam().want)));
}

// Nine times nine times ... : 9^9 values from 500 bytes.
std::string BillionLaughs() {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i)
    text += fmt::format("a{}: &a{} [{}]\n", i, i, Repeat(fmt::format("*a{},", i - 1), 9));
  return text;
}

// 70 levels, no two of which are written within each other.
std::string DeepByAliases() {
  std::string text = "a0: &a0 [x]\n";
  for (int i = 1; i < 70; ++i) text += fmt::format("a{}: &a{} [*a{}]\n", i, i, i - 1);
  return text;
}

INSTANTIATE_TEST_SUITE_P(
    Hostile, YamlRefusedTest,
    testing::ValuesIn<RefusedCase>({
        {"OpenBracket", "a: 1\nb: [1, 2\nc: 3\n", "this is not YAML"},
        {"Tab", "a:\n\tb: 1\n", "f.yaml:2: this is not YAML"},
        {"BadIndent", "a: 1\n  b: 2\n", "f.yaml:2: this is not YAML"},
        {"UnknownAlias", "a: 1\nb: *nobody\n",
         "f.yaml:2: this is not YAML: the referenced anchor is not defined"},
        {"SecondDocumentBroken", "a: 1\n---\nb: {\n", "this is not YAML"},
        {"BracketTooMany", "a: [1]\n]\n", "f.yaml:2: this is not YAML: illegal flow end"},
        {"CommaFirst", ",", "f.yaml:1: nothing can begin here"},
        {"Nul", std::string("a: 1\nb: \0\n", 10), "f.yaml:2: there is a NUL byte here"},
        {"Utf16",
         std::string("\xFF\xFE"
                     "a\0:\0",
                     6),
         "f.yaml:1: byte 0xff is not UTF-8"},
        {"Latin1", "a: 1\nb: caf\xE9\n", "f.yaml:2: byte 0xe9 is not UTF-8"},
        {"CutUtf8", "a: \xE2\x82", "byte 0xe2 is not UTF-8"},
        {"OverlongUtf8", "a: \xC0\xAF", "byte 0xc0 is not UTF-8"},
        {"Overlong3", "a: \xE0\x80\xAF", "byte 0xe0 is not UTF-8"},
        {"Surrogate", "a: \xED\xA0\x80", "byte 0xed is not UTF-8"},
        {"BeyondUnicode", "a: \xF4\x90\x80\x80", "byte 0xf4 is not UTF-8"},
        {"AliasOfItself", "a: &a [1, *a]\n", "f.yaml:1: an alias lies within what it stands for"},
        {"BillionLaughs", BillionLaughs(), "f.yaml:6: aliases expand to more than 100000 values"},
        {"DeepByAliases", DeepByAliases(), "f.yaml:64: lists and maps are nested deeper than 64"},
        {"SixtyFiveLists", Repeat("[", 65) + Repeat("]", 65),
         "f.yaml:1: lists and maps are nested deeper than 64"},
        {"ManyLists", Repeat("[", 100'000), "f.yaml:1: "},
        {"ManyClosedLists", Repeat("[", 100'000) + Repeat("]", 100'000), "f.yaml:1: "},
        {"ManyMaps", Repeat("{", 100'000), "f.yaml:1: "},
        {"ManyFlowKeys", Repeat("{a: ", 100'000), "f.yaml:1: "},
        {"ManyDashes", Repeat("- ", 100'000), "f.yaml:1: "},
        {"ManyQuestions", Repeat("? ", 100'000), "f.yaml:1: "},
        {"ManyColons", Repeat("a: ", 100'000), "f.yaml:1: "},
        {"ManyPairLists", Repeat("[a: ", 100'000), "f.yaml:1: "},
    }),
    [](const auto& info) { return info.param.name; });

TEST_F(YamlReaderTest, TakesWhatIsWithinTheLimits) {
  Parse(Repeat("[", 64) + Repeat("]", 64));
  std::string aliases = "a: &a [" + Repeat("x,", 998) + "]\nb:\n";
  aliases += Repeat("- *a\n", 100);  // 100 x (the list + 998 of its values)
  EXPECT_EQ(Parse(aliases).Required("b").Items().size(), 100U);
  // Values that are written out are limited by the size of the text alone.
  EXPECT_EQ(Parse(Repeat("- 1\n", 100'001)).Items().size(), 100'001U);
  EXPECT_EQ(Parse("\xEF\xBB\xBFk: \xF0\x9F\x94\xA5\n").Required("k").String(), "\xF0\x9F\x94\xA5");
  EXPECT_THAT(Lines(), IsEmpty());
}

// Reads everything there is, as a caller that recurses would.
size_t Walk(const YamlNode& node) {
  size_t nodes = 1;
  if (node.IsMap()) {
    node.AllowKeys({"a", "window"});
    node.StringMap();
    for (const auto& [key, child] : node.Entries()) nodes += Walk(child);
  } else if (node.IsSequence()) {
    for (const YamlNode& item : node.Items()) nodes += Walk(item);
  } else {
    node.Integer(0, 5);
    node.Bytes();
  }
  return nodes;
}

TEST(YamlRandomTest, AnyTextGivesDocumentsOrAnError) {
  constexpr std::string_view kPieces[] = {
      "a",  ": ", "\n", "  ", "- ", "[",  "]", "{", "}",  ",",   "&a ",  "*a ",
      "? ", "\"", "'",  "|",  ">",  "#",  "%", "!", "!!", "---", "...",  "<<",
      "~",  "\t", "\\", "@",  "`",  "\r", "0", "é", "!<", ">-",  "|2\n", "x: 1\n"};
  for (uint32_t seed = 0; seed < 3000; ++seed) {
    std::mt19937 random(seed);
    std::string text;
    const size_t pieces = random() % 40;
    for (size_t i = 0; i < pieces; ++i) text += kPieces[random() % std::size(kPieces)];
    SCOPED_TRACE(fmt::format("seed {}", seed));
    YamlErrors errors("f.yaml");
    const std::vector<YamlNode> documents = ParseYaml(text, errors);
    EXPECT_TRUE(documents.empty() || errors.empty());
    for (const YamlNode& document : documents) EXPECT_GE(Walk(document), 1U);
  }
}

TEST(NearestNameTest, FindsWhatWasMeant) {
  struct Case {
    std::string_view written;
    std::optional<std::string_view> want;
  };
  const std::vector<std::string_view> names = {"window", "objective", "group_by", "sli", "id"};
  for (const Case& c :
       {Case{"windw", "window"}, Case{"widnow", "window"}, Case{"WINDOW", "window"},
        Case{"objectif", "objective"}, Case{"groupBy", "group_by"}, Case{"slo", "sli"},
        Case{"ids", "id"}, Case{"x", {}}, Case{"", {}}, Case{"ab", {}}, Case{"target", {}}}) {
    EXPECT_EQ(NearestName(c.written, names), c.want) << c.written;
  }
  EXPECT_EQ(NearestName(std::string(100'000, 'w'), names), std::nullopt);
  EXPECT_EQ(NearestName("window", {}), std::nullopt);
}

}  // namespace
}  // namespace slowburn::base
