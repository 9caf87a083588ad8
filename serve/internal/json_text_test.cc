// Goal: text that every JSON parser reads, and people too. Method: rows; hostile strings must come
// back from a parser as they went in.
#include "serve/internal/json_text.h"

#include <limits>

#include <gtest/gtest.h>

namespace slowburn::serve::internal {
namespace {

namespace json = boost::json;

TEST(JsonTextTest, Values) {
  struct Case {
    json::value value;
    std::string_view want;
  };
  for (const Case& c : std::vector<Case>{
           {nullptr, "null"},
           {true, "true"},
           {false, "false"},
           {int64_t{-7}, "-7"},
           {std::numeric_limits<uint64_t>::max(), "18446744073709551615"},
           {0.999, "0.999"},
           {1700000000.25, "1700000000.25"},
           {3.0, "3"},
           {1e-9, "1e-09"},
           {std::numeric_limits<double>::quiet_NaN(), "null"},
           {std::numeric_limits<double>::infinity(), "null"},
           {json::array(), "[]"},
           {json::object(), "{}"},
           {json::array{1, "a", nullptr}, "[1,\"a\",null]"},
           {json::object{{"b", 1}, {"a", json::array{}}}, "{\"b\":1,\"a\":[]}"},
           {"q\"b\\n\nt\tz\x01", "\"q\\\"b\\\\n\\nt\\u0009z\\u0001\""},
           {"é\xff", "\"é\xEF\xBF\xBD\""},
       }) {
    EXPECT_EQ(JsonText(c.value), c.want);
  }
}

TEST(JsonTextTest, KeysAreEscaped) {
  json::object object;
  object["a\"\n"] = 1;
  const std::string text = JsonText(object);
  EXPECT_EQ(text, "{\"a\\\"\\n\":1}");
  EXPECT_EQ(json::parse(text).as_object().begin()->key(), "a\"\n");
}

}  // namespace
}  // namespace slowburn::serve::internal
