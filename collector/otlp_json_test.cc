// Goal: traces and logs in OTLP/JSON read as the specification says, one row per rule of
// requirements J1 to J13, and errors name their place. Method: small requests by hand around the
// JSON of each row.
#include "collector/otlp_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "collector/internal/json_keys.h"
#include "collector/testing/request_parts.h"

namespace slowburn::collector {
namespace {

using model::AttributeProjection;
using model::AttributeScope;
using model::AttributeValue;
using model::LogBatch;
using model::SpanBatch;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kIds =
    R"("traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174")";

std::string TracesOf(std::string_view spans) {
  return fmt::format(R"({{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}})", spans);
}
// A request of one valid span with `fields` after its ids.
std::string OneSpan(std::string_view fields) {
  return TracesOf(fmt::format("{{{}{}{}}}", kIds, fields.empty() ? "" : ",", fields));
}
std::string OneRecord(std::string_view fields) {
  return fmt::format(R"({{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{{}}}]}}]}}]}})", fields);
}

AttributeProjection ProjectionOfK() {
  AttributeProjection projection;
  for (const auto scope :
       {AttributeScope::kResource, AttributeScope::kScope, AttributeScope::kItem}) {
    projection.Add(scope, "k");
  }
  return projection;
}

std::string ValueText(const AttributeValue& value) {
  switch (value.kind()) {
    case AttributeValue::Kind::kNil:
      return "nil";
    case AttributeValue::Kind::kString:
      return fmt::format("string {}", value.text());
    case AttributeValue::Kind::kBool:
      return fmt::format("bool {}", value.boolean());
    case AttributeValue::Kind::kInt:
      return fmt::format("int {}", value.integer());
    case AttributeValue::Kind::kDouble:
      return fmt::format("double {}", value.number());
    case AttributeValue::Kind::kBytes:
      return fmt::format("bytes {}", Hex(value.text()));
    case AttributeValue::Kind::kComposite:
      return "composite";
  }
  return "?";
}

// What decoding gives: the code and the message, or OK.
std::string Outcome(const absl::Status& status) {
  return status.ok() ? "OK" : std::string(base::Message(status));
}

// --- Values (AnyValue) ------------------------------------------------------------------------

struct ValueCase {
  std::string name;
  std::string json;  // an AnyValue
  std::string want;  // the value, or a part of the error
};

class JsonValueTest : public testing::TestWithParam<ValueCase> {};

TEST_P(JsonValueTest, ReadsAsAttributeAndAsBody) {
  const auto& [name, json, want] = GetParam();
  std::string span = OneSpan(fmt::format(R"("attributes":[{{"key":"k","value":{}}}])", json));
  SpanBatch spans;
  absl::Status status = DecodeTracesJson(span, ProjectionOfK(), spans);
  if (status.ok()) {
    ASSERT_EQ(spans.attributes.size(), 1u);
    EXPECT_EQ(ValueText(spans.attributes[0].value), want);
  } else {
    EXPECT_THAT(Outcome(status), HasSubstr(want));
  }
  std::string record = OneRecord(fmt::format(R"("body":{})", json));
  LogBatch logs;
  status = DecodeLogsJson(record, ProjectionOfK(), logs);
  if (status.ok()) {
    ASSERT_EQ(logs.records.size(), 1u);
    EXPECT_EQ(ValueText(logs.records[0].body), want);
  } else {
    EXPECT_THAT(Outcome(status), HasSubstr(want));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rules, JsonValueTest,
    testing::ValuesIn<ValueCase>({
        {"String", R"({"stringValue":"v"})", "string v"},
        {"EmptyString", R"({"stringValue":""})", "string "},
        {"Escapes", R"({"stringValue":"\"\\\/\b\f\n\r\t\u0041"})", "string \"\\/\b\f\n\r\tA"},
        {"EscapedNul", R"({"stringValue":"a\u0000b"})", std::string("string a\0b", 10)},
        {"EscapedOneTwoAndThreeBytes", R"({"stringValue":"\u007f\u00e9\u8a9e"})",
         "string \x7f\u00e9\u8a9e"},
        {"SurrogatePair", R"({"stringValue":"\ud83d\ude00"})", "string \U0001f600"},
        {"HighSurrogateAlone", R"({"stringValue":"a\ud83d"})", "string a\ufffd"},
        {"LowSurrogateAlone", R"({"stringValue":"\ude00b"})", "string \ufffdb"},
        {"HighSurrogateBeforeAnother", R"({"stringValue":"\ud83d\ud83d\ude00"})",
         "string \ufffd\U0001f600"},
        {"HighSurrogateBeforeText", R"({"stringValue":"\ud83d\n\u0041"})", "string \ufffd\nA"},
        {"UnknownEscape", R"({"stringValue":"\x41"})", "an escape that is none"},
        {"ShortEscape", R"({"stringValue":"\u004"})", "an escape that is none"},
        {"EscapeWithoutHex", R"({"stringValue":"\u00zz"})", "an escape that is none"},
        {"StringIsNumber", R"({"stringValue":12})", "a string is wanted here, this is 12"},
        {"Bool", R"({"boolValue":true})", "bool true"},
        {"False", R"({"boolValue":false})", "bool false"},
        {"BoolAsString", R"({"boolValue":"true"})", "true or false is wanted"},
        {"BoolMisspelt", R"({"boolValue":truee})", "true or false is wanted"},
        {"J6_IntAsString", R"({"intValue":"10"})", "int 10"},
        {"J6_IntAsNumber", R"({"intValue":-10})", "int -10"},
        {"J6_LargestInt", R"({"intValue":"9223372036854775807"})", "int 9223372036854775807"},
        {"J6_SmallestInt", R"({"intValue":-9223372036854775808})", "int -9223372036854775808"},
        {"J6_IntTooLarge", R"({"intValue":9223372036854775808})", "out of range"},
        {"J6_IntTooSmall", R"({"intValue":"-9223372036854775809"})", "out of range"},
        {"J7_IntWithExponent", R"({"intValue":1e3})", "int 1000"},
        {"J7_IntWithFraction", R"({"intValue":"1.0"})", "int 1"},
        {"J7_IntWithBoth", R"({"intValue":-12.50e1})", "int -125"},
        {"J7_IntOfManyZeros", R"({"intValue":1000000000000000000000e-3})",
         "int 1000000000000000000"},
        {"J7_IntIsHalf", R"({"intValue":1.5})", "has a fraction"},
        {"J7_IntWithHugeExponent", R"({"intValue":1e99999999999999999999})", "out of range"},
        {"J7_ZeroWithHugeExponent", R"({"intValue":0e99999999999999999999})", "int 0"},
        {"MinusZero", R"({"intValue":-0})", "int 0"},
        {"IntWithPlus", R"({"intValue":+1})", "a number is wanted"},
        {"IntWithLeadingZero", R"({"intValue":01})", "is no number"},
        {"IntIsText", R"({"intValue":"one"})", "one is no number"},
        {"IntIsEmpty", R"({"intValue":""})", "is no number"},
        {"IntHasSpace", R"({"intValue":" 1"})", "is no number"},
        {"IntHasSlashAmongEight", R"({"intValue":"1234567/"})", "is no number"},
        {"IntHasColonAmongEight", R"({"intValue":"1234567:"})", "is no number"},
        {"IntHasStarAmongEight", R"({"intValue":"*2345678"})", "is no number"},
        {"IntHasLetterAmongEight", R"({"intValue":"123a5678"})", "is no number"},
        {"IntIsHex", R"({"intValue":"0x10"})", "is no number"},
        {"IntIsObject", R"({"intValue":{}})", "a number is wanted here, this is an object"},
        {"IntIsArray", R"({"intValue":[1]})", "a number is wanted here, this is an array"},
        {"IntIsTrue", R"({"intValue":true})", "a number is wanted here, this is true"},
        {"J8_Double", R"({"doubleValue":2.5})", "double 2.5"},
        {"J8_DoubleAsString", R"({"doubleValue":"-2.5e-3"})", "double -0.0025"},
        {"J8_DoubleIsInteger", R"({"doubleValue":3})", "double 3"},
        {"J8_DoubleMinusZero", R"({"doubleValue":-0})", "double -0"},
        {"J8_NaN", R"({"doubleValue":"NaN"})", "double nan"},
        {"J8_Infinity", R"({"doubleValue":"Infinity"})", "double inf"},
        {"J8_MinusInfinity", R"({"doubleValue":"-Infinity"})", "double -inf"},
        {"J8_BareNaN", R"({"doubleValue":NaN})", "a number is wanted"},
        {"J8_OtherSpelling", R"({"doubleValue":"nan"})", "is no number"},
        {"J8_DoubleTooLarge", R"({"doubleValue":1e400})", "out of range"},
        {"J8_DoubleTooSmall", R"({"doubleValue":-1e-400})", "double -0"},
        {"J8_SmallestDouble", R"({"doubleValue":5e-324})", "double 5e-324"},
        {"J8_RoundsToNearest", R"({"doubleValue":0.1000000000000000055511151231257827})",
         "double 0.1"},
        {"J8_NoDigitAfterPoint", R"({"doubleValue":1.})", "is no number"},
        {"J8_NoDigitBeforePoint", R"({"doubleValue":".5"})", "is no number"},
        {"J8_NoDigitInExponent", R"({"doubleValue":1e})", "is no number"},
        {"J9_Bytes", R"({"bytesValue":"+/8AAQ=="})", "bytes fbff0001"},
        {"J9_UrlSafeWithoutPadding", R"({"bytesValue":"-_8AAQ"})", "bytes fbff0001"},
        {"J9_NoBytes", R"({"bytesValue":""})", "bytes "},
        {"J9_EscapedSlash", R"({"bytesValue":"+\/8AAQ=="})", "bytes fbff0001"},
        {"J9_WrongAlphabet", R"({"bytesValue":"a*bc"})", "base64 is wanted"},
        {"J9_OneDigitLeft", R"({"bytesValue":"abcde"})", "base64 is wanted"},
        {"J9_WrongPadding", R"({"bytesValue":"abc=="})", "base64 is wanted"},
        {"J9_PaddingAlone", R"({"bytesValue":"="})", "base64 is wanted"},
        {"V11_Array", R"({"arrayValue":{"values":[{"intValue":"1"},{}]}})", "composite"},
        {"V11_EmptyArray", R"({"arrayValue":{}})", "composite"},
        {"V11_List", R"({"kvlistValue":{"values":[{"key":"a"}]}})", "composite"},
        {"V11_EmptyArrayBehindSpace", R"({"arrayValue": {}})", "composite"},
        {"V11_EmptyListBehindLine", "{\"kvlistValue\":\n{}}", "composite"},
        {"ArrayIsArray", R"({"arrayValue":[]})", "an object is wanted"},
        {"V12_StringIndexIsAbsent", R"({"stringValueStrindex":3})", "nil"},
        {"V11_NoMember", "{}", "nil"},
        {"J5_UnknownMember", R"({"fooValue":[{"stringValue":"v"}]})", "nil"},
        {"J10_Null", "null", "nil"},
        {"J10_NullMember", R"({"stringValue":null})", "nil"},
        {"J10_NullMemberAndAnother", R"({"stringValue":null,"intValue":1})", "int 1"},
        {"J10_AnotherAndNullMember", R"({"intValue":1,"stringValue":null})", "int 1"},
        {"J10_OneofTwice", R"({"intValue":1,"stringValue":"v"})", "two alternatives"},
        {"J10_OneofTwiceWithArray", R"({"arrayValue":{},"boolValue":true})", "two alternatives"},
        {"J13_SameMemberTwiceLastWins", R"({"stringValue":"a","stringValue":"b"})", "string b"},
        {"J13_SameMemberTwiceLastIsNull", R"({"stringValue":"a","stringValue":null})", "nil"},
        {"ValueIsString", R"("v")", "an object is wanted here, this is \"v\""},
        {"WhiteSpace", "\n{ \"stringValue\"\t:\r\n\"v\" } ", "string v"},
        {"EscapedKey", R"({"string\u0056alue":"v"})", "string v"},
    }),
    [](const auto& info) { return info.param.name; });

// --- Fields of a span -------------------------------------------------------------------------

struct FieldCase {
  std::string name;
  std::string json;  // fields of a span that has ids before them
  std::string want;  // part of the span as text, or of the error
};

class JsonFieldTest : public testing::TestWithParam<FieldCase> {};

std::string SpanText(const SpanBatch& batch) {
  if (!batch.rejected.empty()) {
    return fmt::format("rejected: {}", model::RejectionName(batch.rejected[0].reason));
  }
  const model::Span& span = batch.spans.at(0);
  std::string text = fmt::format(
      "trace={} span={} parent={} state={} name={} kind={} start={} end={} dropped={},{},{} "
      "status={},{} attributes={}",
      Hex(span.trace_id), Hex(span.span_id), Hex(span.parent_span_id), span.trace_state, span.name,
      span.kind, span.start_time_unix_nano, span.end_time_unix_nano, span.dropped_attributes_count,
      span.dropped_events_count, span.dropped_links_count, span.status_code, span.status_message,
      span.attributes.end - span.attributes.begin);
  for (uint32_t i = span.attributes.begin; i < span.attributes.end; ++i) {
    text += " " + ValueText(batch.attributes.at(i).value);
  }
  return text;
}

TEST_P(JsonFieldTest, Reads) {
  std::string body = OneSpan(GetParam().json);
  SpanBatch batch;
  const absl::Status status = DecodeTracesJson(body, ProjectionOfK(), batch);
  EXPECT_THAT(status.ok() ? SpanText(batch) : Outcome(status), HasSubstr(GetParam().want));
}

INSTANTIATE_TEST_SUITE_P(
    Rules, JsonFieldTest,
    testing::ValuesIn<FieldCase>({
        {"J1_LowerCamelCase", R"("droppedAttributesCount":1)", "dropped=1,0,0"},
        {"J1_SnakeCaseIsUnknown", R"("dropped_attributes_count":1)", "dropped=0,0,0"},
        {"J1_OtherCaseIsUnknown", R"("Name":"a","NAME":"b")", "name= "},
        {"J2_Hex", "", "trace=5b8efff798038103d269b633813fc60c span=eee19b7ec3c1b174"},
        {"J2_HexInCapitals", R"("parentSpanId":"EEE19B7EC3C1B1AF")", "parent=eee19b7ec3c1b1af"},
        {"J3_ShortTraceId", R"("traceId":"5b8e")", "rejected: invalid_trace_id"},
        {"J3_LongSpanId", R"("spanId":"eee19b7ec3c1b174ff")", "rejected: invalid_span_id"},
        {"J3_EmptyTraceId", R"("traceId":"")", "rejected: invalid_trace_id"},
        {"J3_OddDigits", R"("traceId":"5b8efff798038103d269b633813fc60c1")",
         "rejected: invalid_trace_id"},
        {"J3_OddDigitsOneShort", R"("traceId":"5b8efff798038103d269b633813fc60")",
         "rejected: invalid_trace_id"},
        {"J3_NullSpanId", R"("spanId":null)", "rejected: invalid_span_id"},
        {"J3_AllZero", R"("spanId":"0000000000000000")", "rejected: invalid_span_id"},
        {"J3_NoHex", R"("spanId":"eee19b7ec3c1b17g")", "an id in hex digits is wanted"},
        {"J3_NoHexInShortId", R"("spanId":"eg")", "an id in hex digits is wanted"},
        {"J3_NoHexInOddDigit", R"("spanId":"eeg")", "an id in hex digits is wanted"},
        {"J3_NotAscii", R"("spanId":"eee19b7ec3c1b1é")", "an id in hex digits is wanted"},
        {"J3_IdIsNumber", R"("spanId":12)", "a string is wanted"},
        {"J3_ParentOfAnotherLengthIsKept", R"("parentSpanId":"ab12")", "parent=ab12"},
        {"E11_IdInBase64IsNoHex", R"("traceId":"W47/95gDgQPSabYzgT/GDA==")",
         "an id in hex digits is wanted"},
        {"J4_EnumNumber", R"("kind":2)", "kind=2"},
        {"J4_EnumName", R"("kind":"SPAN_KIND_CONSUMER")", "kind=5"},
        {"J4_EnumNumberAsString", R"("kind":"3")", "kind=3"},
        {"J4_UnknownEnumNumberIsKept", R"("kind":77)", "kind=77"},
        {"J4_UnknownEnumName", R"("kind":"SPAN_KIND_OTHER")", "SPAN_KIND_OTHER is no number"},
        {"J4_EnumTooLarge", R"("kind":2147483648)", "out of range"},
        {"J4_StatusCodeName", R"("status":{"code":"STATUS_CODE_ERROR"})", "status=2,"},
        {"J5_UnknownKeys",
         R"("a":1,"b":[{"name":"x"},[[]],"]"],"c":{"name":{"name":"}"}},"name":"n")", "name=n"},
        {"J6_TimeAsString", R"("startTimeUnixNano":"1544712660300000000")",
         "start=1544712660300000000"},
        {"J6_TimeAsNumber", R"("endTimeUnixNano":1544712660300000000)", "end=1544712660300000000"},
        {"J6_LargestTime", R"("endTimeUnixNano":"18446744073709551615")",
         "end=18446744073709551615"},
        {"J6_TimeTooLarge", R"("endTimeUnixNano":18446744073709551616)", "out of range"},
        {"J6_TimeFarTooLarge", R"("endTimeUnixNano":"99999999999999999999999")", "out of range"},
        {"J6_TimeBelowZero", R"("endTimeUnixNano":-1)", "out of range"},
        {"J6_TimeMinusZero", R"("endTimeUnixNano":-0)", "end=0"},
        {"J7_Uint32AsString", R"("droppedEventsCount":"4294967295")", "dropped=0,4294967295,0"},
        {"J7_Uint32TooLarge", R"("droppedEventsCount":4294967296)", "out of range"},
        {"J7_Uint32BelowZero", R"("droppedEventsCount":-1)", "out of range"},
        {"J7_Uint32WithExponent", R"("droppedLinksCount":1e3)", "dropped=0,0,1000"},
        {"J7_Uint32WithFraction", R"("droppedLinksCount":1.0)", "dropped=0,0,1"},
        {"J7_Uint32IsHalf", R"("droppedLinksCount":0.5)", "has a fraction"},
        {"J10_NullIsAbsent",
         R"("name":null,"kind":null,"endTimeUnixNano":null,"attributes":null,"status":null)",
         "name= kind=0 start=0 end=0 dropped=0,0,0 status=0, attributes=0"},
        {"J13_LastOfEqualKeysCounts", R"("name":"a","kind":1,"name":"b","kind":3)",
         "name=b kind=3"},
        {"J13_LastOfEqualKeysIsNull", R"("name":"a","name":null)", "name= "},
        {"J13_LastStatusCounts", R"("status":{"code":2,"message":"m"},"status":{"code":1})",
         "status=1, "},
        {"J13_LastAttributesCount",
         R"("attributes":[{"key":"k","value":{"intValue":1}}],)"
         R"("attributes":[{"key":"k","value":{"intValue":2}}])",
         "attributes=1 int 2"},
        {"J13_EqualKeysByEscape", R"("name":"a","\u006eame":"b")", "name=b"},
        {"V10_EqualAttributesAreKeptInOrder",
         R"("attributes":[{"key":"k","value":{"intValue":1}},{"key":"k","value":{"intValue":2}}])",
         "attributes=2 int 1 int 2"},
        {"ValueBeforeKey", R"("attributes":[{"value":{"intValue":1},"key":"k"}])",
         "attributes=1 int 1"},
        {"LastKeyOfAttributeCounts",
         R"("attributes":[{"key":"x","value":{"intValue":1},"key":"k"}])", "attributes=1 int 1"},
        {"LastValueOfAttributeCounts",
         R"("attributes":[{"key":"k","value":{"intValue":1},"value":{"boolValue":true}}])",
         "attributes=1 bool true"},
        {"EscapedAttributeKey", R"("attributes":[{"key":"\u006b","value":{"intValue":1}}])",
         "attributes=1 int 1"},
        {"AttributeWithoutValue", R"("attributes":[{"key":"k"}])", "attributes=1 nil"},
        {"AttributeWithoutKey", R"("attributes":[{"value":{"intValue":1}}])", "attributes=0"},
        {"AttributeThatNobodyReadsMayBeBroken",
         R"("attributes":[{"key":"x","value":{"intValue":"one","boolValue":[1 2]}}])",
         "attributes=0"},
        {"V12_KeyIndexIsSkipped", R"("attributes":[{"keyStrindex":7,"key":"k"}])",
         "attributes=1 nil"},
        {"AttributesAreNoObject", R"("attributes":{})", "an array is wanted here"},
        {"AttributeIsNull", R"("attributes":[null])", "an element is wanted here, this is null"},
        {"StatusIsArray", R"("status":[])", "an object is wanted here, this is an array"},
        {"TextIsView", R"("name":"plain é 語","traceState":"a=b\t")",
         "state=a=b\t name=plain é 語"},
    }),
    [](const auto& info) { return info.param.name; });

