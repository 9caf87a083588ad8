// Goal: text falls into the right tokens with their values and places. Method: tables; what is
// refused is in ottl/condition_refusal_test.cc.
#include "ottl/internal/lexer.h"

#include <utility>

#include <gtest/gtest.h>

namespace slowburn::ottl::internal {
namespace {

using Kind = Token::Kind;

Token Only(std::string_view text) {
  const auto tokens = Lex(text);
  EXPECT_TRUE(tokens.ok()) << text << ": " << tokens.status();
  if (!tokens.ok() || tokens->size() != 2) {
    ADD_FAILURE() << text << " is not one token";
    return {};
  }
  return tokens->front();
}

TEST(LexerTest, Integers) {
  EXPECT_EQ(Only("0").integer, 0);
  EXPECT_EQ(Only("-1").integer, -1);
  EXPECT_EQ(Only("007").integer, 7);
  EXPECT_EQ(Only("9223372036854775807").integer, INT64_MAX);
  EXPECT_EQ(Only("-9223372036854775808").integer, INT64_MIN);
}

TEST(LexerTest, AFloatWithoutAFractionIsAnInteger) {
  for (const std::string_view text : {"1e3", "1000.0", "1E+3", "10000e-1"}) {
    EXPECT_EQ(Only(text).kind, Kind::kInt) << text;
    EXPECT_EQ(Only(text).integer, 1000) << text;
  }
  EXPECT_EQ(Only("-0.0").integer, 0);
  EXPECT_EQ(Only("-9223372036854775808.0").integer, INT64_MIN);
  EXPECT_EQ(Only("9223372036854775808.0").kind, Kind::kDouble);
  EXPECT_EQ(Only("1.5").kind, Kind::kDouble);
  EXPECT_EQ(Only("1.5").number, 1.5);
  EXPECT_EQ(Only("-2.5e-7").number, -2.5e-7);
  EXPECT_EQ(Only("1e300").number, 1e300);
}

TEST(LexerTest, DurationsBytesAndStrings) {
  EXPECT_EQ(Only("300ms").kind, Kind::kDuration);
  EXPECT_EQ(Only("300ms").integer, 300'000'000);
  EXPECT_EQ(Only("1h30m").integer, 5'400'000'000'000);
  EXPECT_EQ(Only("0xDEad").text, "\xde\xad");
  EXPECT_EQ(Only(R"("a\"\\\n\t\r")").text, "a\"\\\n\t\r");
  EXPECT_EQ(Only("\"\"").text, "");
}

TEST(LexerTest, PlacesAndOperators) {
  const std::string_view text = " span.name>=\"x\" !=(,)[]<= < == >and";
  const auto tokens = Lex(text);
  ASSERT_TRUE(tokens.ok()) << tokens.status();
  const std::vector<std::pair<std::string_view, Kind>> want = {{"span", Kind::kName},
                                                               {".", Kind::kDot},
                                                               {"name", Kind::kName},
                                                               {">=", Kind::kCompare},
                                                               {"\"x\"", Kind::kString},
                                                               {"!=", Kind::kCompare},
                                                               {"(", Kind::kLeftParen},
                                                               {",", Kind::kComma},
                                                               {")", Kind::kRightParen},
                                                               {"[", Kind::kLeftBracket},
                                                               {"]", Kind::kRightBracket},
                                                               {"<=", Kind::kCompare},
                                                               {"<", Kind::kCompare},
                                                               {"==", Kind::kCompare},
                                                               {">", Kind::kCompare},
                                                               {"and", Kind::kName},
                                                               {"", Kind::kEnd}};
  ASSERT_EQ(tokens->size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) {
    const Token& token = (*tokens)[i];
    EXPECT_EQ(token.spelling, want[i].first);
    EXPECT_EQ(token.kind, want[i].second) << token.spelling;
    EXPECT_EQ(text.substr(token.offset, token.spelling.size()), token.spelling);
  }
}

}  // namespace
}  // namespace slowburn::ottl::internal
