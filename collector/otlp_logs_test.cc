// Goal: every log record is kept, with what it has. Method: one record a row; small requests by
// hand. (Against protobuf: otlp_decoders_test.cc.)
#include "collector/otlp_logs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <protozero/pbf_writer.hpp>

#include "base/status.h"
#include "collector/testing/log_requests.h"

namespace slowburn::collector {
namespace {

using model::AttributeValue;
using model::LogBatch;
using testing::HasSubstr;
using testing::IsEmpty;

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
std::string Fixed64(uint32_t number, uint64_t value) {
  std::string out;
  protozero::pbf_writer(out).add_fixed64(number, value);
  return out;
}
std::string OneRecord(std::string_view fields) { return Framed(1, Framed(2, Framed(2, fields))); }

LogBatch Decoded(const std::string& body) {
  LogBatch batch;
  const absl::Status status = DecodeLogs(body, TestProjection(), batch);
  EXPECT_TRUE(status.ok()) << base::Message(status);
  EXPECT_THAT(batch.rejected, IsEmpty());
  return batch;
}

// --- Ids (V3)
// -------------------------------------------------------------------------------------

struct IdCase {
  std::string name;
  std::string trace_id;
  std::string span_id;
  bool want_trace_id;
  bool want_span_id;
};

class V3IdsTest : public testing::TestWithParam<IdCase> {};

TEST_P(V3IdsTest, InvalidOnesReadAsEmptyAndTheRecordStays) {
  const auto& [name, trace_id, span_id, want_trace_id, want_span_id] = GetParam();
  const std::string body = OneRecord(Framed(9, trace_id) + Framed(10, span_id));
  const LogBatch batch = Decoded(body);
  ASSERT_EQ(batch.records.size(), 1u);
  EXPECT_EQ(batch.records[0].trace_id, want_trace_id ? trace_id : "");
  EXPECT_EQ(batch.records[0].span_id, want_span_id ? span_id : "");
}

const std::string kTraceId(16, '\x11');
const std::string kSpanId(8, '\x22');
INSTANTIATE_TEST_SUITE_P(Ids, V3IdsTest,
                         testing::ValuesIn<IdCase>({
                             {"Both", kTraceId, kSpanId, true, true},
                             {"None", "", "", false, false},
                             {"TraceOfZeros", std::string(16, '\0'), kSpanId, false, true},
                             {"SpanOfZeros", kTraceId, std::string(8, '\0'), true, false},
                             {"Short", "short", "short", false, false},
                             {"Long", kTraceId + "x", kSpanId + "x", false, false},
                             {"Hex", std::string(32, 'a'), std::string(16, 'a'), false, false},
                         }),
                         [](const auto& info) { return info.param.name; });

// --- Times (V3)
// -----------------------------------------------------------------------------------

struct TimeCase {
  std::string name;
  uint64_t time;
  uint64_t observed;
  uint64_t want;
};

class V3TimesTest : public testing::TestWithParam<TimeCase> {};

TEST_P(V3TimesTest, ItsOwnElseWhenItWasSeenElseNoticed) {
  const auto& [name, time, observed, want] = GetParam();
  const std::string body = OneRecord(Fixed64(1, time) + Fixed64(11, observed));
  const LogBatch batch = Decoded(body);
  ASSERT_EQ(batch.records.size(), 1u);
  EXPECT_EQ(batch.records[0].event_time_unix_nano(), want);
  EXPECT_EQ(batch.has_item_without_time, want == 0);
}

INSTANTIATE_TEST_SUITE_P(Times, V3TimesTest,
                         testing::ValuesIn<TimeCase>({
                             {"Both", 5, 9, 5},
                             {"Observed", 0, 9, 9},
                             {"Own", 5, 0, 5},
                             {"None", 0, 0, 0},
                         }),
                         [](const auto& info) { return info.param.name; });

// --- Bodies
// ---------------------------------------------------------------------------------------

struct BodyCase {
  std::string name;
  std::string fields;
  AttributeValue::Kind want;
  std::string want_text;
};

class LogBodyTest : public testing::TestWithParam<BodyCase> {};

TEST_P(LogBodyTest, Decodes) {
  const std::string body = OneRecord(GetParam().fields);
  const LogBatch batch = Decoded(body);
  ASSERT_EQ(batch.records.size(), 1u);
  const AttributeValue& value = batch.records[0].body;
  EXPECT_EQ(value.kind(), GetParam().want);
  if (value.kind() == AttributeValue::Kind::kString) {
    EXPECT_EQ(value.text(), GetParam().want_text);
  }
}

using Kind = AttributeValue::Kind;
INSTANTIATE_TEST_SUITE_P(
    Bodies, LogBodyTest,
    testing::ValuesIn<BodyCase>({
        {"Text", Framed(5, Framed(1, "a line")), Kind::kString, "a line"},
        {"None", "", Kind::kNil, ""},
        {"V11Empty", Framed(5, ""), Kind::kNil, ""},
        {"V11Map", Framed(5, Framed(6, Framed(1, Framed(1, "k")))), Kind::kComposite, ""},
        {"V11Bytes", Framed(5, Framed(7, "b")), Kind::kBytes, ""},
        {"V12StringIndex", Framed(5, Varint(8, 3)), Kind::kNil, ""},
        {"E14InTwoParts", Framed(5, Framed(1, "kept")) + Framed(2, "\x01") + Framed(5, ""),
         Kind::kString, "kept"},
        {"E14LastPartWins", Framed(5, Varint(3, 1)) + Framed(5, Framed(1, "last")), Kind::kString,
         "last"},
        {"InvalidUtf8IsKept", Framed(5, Framed(1, "\xff\xfe")), Kind::kString, "\xff\xfe"},
    }),
    [](const auto& info) { return info.param.name; });

TEST(DecodeLogsTest, OddNumbersAreKept) {
  const std::string body = OneRecord(Varint(2, -7) + Varint(7, 3) + Framed(12, "event"));
  const LogBatch batch = Decoded(body);
  ASSERT_EQ(batch.records.size(), 1u);
  EXPECT_EQ(batch.records[0].severity_number, -7);
  EXPECT_EQ(batch.records[0].dropped_attributes_count, 3u);
  EXPECT_EQ(batch.records[0].event_name, "event");
}

TEST(DecodeLogsTest, V10LastOfEqualKeysStandsLast) {
  const auto attribute = [](std::string_view value) {
    return Framed(6, Framed(1, "k") + Framed(2, Framed(1, value)));
  };
  const std::string body = OneRecord(attribute("first") + attribute("last"));
  const LogBatch batch = Decoded(body);
  ASSERT_EQ(batch.attributes.size(), 2u);
  EXPECT_EQ(batch.attributes[1].value.text(), "last");
}

TEST(DecodeLogsTest, R6EmptyEnvelopesLeaveNothing) {
  const std::string resource = Framed(1, Framed(1, Framed(1, "k")));
  const std::string body =
      Framed(1, "") + Framed(1, resource) + Framed(1, resource + Framed(2, Framed(1, "")));
  const LogBatch batch = Decoded(body);
  EXPECT_THAT(batch.resources, IsEmpty());
  EXPECT_THAT(batch.scopes, IsEmpty());
  EXPECT_THAT(batch.attributes, IsEmpty());
}

TEST(DecodeLogsTest, BrokenRecordIsRefusedWithItsPlace) {
  for (const std::string& broken : {std::string("\x0a\x01"), Framed(5, "\x0a\x01"),
                                    Framed(6, "\x0a"), std::string("\x45\x01")}) {
    LogBatch batch;
    const absl::Status status = DecodeLogs(OneRecord(broken), TestProjection(), batch);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(base::Message(status)), HasSubstr("log record at byte 6"));
    EXPECT_THAT(std::string(base::Message(status)), HasSubstr("ExportLogsServiceRequest"));
  }
}

}  // namespace
}  // namespace slowburn::collector