// --- Envelopes --------------------------------------------------------------------------------

TEST(DecodeTracesJsonTest, E3_EmptyObjectIsAnEmptyBatch) {
  for (const char* json : {"{}", " {\n} ", R"({"resourceSpans":[]})", R"({"resourceSpans":null})",
                           R"({"resourceMetrics":[{"a":[]}]})"}) {
    std::string body = json;
    SpanBatch batch;
    EXPECT_EQ(Outcome(DecodeTracesJson(body, ProjectionOfK(), batch)), "OK") << json;
    EXPECT_EQ(batch.decoded(), 0u);
    EXPECT_THAT(batch.resources, IsEmpty());
  }
}

TEST(DecodeTracesJsonTest, R6_EmptyEnvelopesLeaveNothing) {
  const std::string attributes = R"("attributes":[{"key":"k","value":{"stringValue":"v"}}])";
  std::string body = fmt::format(
      R"({{"resourceSpans":[{{}},{{"resource":{{{0}}}}},{{"resource":{{{0}}},"scopeSpans":[]}},)"
      R"({{"scopeSpans":[{{"scope":{{{0}}},"spans":[]}}]}},)"
      R"({{"scopeSpans":[{{"scope":{{{0}}},"spans":[{{"name":"no ids",{0}}}]}}]}}]}})",
      attributes);
  SpanBatch batch;
  ASSERT_EQ(Outcome(DecodeTracesJson(body, ProjectionOfK(), batch)), "OK");
  EXPECT_THAT(batch.resources, IsEmpty());
  EXPECT_THAT(batch.scopes, IsEmpty());
  EXPECT_THAT(batch.attributes, IsEmpty());
  ASSERT_EQ(batch.rejected.size(), 1u);
  EXPECT_EQ(batch.rejected[0].ordinal, 0u);
}

