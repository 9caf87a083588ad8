// Goal: the fast way to read traces takes what SDKs write, and makes of all that it takes what the
// way over tokens makes of it. Method: requests as SDKs write them; rows of single shapes, taken or
// not; random requests printed oddly, mutated ones and cut ones, by both ways.
#include "collector/internal/json_traces.h"

#include <gtest/gtest.h>

#include "base/status.h"
#include "collector/internal/json_scan.h"
#include "collector/testing/otlp_json_printer.h"
#include "collector/testing/trace_requests.h"

namespace slowburn::collector {
namespace {

model::AttributeProjection SomeNames() {
  model::AttributeProjection projection = TestProjection();
  for (const char* name : {"k", "http.route", "http.response.status_code", "a", "é"}) {
    projection.Add(model::AttributeScope::kItem, name);
  }
  projection.Add(model::AttributeScope::kResource, "service.name");
  return projection;
}

class JsonTracesTest : public testing::Test {
 protected:
  // Whether the fast way takes it; then both ways agree.
  bool IsUsual(std::string body) {
    SCOPED_TRACE(body.substr(0, 4000));
    const std::string before = body;
    const bool is_usual = DecodeUsualTraces(body, projection_, fast_, nullptr);
    EXPECT_EQ(body, before);
    const absl::Status status = DecodeTracesByTokens(body, projection_, slow_, nullptr);
    if (is_usual) {
      EXPECT_TRUE(status.ok()) << base::Message(status);
      EXPECT_EQ(Describe(fast_), Describe(slow_));
    } else {
      EXPECT_EQ(fast_.decoded(), 0u);
    }
    return is_usual;
  }

  const model::AttributeProjection projection_ = SomeNames();
  model::SpanBatch fast_;
  model::SpanBatch slow_;
};

TEST_F(JsonTracesTest, TakesWhatSdksWrite) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    Random random(seed);
    EXPECT_TRUE(IsUsual(PrintOtlpJson(TypicalTraces(40, random))));
    EXPECT_EQ(fast_.accepted(), 40u);
  }
}

TEST_F(JsonTracesTest, AgreesOnWhatItTakesOfAnyRequest) {
  int usual = 0;
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    Random random(seed);
    const TracesData traces = RandomTraces(random);
    usual += IsUsual(PrintOtlpJson(traces)) ? 1 : 0;
    usual += IsUsual(PrintOtlpJsonOddly(traces, random)) ? 1 : 0;
    if (HasFailure()) return;
  }
  EXPECT_GT(usual, 300);
}

constexpr std::string_view kSpan =
    R"({"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174")"
    R"(,"name":"n","endTimeUnixNano":"1544712661000000000")";

std::string Request(std::string_view after_ids) {
  return fmt::format(R"({{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}{}}},{}}}]}}]}}]}})", kSpan,
                     after_ids, kSpan);
}

struct Shape {
  std::string name;
  std::string fields;  // of a span, behind its ids and its name
  bool is_usual;
};

class JsonTracesShapeTest : public JsonTracesTest, public testing::WithParamInterface<Shape> {};

TEST_P(JsonTracesShapeTest, IsTakenOrNot) {
  EXPECT_EQ(IsUsual(Request(GetParam().fields)), GetParam().is_usual);
  // The byte 0 behind the text ends it, whatever follows.
  std::string cut = Request(GetParam().fields);
  cut.resize(cut.size() - 1);
  EXPECT_FALSE(IsUsual(cut));
}

std::string Attribute(std::string_view value) {
  return fmt::format(R"(,"attributes":[{{"key":"k","value":{}}},{{"key":"x","value":{}}}])", value,
                     value);
}

