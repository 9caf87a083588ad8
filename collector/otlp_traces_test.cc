// Goal: spans, attributes and what surrounds them are decoded by the rules, and broken bytes are
// refused with their place. Method: small requests by hand, one row per rule and per kind of broken
// bytes. (Against protobuf: otlp_decoders_test.cc.)
#include "collector/otlp_traces.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <protozero/pbf_writer.hpp>

#include "base/status.h"
#include "collector/testing/trace_requests.h"

namespace slowburn::collector {
namespace {

using model::AttributeProjection;
using model::AttributeScope;
using model::AttributeValue;
using model::SpanBatch;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kTraceId(16, '\x11');
const std::string kSpanId(8, '\x22');

// --- Small requests by hand -------------------------------------------------------------------

// One length-delimited field.
std::string Framed(uint32_t number, std::string_view content) {
  std::string out;
  protozero::pbf_writer(out).add_bytes(number, content.data(), content.size());
  return out;
}
std::string Varint(uint32_t number, int64_t value) {
  std::string out;
  protozero::pbf_writer(out).add_int64(number, value);
  return out;
}
std::string KeyValue(std::string_view key, std::string_view any_value) {
  return Framed(1, key) + Framed(2, any_value);
}
std::string Ids() { return Framed(1, kTraceId) + Framed(2, kSpanId); }
// A request of one valid span with `fields` after its ids.
std::string OneSpan(std::string_view fields = "") {
  return Framed(1, Framed(2, Framed(2, Ids() + std::string(fields))));
}

AttributeValue SpanAttribute(const SpanBatch& batch) {
  EXPECT_EQ(batch.attributes.size(), 1u);
  return batch.attributes.empty() ? AttributeValue() : batch.attributes.front().value;
}

AttributeProjection ProjectionOfK() {
  AttributeProjection projection;
  for (const auto scope :
       {AttributeScope::kResource, AttributeScope::kScope, AttributeScope::kItem}) {
    projection.Add(scope, "k");
  }
  return projection;
}

// --- One row per rule about values ------------------------------------------------------------

struct ValueCase {
  std::string name;
  std::string attribute;  // a KeyValue
  AttributeValue::Kind want;
  std::string want_text;
};

class AttributeValueTest : public testing::TestWithParam<ValueCase> {};

TEST_P(AttributeValueTest, Decodes) {
  const std::string body = OneSpan(Framed(9, GetParam().attribute));
  SpanBatch batch;
  ASSERT_TRUE(DecodeTraces(body, ProjectionOfK(), batch).ok());
  const AttributeValue value = SpanAttribute(batch);
  EXPECT_EQ(value.kind(), GetParam().want);
  if (value.kind() == AttributeValue::Kind::kString) {
    EXPECT_EQ(value.text(), GetParam().want_text);
  }
}

using Kind = AttributeValue::Kind;
INSTANTIATE_TEST_SUITE_P(
    Rules, AttributeValueTest,
    testing::ValuesIn<ValueCase>({
        {"String", KeyValue("k", Framed(1, "v")), Kind::kString, "v"},
        {"EmptyString", KeyValue("k", Framed(1, "")), Kind::kString, ""},
        {"V11_Array", KeyValue("k", Framed(5, "")), Kind::kComposite, ""},
        {"V11_KeyValueList", KeyValue("k", Framed(6, "")), Kind::kComposite, ""},
        {"V11_Bytes", KeyValue("k", Framed(7, "b")), Kind::kBytes, ""},
        {"V11_NoMember", KeyValue("k", ""), Kind::kNil, ""},
        {"NoValue", Framed(1, "k"), Kind::kNil, ""},
        {"V12_StringIndexIsAbsent", KeyValue("k", Varint(8, 3)), Kind::kNil, ""},
        {"V12_KeyIndexIsSkipped", Varint(3, 7) + KeyValue("k", Framed(1, "v")), Kind::kString, "v"},
        {"LastMemberOfOneofWins", KeyValue("k", Varint(3, 1) + Framed(1, "last")), Kind::kString,
         "last"},
        {"V12_StringIndexLastWins", KeyValue("k", Framed(1, "v") + Varint(8, 3)), Kind::kNil, ""},
        {"E14_RepeatedValueMerges", KeyValue("k", Framed(1, "kept")) + Framed(2, ""), Kind::kString,
         "kept"},
        {"E14_RepeatedValueLastWins", KeyValue("k", Varint(3, 1)) + Framed(2, Framed(1, "last")),
         Kind::kString, "last"},
        {"ValueBeforeKey", Framed(2, Framed(1, "v")) + Framed(1, "k"), Kind::kString, "v"},
        {"LastKeyWins", KeyValue("other", Framed(1, "v")) + Framed(1, "k"), Kind::kString, "v"},
        {"WrongWireTypeIsUnknown", KeyValue("k", Framed(1, "v") + Framed(3, "x")), Kind::kString,
         "v"},
        {"InvalidUtf8IsKept", KeyValue("k", Framed(1, "\xff\xfe")), Kind::kString, "\xff\xfe"},
    }),
    [](const auto& info) { return info.param.name; });

TEST(DecodeTracesTest, BoolIntAndDoubleKeepTheirValues) {
  AttributeProjection projection = ProjectionOfK();
  std::string number;
  protozero::pbf_writer(number).add_double(4, 2.5);
  SpanBatch batch;
  std::string body = OneSpan(Framed(9, KeyValue("k", number)));
  ASSERT_TRUE(DecodeTraces(body, projection, batch).ok());
  EXPECT_EQ(SpanAttribute(batch).number(), 2.5);
  body = OneSpan(Framed(9, KeyValue("k", Varint(3, -5))));
  ASSERT_TRUE(DecodeTraces(body, projection, batch).ok());
  EXPECT_EQ(SpanAttribute(batch).integer(), -5);
  body = OneSpan(Framed(9, KeyValue("k", Varint(2, 256))));
  ASSERT_TRUE(DecodeTraces(body, projection, batch).ok());
  EXPECT_TRUE(SpanAttribute(batch).boolean());
}

// --- Envelopes --------------------------------------------------------------------------------

TEST(DecodeTracesTest, EnvelopesAroundSpansApplyWhereverTheyStand) {
  const std::string attribute = KeyValue("k", Framed(1, "v"));
  const std::string scope_spans =
      Framed(2, Ids()) + Framed(1, Framed(1, "scope") + Framed(3, attribute));
  const std::string body = Framed(1, Framed(2, scope_spans) + Framed(1, Framed(1, attribute)));
  SpanBatch batch;
  ASSERT_TRUE(DecodeTraces(body, ProjectionOfK(), batch).ok());
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
}

TEST(DecodeTracesTest, E14_ResourceInTwoPartsIsOne) {
  const auto resource = [](std::string_view value) {
    return Framed(1, Framed(1, KeyValue("k", Framed(1, value))));
  };
  const std::string span = Framed(2, Framed(2, Ids() + Framed(9, KeyValue("k", Varint(3, 1)))));
  const std::string body = Framed(1, resource("first") + span + resource("second"));
  SpanBatch batch;
  ASSERT_TRUE(DecodeTraces(body, ProjectionOfK(), batch).ok());
  ASSERT_EQ(batch.resources.size(), 1u);
  const model::AttributeRange range = batch.resources[0].attributes;
  ASSERT_EQ(range.end - range.begin, 2u);
  EXPECT_EQ(batch.attributes[range.begin].value.text(), "first");
  EXPECT_EQ(batch.attributes[range.begin + 1].value.text(), "second");
}

TEST(DecodeTracesTest, R6_EmptyEnvelopesLeaveNothing) {
  const std::string attribute = Framed(1, Framed(1, KeyValue("k", Framed(1, "v"))));
  const std::string body = Framed(1, "") + Framed(1, attribute) +
                           Framed(1, attribute + Framed(2, "")) +
                           Framed(1, Framed(2, Framed(1, Framed(3, KeyValue("k", "")))));
  SpanBatch batch;
  ASSERT_TRUE(DecodeTraces(body, ProjectionOfK(), batch).ok());
  EXPECT_THAT(batch.resources, IsEmpty());
  EXPECT_THAT(batch.scopes, IsEmpty());
  EXPECT_EQ(batch.attributes.size(), 0u);
}

TEST(DecodeTracesTest, E6_InvalidSpanIsRejectedAloneWithItsOrdinal) {
  const std::string bad = Framed(2, Framed(1, kTraceId) + Framed(9, KeyValue("k", "")));
  const std::string body =
      Framed(1, Framed(2, bad + Framed(2, Ids()) + Framed(2, Framed(2, kSpanId))));
  SpanBatch batch;
  ASSERT_TRUE(DecodeTraces(body, ProjectionOfK(), batch).ok());
  ASSERT_EQ(batch.spans.size(), 1u);
  EXPECT_EQ(batch.spans[0].ordinal, 1u);
  EXPECT_EQ(batch.attributes.size(), 0u);
  ASSERT_EQ(batch.rejected.size(), 2u);
  EXPECT_EQ(batch.rejected[0].ordinal, 0u);
  EXPECT_EQ(batch.rejected[0].reason, model::Rejection::kInvalidSpanId);
  EXPECT_EQ(batch.rejected[1].ordinal, 2u);
  EXPECT_EQ(batch.rejected[1].reason, model::Rejection::kInvalidTraceId);
  EXPECT_EQ(batch.decoded(), 3u);
}

TEST(DecodeTracesTest, SpanWithoutEndTimeIsNoticed) {
  std::string time;
  protozero::pbf_writer(time).add_fixed64(8, 1);
  SpanBatch batch;
  ASSERT_TRUE(DecodeTraces(OneSpan(time), ProjectionOfK(), batch).ok());
  EXPECT_FALSE(batch.has_item_without_time);
  ASSERT_TRUE(DecodeTraces(OneSpan(), ProjectionOfK(), batch).ok());
  EXPECT_TRUE(batch.has_item_without_time);
}

TEST(DecodeTracesTest, NextRequestReusesMemoryAndSeesNothingOfTheLast) {
  Random random(1);
  const std::string large = TypicalTraces(100, random).SerializeAsString();
  const AttributeProjection projection = TestProjection();
  SpanBatch batch;
  ASSERT_TRUE(DecodeTraces(large, projection, batch).ok());
  ASSERT_EQ(batch.spans.size(), 100u);
  const model::Span* const spans = batch.spans.data();
  const std::string small = OneSpan();
  ASSERT_TRUE(DecodeTraces(small, projection, batch).ok());
  EXPECT_EQ(batch.spans.size(), 1u);
  EXPECT_EQ(batch.resources.size(), 1u);
  EXPECT_EQ(batch.attributes.size(), 0u);
  EXPECT_EQ(batch.spans.data(), spans);
}

// --- Groups (E12) -----------------------------------------------------------------------------

// Field 3 as a group, `depth` deep.
std::string Groups(int depth) {
  const auto count = static_cast<size_t>(depth);
  return std::string(count, '\x1b') + std::string(count, '\x1c');
}

TEST(DecodeTracesTest, E12_GroupsAreSkippedUpTo32Deep) {
  SpanBatch batch;
  EXPECT_TRUE(DecodeTraces(OneSpan(Groups(1)), ProjectionOfK(), batch).ok());
  EXPECT_EQ(batch.spans.size(), 1u);
  EXPECT_TRUE(DecodeTraces(OneSpan(Groups(32)), ProjectionOfK(), batch).ok());
  EXPECT_EQ(DecodeTraces(OneSpan(Groups(33)), ProjectionOfK(), batch).code(),
            absl::StatusCode::kInvalidArgument);
}

// --- Broken bytes -----------------------------------------------------------------------------

struct BrokenCase {
  std::string name;
  std::string body;
  std::string want;  // part of the message
};

class BrokenTest : public testing::TestWithParam<BrokenCase> {};

TEST_P(BrokenTest, IsRefusedWithItsPlace) {
  SpanBatch batch;
  const absl::Status status = DecodeTraces(GetParam().body, ProjectionOfK(), batch);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(base::Message(status)), HasSubstr(GetParam().want));
  EXPECT_EQ(batch.decoded(), 0u);
}

std::string Cut(std::string bytes, size_t by) { return bytes.substr(0, bytes.size() - by); }

INSTANTIATE_TEST_SUITE_P(
    Bytes, BrokenTest,
    testing::ValuesIn<BrokenCase>({
        {"E5_Truncated", Cut(OneSpan(), 1), "request at byte 0"},
        {"LengthBeyondEnd", "\x0a\x05x", "request at byte 0"},
        {"HugeLength", "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "request at byte 0"},
        {"UnfinishedVarint", "\x0a\xff", "request at byte 0"},
        {"VarintTooLong", "\x08" + std::string(11, '\xff'), "request at byte 0"},
        {"FieldNumberZero", std::string("\x02\x00", 2), "request at byte 0"},
        {"FieldNumberTooLarge", "\xfa\xff\xff\xff\x7f", "request at byte 0"},
        {"WireType6", "\x0e", "request at byte 0"},
        {"WireType7", "\x0f", "request at byte 0"},
        {"EndOfNoGroup", "\x1c", "request at byte 0"},
        {"GroupWithoutEnd", "\x1b", "request at byte 0"},
        {"GroupEndsAnother", "\x1b\x24", "request at byte 0"},
        {"InResourceSpans", Framed(1, "\x0a\x01"), "resource spans at byte 2"},
        {"InScopeSpans", Framed(1, Framed(2, "\x0a\x01")), "scope spans at byte 4"},
        {"InSpan", Framed(1, Framed(2, Framed(2, "\x0a\x01"))), "span at byte 6"},
        {"InStatus", OneSpan(Framed(15, "\x12\x01")), "span at byte 6"},
        {"InKeyValue", OneSpan(Framed(9, "\x0a\x02k")), "span at byte 6"},
        {"InValue", OneSpan(Framed(9, KeyValue("k", "\x0a\x02v"))), "span at byte 6"},
        {"ShortFixed64", OneSpan("\x39\x01"), "span at byte 6"},
        {"ShortFixed32", OneSpan("\x85\x01\x01"), "span at byte 6"},
        {"Json", "{\"resourceSpans\":[]}", "binary protobuf"},
    }),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace slowburn::collector