TEST(DecodeTracesJsonTest, EnvelopesAroundSpansApplyWhereverTheyStand) {
  const std::string attributes = R"("attributes":[{"key":"k","value":{"stringValue":"v"}}])";
  std::string body = fmt::format(
      R"({{"resourceSpans":[{{"schemaUrl":"s","scopeSpans":[{{"spans":[{{{1}}}],"scope":)"
      R"({{"name":"scope","version":"1",{0}}}}}],"resource":{{"droppedAttributesCount":3,{0}}}}}]}})",
      attributes, kIds);
  SpanBatch batch;
  ASSERT_EQ(Outcome(DecodeTracesJson(body, ProjectionOfK(), batch)), "OK");
  ASSERT_EQ(batch.spans.size(), 1u);
  ASSERT_EQ(batch.scopes.size(), 1u);
  ASSERT_EQ(batch.resources.size(), 1u);
  const auto text = [&](model::AttributeRange range) {
    EXPECT_EQ(range.end, range.begin + 1);
    return batch.attributes.at(range.begin).value.text();
  };
  EXPECT_EQ(text(batch.resources[0].attributes), "v");
  EXPECT_EQ(text(batch.scopes[0].attributes), "v");
  EXPECT_EQ(batch.scopes[0].scope_name, "scope");
  EXPECT_EQ(batch.scopes[0].scope_version, "1");
  EXPECT_EQ(batch.resources[0].dropped_attributes_count, 3u);
}