INSTANTIATE_TEST_SUITE_P(
    Taken, JsonTracesShapeTest,
    testing::ValuesIn<Shape>({
        {"NoMore", "", true},
        {"EmptyParent", R"(,"parentSpanId":"")", true},
        {"UpperCaseParent", R"(,"parentSpanId":"EEE19B7EC3C1B174")", true},
        {"NullField", R"(,"traceState":null,"kind":null,"status":null,"attributes":null)", true},
        {"BareTime", R"(,"endTimeUnixNano":1544712661000000000)", true},
        {"ShortTime", R"(,"endTimeUnixNano":"7","startTimeUnixNano":"0")", true},
        {"LongTime", R"(,"endTimeUnixNano":"18446744073709551615")", true},
        {"TimeOfNineteenNines", R"(,"endTimeUnixNano":"9999999999999999999")", true},
        {"TimeWithExponent", R"(,"endTimeUnixNano":"1.5e18")", true},
        {"NamedKind", R"(,"kind":"SPAN_KIND_SERVER","status":{"code":"STATUS_CODE_ERROR"})", true},
        {"UnknownKind", R"(,"kind":77,"status":{"code":9,"message":"m"})", true},
        {"Twice", R"(,"name":"second","status":{"code":1},"status":{})", true},
        {"UnknownField", R"(,"later":{"a":[1,-2.5e+7,true,null,"]}"]},"now":"\"")", true},
        {"Events",
         R"(,"events":[{"name":"exception","attributes":[{"key":"k","value":{)"
         R"("stringValue":"at a\n\tat \"b\" é"}}]}],"links":[])",
         true},
        {"NoAttributes", R"(,"attributes":[])", true},
        {"String", Attribute(R"({"stringValue":"text"})"), true},
        {"EmptyString", Attribute(R"({"stringValue":""})"), true},
        {"LongString", Attribute(R"({"stringValue":")" + std::string(100, 's') + "\"}"), true},
        {"EscapedString", Attribute(R"({"stringValue":"\"a\" \\ \u00e9\/"})"), true},
        {"Utf8String", Attribute(R"({"stringValue":"naïve, 日本, 🎉"})"), true},
        {"QuotedInt", Attribute(R"({"intValue":"-42"})"), true},
        {"BareInt", Attribute(R"({"intValue":200})"), true},
        {"LargestInt", Attribute(R"({"intValue":"9223372036854775807"})"), true},
        {"Double", Attribute(R"({"doubleValue":1.25})"), true},
        {"Bool", Attribute(R"({"boolValue":true})"), true},
        {"Bytes", Attribute(R"({"bytesValue":"AQID"})"), true},
        {"Array", Attribute(R"({"arrayValue":{"values":[{"stringValue":"a"},{"intValue":1}]}})"),
         true},
        {"Map", Attribute(R"({"kvlistValue":{"values":[{"key":"k","value":{"intValue":1}}]}})"),
         true},
        {"LongKey",
         R"(,"attributes":[{"key":")" + std::string(90, 'k') +
             R"(","value":{"intValue":"1"}},{"key":")" + std::string(90, 'k') +
             R"(x","value":{"stringValue":"1"}}])",
         true},
    }),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    LeftToTokens, JsonTracesShapeTest,
    testing::ValuesIn<Shape>({
        {"Space", R"(, "kind":1)", false},
        {"SpaceBeforeValue", R"(,"kind": 1)", false},
        {"LeadingZero", R"(,"kind":01)", false},
        {"TimeWithLeadingZero", R"(,"endTimeUnixNano":"0544712661000000000")", false},
        {"TimeTooLarge", R"(,"endTimeUnixNano":"18446744073709551616")", false},
        {"NegativeTime", R"(,"endTimeUnixNano":"-1")", false},
        {"IdOfOddLength", R"(,"parentSpanId":"abc")", false},
        {"IdNotHex", R"(,"parentSpanId":"zzz19b7ec3c1b174")", false},
        {"EscapedKey", R"(,"n\u0061me":"n")", false},
        {"Broken", R"(,"name":"n",)", false},
        {"WordThatIsNone", R"(,"later":nil:1)", false},
        {"OpenBracket", R"(,"later":[[])", false},
        {"WrongBracket", R"(,"later":[}])", false},
        {"Deep", ",\"later\":" + std::string(40, '[') + std::string(40, ']'), false},
        {"ControlCharacter", ",\"name\":\"a\tb\"", false},
        {"ControlCharacterThatIsSkipped", ",\"later\":\"a\tb\"", false},
        {"ControlCharacterBehindBackslash", ",\"later\":\"a\\\tb\"", false},
        {"NotUtf8", ",\"name\":\"a\xff\"", false},
        {"NotUtf8BehindBackslash", ",\"later\":\"\\\xe9\"", false},
        {"WrongEscape", R"(,"name":"\x")", false},
        {"RefusedSpan", R"(},{"name":"without ids")", false},
        {"ValueFirst", R"(,"attributes":[{"value":{"intValue":1},"key":"k"}])", false},
        {"NoValue", R"(,"attributes":[{"key":"k"}])", false},
        {"EmptyValue", Attribute("{}"), false},
        {"NullValue", Attribute("null"), false},
        {"NullMember", Attribute(R"({"stringValue":null})"), false},
        {"TwoMembers", Attribute(R"({"stringValue":"a","intValue":1})"), false},
        {"UnknownMember", Attribute(R"({"later":1})"), false},
        {"SmallestInt", Attribute(R"({"intValue":"-9223372036854775808"})"), false},
        {"Infinity", Attribute(R"({"doubleValue":"Infinity"})"), false},
        {"KeyNotAscii", R"(,"attributes":[{"key":"é","value":{"intValue":1}}])", false},
    }),
    [](const auto& info) { return info.param.name; });

TEST_F(JsonTracesTest, ManyKindsOfAttributesAreForgottenNotMixedUp) {
  std::string attributes;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 300; ++i) {
      attributes += fmt::format(R"({{"key":"name.that.is.alike.{}","value":{{"{}":"{}"}}}},)",
                                i % 97, i % 3 == 0 ? "intValue" : "stringValue", i);
      if (i % 7 == 0) attributes += R"({"key":"k","value":{"stringValue":"v"}},)";
    }
  }
  attributes.pop_back();
  EXPECT_TRUE(IsUsual(Request(",\"attributes\":[" + attributes + "]")));
  EXPECT_EQ(fast_.attributes.size(), 3u * 43);
}

TEST_F(JsonTracesTest, TakesWhiteSpaceAndNothingElseBehindTheEnd) {
  EXPECT_TRUE(IsUsual(Request("") + " \r\n"));
  EXPECT_FALSE(IsUsual(Request("") + "{}"));
  EXPECT_FALSE(IsUsual(Request("") + std::string(1, '\0')));
  EXPECT_FALSE(IsUsual(""));
}

TEST_F(JsonTracesTest, GivesBackWhatItTookWhereItGaveUp) {
  base::MemoryBudget budget(64 << 20);
  base::MemoryLease lease(&budget);
  std::string spans;
  for (int i = 0; i < 5000; ++i) spans += fmt::format("{}}},", kSpan);
  std::string body =
      fmt::format(R"({{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}{{}}]}}]}}]}})", spans);
  EXPECT_FALSE(DecodeUsualTraces(body, projection_, fast_, &lease));
  EXPECT_EQ(lease.bytes(), 0u);
  body.replace(body.find("{}]"), 2, fmt::format("{}}}", kSpan));
  EXPECT_TRUE(DecodeUsualTraces(body, projection_, fast_, &lease));
  EXPECT_GE(lease.bytes(), 5001 * sizeof(model::Span));
}

}  // namespace
}  // namespace slowburn::collector
