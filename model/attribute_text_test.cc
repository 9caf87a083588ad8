// Goal: attribute values have the text that every OTLP-to-Prometheus path gives them; broken bytes
// harm nobody. Method: rows of encoded AnyValues, then every prefix of one.
#include "model/attribute_text.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace slowburn::model {
namespace {

std::string Varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}
std::string Framed(char tag, std::string_view content) {
  return std::string(1, tag) + Varint(content.size()) + std::string(content);
}
std::string Text(std::string_view text) { return Framed(0x0A, text); }
std::string Bool(bool value) { return {0x10, value ? '\1' : '\0'}; }
std::string Int(int64_t value) { return '\x18' + Varint(static_cast<uint64_t>(value)); }
std::string Double(double value) {
  std::string bytes(9, 0x21);
  std::memcpy(&bytes[1], &value, sizeof value);
  return bytes;
}
std::string Array(const std::vector<std::string>& values) {
  std::string content;
  for (const std::string& value : values) content += Framed(0x0A, value);
  return Framed(0x2A, content);
}
std::string Map(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string content;
  for (const auto& [key, value] : pairs)
    content += Framed(0x0A, Framed(0x0A, key) + Framed(0x12, value));
  return Framed(0x32, content);
}

TEST(AttributeTextTest, WritesEveryKind) {
  const double inf = std::numeric_limits<double>::infinity();
  const std::pair<std::string, std::string> rows[] = {
      {"", ""},
      {Text("a b"), "a b"},
      {Text(""), ""},
      {Text("a\xff"), "a\xEF\xBF\xBD"},
      {Bool(true), "true"},
      {Bool(false), "false"},
      {Int(0), "0"},
      {Int(-5), "-5"},
      {Int(std::numeric_limits<int64_t>::max()), "9223372036854775807"},
      {Double(0.5), "0.5"},
      {Double(1), "1"},
      {Double(1e20), "100000000000000000000"},
      {Double(1e21), "1e+21"},
      {Double(1e-7), "1e-7"},
      {Double(-2.5e-9), "-2.5e-9"},
      {Double(1e-10), "1e-10"},
      {Double(5e-324), "5e-324"},
      {Double(1e100), "1e+100"},
      {Double(std::nan("")), "NaN"},
      {Double(inf), "Infinity"},
      {Double(-inf), "-Infinity"},
      {Framed(0x3A, "a"), "YQ=="},
      {Framed(0x3A, "abc\xff"), "YWJj/w=="},
      {Array({}), "[]"},
      {Array({Text("a\"\n\x01"), Int(1), Bool(true), Double(0.5), Double(inf), ""}),
       R"(["a\"\n\u0001",1,true,0.5,"Infinity",null])"},
      {Array({Framed(0x3A, "a")}), R"(["YQ=="])"},
      {Map({{"k", Text("v")}, {"l", Array({Int(2)})}}), R"({"k":"v","l":[2]})"},
      {Text("first") + Int(2), "2"},
  };
  for (const auto& [bytes, want] : rows) EXPECT_EQ(AttributeText(bytes), want);
}

// What protobuf's own parser makes of them, so that a label does not depend on how a value came.
TEST(AttributeTextTest, ReadsEveryEncodingOfAValue) {
  const std::string group = "\x93\x03\x08\x01\x1B\x08\x07\x1C\x94\x03";  // 50 { 1: 1, 3 { 1: 7 } }
  const std::string as_fixed64 = "\x19" + std::string(8, '\1');          // an int_value
  const std::string string_index = "\x40\x03";
  const auto pair = [](std::string_view fields) { return Framed(0x32, Framed(0x0A, fields)); };
  const std::string key = Framed(0x0A, "k");
  const std::pair<std::string, std::string> rows[] = {
      {Text("a") + as_fixed64, "a"},
      {as_fixed64, ""},
      {Int(3) + "\x38\x01", "3"},  // bytes_value as a varint
      {Text("a") + Framed(0x12, "b"), "a"},
      {group + Text("a") + group, "a"},
      {Text("a") + string_index, ""},
      {string_index + Text("a"), "a"},
      {std::string("\x8A\0\x81\0a", 5), "a"},  // in more bytes than needed
      {Array({Text("a")}) + Array({Text("b")}), R"(["a","b"])"},
      {Array({Text("a")}) + Array({}), R"(["a"])"},
      {Array({Text("a")}) + Int(1) + Array({Text("b")}), R"(["b"])"},
      {Map({{"k", Text("v")}}) + group + Map({{"l", Text("w")}}), R"({"k":"v","l":"w"})"},
      {Map({{"k", Text("v")}}) + Array({Text("b")}), R"(["b"])"},
      {Framed(0x2A, group + "\x08\x02" + Framed(0x0A, Text("a"))), R"(["a"])"},
      {Array({Array({Text("a")}) + Array({Text("b")}), Text("c")}), R"([["a","b"],"c"])"},
      {pair(key + Framed(0x12, Text("v")) + Framed(0x12, "")), R"({"k":"v"})"},
      {pair(key + Framed(0x12, Text("v")) + Framed(0x12, Int(2))), R"({"k":2})"},
      {pair(Framed(0x12, Array({Int(1)})) + key + Framed(0x12, Array({Int(2)}))), R"({"k":[1,2]})"},
      {pair(key + "\x08\x01" + group + Framed(0x12, Text("v")) + "\x10\x01"), R"({"k":"v"})"},
  };
  for (const auto& [bytes, want] : rows) EXPECT_EQ(AttributeText(bytes), want);
}

TEST(AttributeTextTest, CutsWhatIsTooDeep) {
  std::string value = Int(1);
  for (int i = 0; i < 40; ++i) value = Array({value});
  EXPECT_EQ(AttributeText(value), std::string(32, '[') + "null" + std::string(32, ']'));
}

TEST(AttributeTextTest, SurvivesEveryPrefix) {
  const std::string whole = Map({{"k", Array({Double(1), Text("x"), Int(1 << 20)})}});
  for (size_t size = 0; size < whole.size(); ++size) AttributeText(whole.substr(0, size));
}

TEST(PlainDecimalTest, HasNoExponent) {
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_EQ(PlainDecimal(0.005), "0.005");
  EXPECT_EQ(PlainDecimal(5), "5");
  EXPECT_EQ(PlainDecimal(1e-7), "0.0000001");
  EXPECT_EQ(PlainDecimal(1e21), "1000000000000000000000");
  EXPECT_EQ(PlainDecimal(inf), "+Inf");
  EXPECT_EQ(PlainDecimal(-inf), "-Inf");
  EXPECT_EQ(PlainDecimal(std::nan("")), "NaN");
  EXPECT_EQ(PlainDecimal(std::numeric_limits<double>::max()).size(), 309u);
}

}  // namespace
}  // namespace slowburn::model