TEST(DecodeTracesJsonTest, J13_OfEqualArraysTheLastOneCounts) {
  const std::string good = fmt::format(R"({{"name":"good",{},"endTimeUnixNano":1}})", kIds);
  const std::string timeless = fmt::format("{{{}}}", kIds);
  const std::string dropped = fmt::format(R"("spans":[{},{{}},{}],)", timeless, good);
  const std::string scope_spans = fmt::format(R"({{{}"spans":[{{}},{}]}})", dropped, good);
  const std::string resource_spans =
      fmt::format(R"({{"scopeSpans":[{0},{0}],"scopeSpans":[{0}]}})", scope_spans);
  std::string body =
      fmt::format(R"({{"resourceSpans":[{0},{0}],"resourceSpans":[{0}]}})", resource_spans);
  SpanBatch batch;
  ASSERT_EQ(Outcome(DecodeTracesJson(body, ProjectionOfK(), batch)), "OK");
  ASSERT_EQ(batch.spans.size(), 1u);
  EXPECT_EQ(batch.spans[0].name, "good");
  EXPECT_EQ(batch.spans[0].ordinal, 1u);
  ASSERT_EQ(batch.rejected.size(), 1u);
  EXPECT_EQ(batch.rejected[0].ordinal, 0u);
  EXPECT_FALSE(batch.has_item_without_time);
  ASSERT_EQ(batch.scopes.size(), 1u);
  EXPECT_EQ(batch.scopes[0].item_begin, 0u);
  EXPECT_EQ(batch.scopes[0].item_end, 1u);
  ASSERT_EQ(batch.resources.size(), 1u);
  EXPECT_EQ(batch.resources[0].scope_begin, 0u);
  EXPECT_EQ(batch.resources[0].scope_end, 1u);
}

