// Goal: a label set is a stable identity, and names and text are made safe. Method: rows.
#include "model/label_set.h"

#include <string>

#include <gtest/gtest.h>

namespace slowburn::model {
namespace {

TEST(LabelSetTest, SortsReplacesAndDropsEmptyValues) {
  LabelSet labels{{"service", "checkout"}, {"a", "1"}, {"gone", ""}};
  labels.Set("a", "2");
  EXPECT_EQ(labels.Text(), R"({a="2", service="checkout"})");
  labels.Set("a", "");
  EXPECT_FALSE(labels.Has("a"));
  EXPECT_EQ(labels, (LabelSet{{"service", "checkout"}}));
}

TEST(LabelSetTest, FindsAmongFewAndAmongMany) {
  LabelSet labels;
  for (int size = 0; size < 40; ++size) {
    for (int i = 0; i <= 2 * size; ++i) {
      const std::string name = "l" + std::to_string(1000 + i);
      EXPECT_EQ(labels.Get(name), i % 2 == 1 ? "v" + std::to_string(i) : "") << size;
    }
    const int next = 2 * size + 1;
    labels.Set("l" + std::to_string(1000 + next), "v" + std::to_string(next));
  }
}

TEST(LabelSetTest, TextEscapesSoThatNoTwoSetsShareIt) {
  EXPECT_EQ((LabelSet{{"a", "x\", b=\"y"}}).Text(), R"({a="x\", b=\"y"})");
  EXPECT_NE((LabelSet{{"a", "x\", b=\"y"}}).Text(), (LabelSet{{"a", "x"}, {"b", "y"}}).Text());
  EXPECT_EQ((LabelSet{{"a", "l\n\\"}}).Text(), R"({a="l\n\\"})");
}

TEST(LabelSetTest, NormalizesNames) {
  EXPECT_EQ(NormalizedLabelName("http.route"), "http_route");
  EXPECT_EQ(NormalizedLabelName("5xx"), "_5xx");
  EXPECT_EQ(NormalizedLabelName(""), "_");
}

TEST(LabelSetTest, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(ValidUtf8("héllo €😀"), "héllo €😀");
  EXPECT_EQ(ValidUtf8("a\xFFz"), "a\xEF\xBF\xBDz");
  EXPECT_EQ(ValidUtf8("\xC0\xAF"), "\xEF\xBF\xBD\xEF\xBF\xBD");  // overlong slash
  EXPECT_EQ(ValidUtf8("\xED\xA0\x80").size(), 9u);               // a surrogate
  EXPECT_EQ(ValidUtf8("\xE2\x82"), "\xEF\xBF\xBD\xEF\xBF\xBD");  // cut short
}

}  // namespace
}  // namespace slowburn::model