TEST(DecodeTracesJsonTest, E6_InvalidSpanIsRejectedAloneWithItsOrdinal) {
  std::string body = TracesOf(fmt::format(
      R"({{"attributes":[{{"key":"k"}}],"spanId":"eee19b7ec3c1b174"}},{{{}}},{{"traceId":"ab"}})",
      kIds));
  SpanBatch batch;
  ASSERT_EQ(Outcome(DecodeTracesJson(body, ProjectionOfK(), batch)), "OK");
  ASSERT_EQ(batch.spans.size(), 1u);
  EXPECT_EQ(batch.spans[0].ordinal, 1u);
  EXPECT_THAT(batch.attributes, IsEmpty());
  ASSERT_EQ(batch.rejected.size(), 2u);
  EXPECT_EQ(batch.rejected[0].ordinal, 0u);
  EXPECT_EQ(batch.rejected[1].ordinal, 2u);
  EXPECT_EQ(batch.decoded(), 3u);
}

TEST(DecodeTracesJsonTest, PlainTextIsAViewOfTheBody) {
  std::string body = OneSpan(R"("name":"plain","traceState":"esc\"aped")");
  const size_t size = body.size();
  SpanBatch batch;
  ASSERT_EQ(Outcome(DecodeTracesJson(body, ProjectionOfK(), batch)), "OK");
  EXPECT_EQ(body.size(), size);
  const auto is_in_body = [&](std::string_view view) {
    return view.data() >= body.data() && view.data() < body.data() + body.size();
  };
  EXPECT_TRUE(is_in_body(batch.spans.at(0).name));
  EXPECT_FALSE(is_in_body(batch.spans.at(0).trace_state));
  EXPECT_EQ(batch.spans[0].trace_state, "esc\"aped");
}

TEST(DecodeTracesJsonTest, NextRequestReusesMemoryAndSeesNothingOfTheLast) {
  std::string spans;
  for (int i = 0; i < 100; ++i) spans += fmt::format("{}{{{}}}", i == 0 ? "" : ",", kIds);
  std::string large = TracesOf(spans);
  std::string small = OneSpan("");
  SpanBatch batch;
  ASSERT_EQ(Outcome(DecodeTracesJson(large, ProjectionOfK(), batch)), "OK");
  ASSERT_EQ(batch.spans.size(), 100u);
  const model::Span* const begin = batch.spans.data();
  ASSERT_EQ(Outcome(DecodeTracesJson(small, ProjectionOfK(), batch)), "OK");
  EXPECT_EQ(batch.spans.size(), 1u);
  EXPECT_EQ(batch.resources.size(), 1u);
  EXPECT_EQ(batch.spans.data(), begin);
}

// --- Log records ------------------------------------------------------------------------------

TEST(DecodeLogsJsonTest, ReadsEveryField) {
  std::string body = OneRecord(
      R"("timeUnixNano":"1544712660300000000","observedTimeUnixNano":1544712660300000001,)"
      R"("severityNumber":10,"severityText":"Information","eventName":"e","flags":1,)"
      R"("traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174",)"
      R"("droppedAttributesCount":2,"body":{"stringValue":"Example log record"},)"
      R"("attributes":[{"key":"k","value":{"stringValue":"some string"}},)"
      R"({"key":"other","value":{"boolValue":true}}])");
  LogBatch batch;
  ASSERT_EQ(Outcome(DecodeLogsJson(body, ProjectionOfK(), batch)), "OK");
  ASSERT_EQ(batch.records.size(), 1u);
  const model::LogRecord& record = batch.records[0];
  EXPECT_EQ(record.time_unix_nano, 1544712660300000000u);
  EXPECT_EQ(record.observed_time_unix_nano, 1544712660300000001u);
  EXPECT_EQ(record.severity_number, 10);
  EXPECT_EQ(record.severity_text, "Information");
  EXPECT_EQ(record.event_name, "e");
  EXPECT_EQ(record.flags, 1u);
  EXPECT_EQ(Hex(record.trace_id), "5b8efff798038103d269b633813fc60c");
  EXPECT_EQ(Hex(record.span_id), "eee19b7ec3c1b174");
  EXPECT_EQ(record.dropped_attributes_count, 2u);
  EXPECT_EQ(ValueText(record.body), "string Example log record");
  ASSERT_EQ(record.attributes.end - record.attributes.begin, 1u);
  EXPECT_EQ(ValueText(batch.attributes.at(record.attributes.begin).value), "string some string");
  EXPECT_FALSE(batch.has_item_without_time);
}

TEST(DecodeLogsJsonTest, V3_InvalidIdsAreNoIdsAndTheRecordStays) {
  for (const char* ids :
       {R"("traceId":"ab","spanId":"abc")", R"("traceId":null,"spanId":"")",
        R"("traceId":"00000000000000000000000000000000","spanId":"0000000000000000")"}) {
    std::string body = OneRecord(ids);
    LogBatch batch;
    ASSERT_EQ(Outcome(DecodeLogsJson(body, ProjectionOfK(), batch)), "OK");
    ASSERT_EQ(batch.records.size(), 1u);
    EXPECT_THAT(batch.records[0].trace_id, IsEmpty());
    EXPECT_THAT(batch.records[0].span_id, IsEmpty());
    EXPECT_TRUE(batch.has_item_without_time);
  }
}

TEST(DecodeLogsJsonTest, J4_SeverityByName) {
  std::string body = OneRecord(R"("severityNumber":"SEVERITY_NUMBER_FATAL4","timeUnixNano":1)");
  LogBatch batch;
  ASSERT_EQ(Outcome(DecodeLogsJson(body, ProjectionOfK(), batch)), "OK");
  EXPECT_EQ(batch.records.at(0).severity_number, 24);
}

// --- What is no request -----------------------------------------------------------------------

struct BrokenCase {
  std::string name;
  std::string body;
  std::string want;  // part of the message
};

class BrokenJsonTest : public testing::TestWithParam<BrokenCase> {};

TEST_P(BrokenJsonTest, IsRefusedWithItsPlace) {
  std::string body = GetParam().body;
  SpanBatch batch;
  const absl::Status status = DecodeTracesJson(body, ProjectionOfK(), batch);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Outcome(status), HasSubstr(GetParam().want));
  EXPECT_EQ(batch.decoded(), 0u);
  EXPECT_THAT(batch.resources, IsEmpty());
}

// The begin of an object with a long string.
std::string LongText(std::string_view character, int count) {
  std::string text = R"({"a":")";
  for (int i = 0; i < count; ++i) text += character;
  return text;
}

INSTANTIATE_TEST_SUITE_P(
    Text, BrokenJsonTest,
    testing::ValuesIn<BrokenCase>({
        {"E4_Empty", "", "the body is empty"},
        {"OnlyWhiteSpace", " \n\t", "the body is empty"},
        {"TopIsArray", "[]", "the request at byte 0: an object is wanted here, this is an array"},
        {"TopIsString", "\"{}\"", "the request at byte 0: an object is wanted"},
        {"TopIsNull", "null", "the request at byte 0: an object is wanted here, this is null"},
        {"Protobuf", "\x0a\x02\x12\x01", "an object is wanted here, this is ??"},
        {"Unfinished", "{", "the request at byte 1: a key is wanted here, this is the end"},
        {"SecondDocument", "{} {}", "the end of the request is wanted here, this is an object"},
        {"TrailingGarbage", "{}x", "the end of the request is wanted here, this is x"},
        {"TrailingBrace", "{}}", "the end of the request is wanted"},
        {"KeyWithoutQuotes", "{a:1}", "a key is wanted here, this is a"},
        {"KeyWithoutColon", R"({"a" 1})", "a colon is wanted here, this is 1"},
        {"KeyWithoutValue", R"({"a":})", "a at byte 5: a value is wanted"},
        {"MissingComma", R"({"a":1 "b":2})", "a comma or a closing brace is wanted"},
        {"CommaAtEnd", R"({"a":1,})", "a key is wanted here, this is }"},
        {"CommaAtBegin", R"({,"a":1})", "a key is wanted here, this is ,"},
        {"CommaAtEndOfArray", R"({"resourceSpans":[{},]})", "resourceSpans[1] at byte 21"},
        {"ArrayWithoutComma", R"({"resourceSpans":[{} {}]})", "a comma or a closing bracket"},
        {"ClosedByOther", R"({"resourceSpans":[}})", "resourceSpans[0] at byte 18"},
        {"SkippedClosedByOther", R"({"a":[{]}})", "a bracket closes one of another kind"},
        {"SkippedUnclosed", R"({"a":[{)", "a closing bracket is wanted here, this is the end"},
        {"UnclosedString", R"({"resourceSpans)", "the string at byte 1 has no end"},
        {"UnclosedStringAfterEscape", R"({"a":"\"})", "the string at byte 5 has no end"},
        {"ControlCharacter", "{\"a\":\"\n\"}", "byte 6 is a control character"},
        {"InvalidUtf8", "{\"a\":\"\xc3\x28\"}", "byte 6 is not UTF-8"},
        {"InvalidUtf8InSkipped", "{\"resourceSpans\":[],\"x\":\"\xff\"}", "byte 25 is not UTF-8"},
        {"OverlongUtf8", "{\"\xc0\x80\":1}", "byte 2 is not UTF-8"},
        {"SurrogateInUtf8", "{\"\xed\xa0\x80\":1}", "byte 2 is not UTF-8"},
        {"CutUtf8", "{\"a\":\"\xe8\xaa", "byte 6 is not UTF-8"},
        {"InvalidUtf8FarBehind", LongText("\xe8\xaa\x9e", 50'000) + "\xff\"}",
         "byte 150006 is not UTF-8"},
        {"ContinuationsFarBehind", LongText("x", 65'000) + std::string(1000, '\x80') + "\"}",
         "byte 65006 is not UTF-8"},
        {"ControlCharacterFarBehind", LongText("\xe8\xaa\x9e", 50'000) + "\x01\xff\"}",
         "byte 150006 is a control character"},
        {"ByteOrderMark", "\xef\xbb\xbf{}", "at byte 0"},
        {"PathOfSpanField", TracesOf(fmt::format(R"({{{}}},{{"kind":{{}}}})", kIds)),
         "resourceSpans[0].scopeSpans[0].spans[1].kind at byte"},
        {"PathOfAttribute",
         OneSpan(R"("attributes":[{"key":"a"},{"key":"k","value":{"intValue":"x"}}])"),
         "resourceSpans[0].scopeSpans[0].spans[0].attributes[1].value.intValue at byte"},
        {"PathIsPrintable", "{\"a\x7f\xc3\xa9\":}", "a??? at byte"},
        {"PathIsNotTooLong", fmt::format(R"({{"{}":}})", std::string(1000, 'a')),
         std::string(40, 'a') + "... at byte"},
        {"ResourceSpansIsObject", R"({"resourceSpans":{}})",
         "resourceSpans at byte 17: an array is wanted here, this is an object"},
        {"SpanIsNull", TracesOf("null"), "spans[0] at byte"},
        {"ResourceIsArray", R"({"resourceSpans":[{"resource":[]}]})",
         "resourceSpans[0].resource at byte"},
        {"NullMisspelt", R"({"resourceSpans":nul})", "null is wanted here, this is nul"},
    }),
    [](const auto& info) { return info.param.name; });

// --- Depth ------------------------------------------------------------------------------------

std::string Nested(int depth, bool is_list) {
  const std::string_view open =
      is_list ? R"({"kvlistValue":{"values":[{"key":"a","value":)" : R"({"arrayValue":{"values":[)";
  const std::string_view close = is_list ? "}]}}" : "]}}";
  std::string json;
  for (int i = 1; i < depth; ++i) json += open;
  json += "{}";
  for (int i = 1; i < depth; ++i) json += close;
  return json;
}

struct DepthCase {
  std::string name;
  std::string key;
  bool is_list;
};

class DepthTest : public testing::TestWithParam<DepthCase> {};

TEST_P(DepthTest, R15_ThirtyTwoValuesInEachOtherAreTheMost) {
  for (const int depth : {1, 31, 32, 33, 34, 1000}) {
    std::string body = OneSpan(fmt::format(R"("attributes":[{{"key":"{}","value":{}}}])",
                                           GetParam().key, Nested(depth, GetParam().is_list)));
    SpanBatch batch;
    const absl::Status status = DecodeTracesJson(body, ProjectionOfK(), batch);
    EXPECT_THAT(Outcome(status), HasSubstr(depth <= 32 ? "OK" : "nested deeper than 32"));
    const auto protobuf = JsonToProtobuf(model::Signal::kTraces, body);
    EXPECT_EQ(protobuf.ok(), depth <= 32) << depth;
  }
}

INSTANTIATE_TEST_SUITE_P(Values, DepthTest,
                         testing::ValuesIn<DepthCase>({
                             {"ArraysThatAreRead", "k", false},
                             {"ListsThatAreRead", "k", true},
                             {"ArraysThatAreSkipped", "other", false},
                             {"ListsThatAreSkipped", "other", true},
                         }),
                         [](const auto& info) { return info.param.name; });

TEST(DepthTest, DeepestEmptyArrayIsTaken) {
  std::string json = Nested(32, false);
  json.replace(json.find("{}"), 2, R"({"arrayValue":{"values":[]}})");
  std::string body = OneSpan(fmt::format(R"("attributes":[{{"key":"k","value":{}}}])", json));
  SpanBatch batch;
  EXPECT_EQ(Outcome(DecodeTracesJson(body, ProjectionOfK(), batch)), "OK");
  EXPECT_TRUE(JsonToProtobuf(model::Signal::kTraces, body).ok());
}

TEST(DepthTest, WhatIsSkippedHoldsAnythingThatIsLegal) {
  const std::string value = Nested(32, true);
  std::string body = OneSpan(fmt::format(
      R"("events":[{{"attributes":[{{"key":"a","value":{0}}}]}}],"links":[{{"attributes":[{{"key":)"
      R"("a","value":{0}}}]}}])",
      value));
  SpanBatch batch;
  EXPECT_EQ(Outcome(DecodeTracesJson(body, ProjectionOfK(), batch)), "OK");
  EXPECT_TRUE(JsonToProtobuf(model::Signal::kTraces, body).ok());
}

// --- Keys -------------------------------------------------------------------------------------

TEST(JsonKeysTest, EveryKeyIsFoundAndNothingElse) {
  for (size_t i = 0; i < json_keys::kNames.size(); ++i) {
    const auto& [key, name] = json_keys::kNames[i];
    EXPECT_EQ(static_cast<size_t>(key), i + 1) << name;
    const auto find = [](std::string text) {
      text.reserve(text.size() + 8);
      return FindJsonKey(text);
    };
    EXPECT_EQ(find(std::string(name)), key) << name;
    EXPECT_EQ(find(std::string(name) + "x"), JsonKey::kUnknown) << name;
    EXPECT_EQ(find(std::string(name.substr(0, name.size() - 1)) + "\x01"), JsonKey::kUnknown);
    for (size_t at = 0; at < name.size(); ++at) {
      std::string other(name);
      other[at] = '#';
      EXPECT_EQ(find(other), JsonKey::kUnknown) << other;
    }
  }
}

}  // namespace
}  // namespace slowburn::collector
