// Goal: every path, operator and pair of types means what docs/ottl.md says. Method: rows of
// condition and truth on a few spans built by hand.
#include "ottl/predicate.h"

#include <initializer_list>
#include <limits>

#include <gtest/gtest.h>

#include "ottl/testing/one_item.h"

namespace slowburn::ottl {
namespace {

using model::AttributeValue;
using namespace std::string_view_literals;

constexpr std::string_view kTraceId =
    "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\xff"sv;
constexpr std::string_view kSpanId = "\xab\xcd\x00\x00\x00\x00\x00\x01"sv;
constexpr std::string_view kParentId = "\x00\x00\x00\x00\x00\x00\x00\x07"sv;
constexpr int64_t kTwoTo53 = int64_t{1} << 53;

OneSpan Checkout() {
  OneSpan s;
  s.resource_attributes = {{"service.name", AttributeValue::String("checkout")},
                           {"replicas", AttributeValue::Int(3)},
                           {"canary", AttributeValue::Bool(true)}};
  s.resource.dropped_attributes_count = 1;
  s.scope_attributes = {{"lib", AttributeValue::String("otel")}};
  s.scope.scope_name = "io.http";
  s.scope.scope_version = "1.2.3";
  s.item_attributes = {
      {"http.route", AttributeValue::String("/pay")},
      {"same.route", AttributeValue::String("/pay")},
      {"code", AttributeValue::Int(500)},
      {"code.text", AttributeValue::String("500")},
      {"code.float", AttributeValue::Double(500.0)},
      {"ratio", AttributeValue::Double(2.5)},
      {"minus", AttributeValue::Double(-2.5)},
      {"big", AttributeValue::Int(kTwoTo53 + 1)},
      {"big.float", AttributeValue::Double(static_cast<double>(kTwoTo53))},
      {"max", AttributeValue::Int(INT64_MAX)},
      {"two63", AttributeValue::Double(9223372036854775808.0)},
      {"nan", AttributeValue::Double(std::numeric_limits<double>::quiet_NaN())},
      {"inf", AttributeValue::Double(std::numeric_limits<double>::infinity())},
      {"yes", AttributeValue::Bool(true)},
      {"no", AttributeValue::Bool(false)},
      {"blob", AttributeValue::Bytes("\x0a\x0b")},
      {"blob.text", AttributeValue::String("\x0a\x0b")},
      {"list", AttributeValue::Composite()},
      {"empty", AttributeValue::String("")},
      {"unset", AttributeValue()},
      {"high", AttributeValue::String("\xc3\xa9")},
      {"quote\"d", AttributeValue::Int(1)},
  };
  s.item.trace_id = kTraceId;
  s.item.span_id = kSpanId;
  s.item.parent_span_id = kParentId;
  s.item.trace_state = "a=b";
  s.item.name = "POST /pay";
  s.item.status_message = "deadline";
  s.item.start_time_unix_nano = 1'000'000'000;
  s.item.end_time_unix_nano = 1'300'000'000;
  s.item.kind = 2;
  s.item.status_code = 2;
  s.item.dropped_attributes_count = 4;
  s.item.dropped_events_count = 5;
  s.item.dropped_links_count = 6;
  return s;
}

struct Row {
  std::string_view condition;
  bool want;
};

void Check(const OneSpan& span, std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    const auto condition = Condition::Parse(row.condition);
    ASSERT_TRUE(condition.ok()) << row.condition << ": " << condition.status();
    EXPECT_EQ(span.Eval(*condition), row.want) << row.condition;
    const auto again = Condition::Parse(condition->CanonicalText());
    ASSERT_TRUE(again.ok()) << condition->CanonicalText() << ": " << again.status();
    EXPECT_EQ(span.Eval(*again), row.want) << condition->CanonicalText();
  }
}

TEST(PredicateTest, ReadsEveryPath) {
  Check(Checkout(), {
                        {R"(resource.attributes["service.name"] == "checkout")", true},
                        {R"(resource.attributes["http.route"] == nil)", true},
                        {R"(scope.attributes["lib"] == "otel")", true},
                        {R"(instrumentation_scope.attributes["lib"] == "otel")", true},
                        {R"(span.attributes["http.route"] == "/pay")", true},
                        {R"(span.attributes["service.name"] == nil)", true},
                        {R"(span.attributes["quote\"d"] == 1)", true},
                        {"resource.dropped_attributes_count == 1", true},
                        {R"(scope.name == "io.http")", true},
                        {R"(instrumentation_scope.name == "io.http")", true},
                        {R"(scope.version == "1.2.3")", true},
                        {R"(span.name == "POST /pay")", true},
                        {"span.kind == SPAN_KIND_SERVER", true},
                        {"span.status.code == STATUS_CODE_ERROR", true},
                        {R"(span.status.message == "deadline")", true},
                        {"span.trace_id == 0x0102030405060708090a0B0C0D0E0FFF", true},
                        {"span.span_id == 0xabcd000000000001", true},
                        {"span.parent_span_id == 0x0000000000000007", true},
                        {R"(span.trace_id.string == "0102030405060708090a0b0c0d0e0fff")", true},
                        {R"(span.span_id.string == "abcd000000000001")", true},
                        {R"(span.parent_span_id.string == "0000000000000007")", true},
                        {R"(span.trace_state == "a=b")", true},
                        {"span.start_time_unix_nano == 1000000000", true},
                        {"span.end_time_unix_nano == 1300000000", true},
                        {"span.duration == 300ms", true},
                        {"span.dropped_attributes_count == 4", true},
                        {"span.dropped_events_count == 5", true},
                        {"span.dropped_links_count == 6", true},
                    });
}

TEST(PredicateTest, Enums) {
  Check(Checkout(), {
                        {"span.kind == SPAN_KIND_UNSPECIFIED", false},
                        {"span.kind == SPAN_KIND_INTERNAL", false},
                        {"span.kind == SPAN_KIND_CLIENT", false},
                        {"span.kind == SPAN_KIND_PRODUCER", false},
                        {"span.kind == SPAN_KIND_CONSUMER", false},
                        {"span.kind != SPAN_KIND_SERVER", false},
                        {"span.kind != SPAN_KIND_CLIENT", true},
                        {"span.kind == 2", true},
                        {"span.kind == 2.5", false},
                        {"span.kind < SPAN_KIND_CLIENT", true},
                        {"span.status.code == STATUS_CODE_UNSET", false},
                        {"span.status.code == STATUS_CODE_OK", false},
                        {"span.status.code != STATUS_CODE_ERROR", false},
                        {"span.status.code > 1", true},
                        {"span.status.code == span.kind", true},
                    });
}

TEST(PredicateTest, EveryOperatorOnNumbers) {
  Check(Checkout(), {
                        {R"(span.attributes["code"] == 500)", true},
                        {R"(span.attributes["code"] != 500)", false},
                        {R"(span.attributes["code"] < 500)", false},
                        {R"(span.attributes["code"] <= 500)", true},
                        {R"(span.attributes["code"] > 499)", true},
                        {R"(span.attributes["code"] >= 501)", false},
                        {R"(span.attributes["code"] == 500.0)", true},
                        {R"(span.attributes["code"] == 5e2)", true},
                        {R"(span.attributes["code"] > 499.5)", true},
                        {R"(span.attributes["code"] < 499.5)", false},
                        {R"(span.attributes["code.float"] == 500)", true},
                        {R"(span.attributes["code.float"] == span.attributes["code"])", true},
                        {R"(span.attributes["ratio"] == 2.5)", true},
                        {R"(span.attributes["ratio"] > 2)", true},
                        {R"(span.attributes["ratio"] < 3)", true},
                        {R"(span.attributes["ratio"] <= 2)", false},
                        {R"(span.attributes["minus"] < -2)", true},
                        {R"(span.attributes["minus"] > -3)", true},
                        {R"(span.attributes["minus"] == -2.5)", true},
                        {R"(500 == span.attributes["code"])", true},
                        {R"(499 < span.attributes["code"])", true},
                        {R"(499 > span.attributes["code"])", false},
                        {R"(500 >= span.attributes["code"])", true},
                        {R"(501 <= span.attributes["code"])", false},
                    });
}

TEST(PredicateTest, NumbersCompareExactly) {
  Check(Checkout(), {
                        {R"(span.attributes["big"] == span.attributes["big.float"])", false},
                        {R"(span.attributes["big"] > span.attributes["big.float"])", true},
                        {R"(span.attributes["big.float"] < span.attributes["big"])", true},
                        {R"(span.attributes["big"] == 9007199254740993)", true},
                        {R"(span.attributes["big.float"] == 9007199254740992)", true},
                        {R"(span.attributes["big.float"] == 9007199254740993)", false},
                        {R"(span.attributes["max"] < span.attributes["two63"])", true},
                        {R"(span.attributes["max"] == span.attributes["two63"])", false},
                        {R"(span.attributes["max"] < 9.3e18)", true},
                        {R"(span.attributes["max"] > -1e300)", true},
                        {R"(span.attributes["inf"] > 9223372036854775807)", true},
                        {R"(span.attributes["nan"] == span.attributes["nan"])", false},
                        {R"(span.attributes["nan"] != span.attributes["nan"])", true},
                        {R"(span.attributes["nan"] != 1)", true},
                        {R"(span.attributes["nan"] == 1)", false},
                        {R"(span.attributes["nan"] < 1)", false},
                        {R"(span.attributes["nan"] >= 1)", false},
                        {R"(span.attributes["nan"] <= 1.5)", false},
                        {R"(span.attributes["nan"] == nil)", false},
                    });
}

TEST(PredicateTest, StringsOrderByBytes) {
  Check(Checkout(), {
                        {R"(span.attributes["http.route"] != "/pay")", false},
                        {R"(span.attributes["http.route"] < "/paz")", true},
                        {R"(span.attributes["http.route"] > "/pa")", true},
                        {R"(span.attributes["http.route"] >= "/pay")", true},
                        {R"(span.attributes["http.route"] <= "/Pay")", false},
                        {R"(span.attributes["high"] > "z")", true},
                        {R"(span.attributes["empty"] == "")", true},
                        {R"(span.attributes["empty"] == nil)", false},
                        {R"(span.attributes["empty"] < "a")", true},
                        {R"("POST" < span.name)", true},
                        {R"("POST /pay" == span.name)", true},
                        {R"(span.attributes["same.route"] == span.attributes["http.route"])", true},
                        {R"(span.name == span.attributes["http.route"])", false},
                        {R"(span.name == resource.attributes["service.name"])", false},
                        {R"(span.name != span.status.message)", true},
                    });
}

TEST(PredicateTest, BoolsAndBytes) {
  Check(Checkout(), {
                        {R"(span.attributes["yes"] == true)", true},
                        {R"(span.attributes["yes"] != true)", false},
                        {R"(span.attributes["no"] == true)", false},
                        {R"(span.attributes["no"] != true)", true},
                        {R"(false == span.attributes["no"])", true},
                        {R"(span.attributes["no"] < span.attributes["yes"])", false},
                        {R"(span.attributes["yes"] >= span.attributes["yes"])", false},
                        {R"(span.attributes["yes"] == span.attributes["yes"])", true},
                        {R"(span.attributes["yes"] == 1)", false},
                        {R"(span.attributes["blob"] == 0x0a0b)", true},
                        {R"(span.attributes["blob"] != 0x0a0b)", false},
                        {R"(span.attributes["blob"] < 0x0a0c)", true},
                        {R"(span.attributes["blob"] > 0x0a)", true},
                        {R"(span.attributes["blob"] == span.attributes["blob.text"])", false},
                        {R"(span.attributes["blob.text"] == 0x0a0b)", false},
                        {R"(span.trace_id != span.attributes["blob"])", true},
                        {"span.span_id > 0xab", true},
                        {"span.trace_id == nil", false},
                    });
}

TEST(PredicateTest, AnAbsentAttributeIsNil) {
  Check(Checkout(), {
                        {R"(span.attributes["absent"] == nil)", true},
                        {R"(nil == span.attributes["absent"])", true},
                        {R"(span.attributes["absent"] != nil)", false},
                        {R"(span.attributes["unset"] == nil)", true},
                        {R"(span.attributes["http.route"] == nil)", false},
                        {R"(span.attributes["http.route"] != nil)", true},
                        {R"(span.attributes["list"] != nil)", true},
                        {R"(span.attributes["absent"] == "")", false},
                        {R"(span.attributes["absent"] != "")", true},
                        {R"(span.attributes["absent"] == 0)", false},
                        {R"(span.attributes["absent"] != 0)", true},
                        {R"(span.attributes["absent"] < 0)", false},
                        {R"(span.attributes["absent"] >= 0)", false},
                        {R"(span.attributes["absent"] == false)", false},
                        {R"(span.attributes["absent"] != true)", true},
                        {R"(span.attributes["absent"] == span.attributes["gone"])", true},
                        {R"(span.attributes["absent"] <= span.attributes["gone"])", false},
                        {R"(IsMatch(span.attributes["absent"], ""))", false},
                        {R"(HasPrefix(span.attributes["absent"], ""))", false},
                        {R"(not IsMatch(span.attributes["absent"], ""))", true},
                        {R"(span.name == nil)", false},
                        {R"(span.kind != nil)", true},
                    });
}

TEST(PredicateTest, TypesDoNotMix) {
  Check(Checkout(), {
                        {R"(span.attributes["code"] == "500")", false},
                        {R"(span.attributes["code"] != "500")", true},
                        {R"(span.attributes["code"] < "6")", false},
                        {R"(span.attributes["code"] > "4")", false},
                        {R"(span.attributes["code.text"] == 500)", false},
                        {R"(span.attributes["code.text"] != 500)", true},
                        {R"(span.attributes["code.text"] >= 500)", false},
                        {R"(span.attributes["code"] == span.attributes["code.text"])", false},
                        {R"(span.attributes["list"] == "a")", false},
                        {R"(span.attributes["list"] != "a")", true},
                        {R"(span.attributes["list"] == span.attributes["list"])", false},
                        {R"(span.attributes["list"] < span.attributes["list"])", false},
                        {R"(IsMatch(span.attributes["code"], "5"))", false},
                        {R"(IsMatch(span.attributes["blob"], "."))", false},
                        {R"(HasSuffix(span.attributes["list"], ""))", false},
                        {R"(span.name == span.attributes["code"])", false},
                        {R"(span.kind == span.attributes["code"])", false},
                        {R"(span.kind < span.attributes["code"])", true},
                        {R"(span.kind < span.attributes["code.text"])", false},
                    });
}

TEST(PredicateTest, Calls) {
  Check(Checkout(), {
                        {R"(IsMatch(span.name, "pay"))", true},
                        {R"(IsMatch(span.name, "^pay"))", false},
                        {R"(IsMatch(span.name, "^(GET|POST) /[a-z]+$"))", true},
                        {R"(IsMatch(span.name, ""))", true},
                        {R"(IsMatch(span.attributes["code.text"], "^5\\d\\d$"))", true},
                        {R"(IsMatch(span.trace_id.string, "^0102"))", true},
                        {R"(HasPrefix(span.name, "POST "))", true},
                        {R"(HasPrefix(span.name, "post"))", false},
                        {R"(HasPrefix(span.span_id.string, "abcd"))", true},
                        {R"(HasSuffix(span.name, "/pay"))", true},
                        {R"(HasSuffix(span.name, "/pa"))", false},
                        {R"(HasSuffix(resource.attributes["service.name"], "out"))", true},
                        {R"(not HasSuffix(scope.name, "http"))", false},
                    });
}

TEST(PredicateTest, AndBindsTighterThanOrAndNotTightest) {
  Check(Checkout(), {
                        {"true", true},
                        {"false", false},
                        {"not true", false},
                        {"not false", true},
                        {"true or true and false", true},
                        {"(true or true) and false", false},
                        {"not true or true", true},
                        {"not (true or true)", false},
                        {"not (not (span.kind == 2))", true},
                        {"false or span.kind == 2", true},
                        {"true and span.kind == 3", false},
                        {"span.kind == 3 or span.kind == 2 and span.status.code == 2", true},
                        {"not (span.kind == 3 and span.kind == 2) and span.status.code != 1", true},
                        {"not (span.kind != 2 or span.status.code != 2)", true},
                    });
}

TEST(PredicateTest, Durations) {
  Check(Checkout(), {
                        {"span.duration > 300ms", false},
                        {"span.duration >= 300ms", true},
                        {"span.duration > 299ms999us999ns", true},
                        {"span.duration != 300ms", false},
                        {"span.duration < 1h30m", true},
                        {R"(span.duration <= Duration("300ms"))", true},
                        {"250ms < span.duration", true},
                        {"span.duration == span.duration", true},
                    });
  OneSpan backwards = Checkout();
  backwards.item.end_time_unix_nano = backwards.item.start_time_unix_nano - 1;
  Check(backwards, {{"span.duration == 0s", true}, {"span.duration < 1ns", true}});
  OneSpan hostile = Checkout();
  hostile.item.end_time_unix_nano = UINT64_MAX;
  Check(hostile,
        {{"span.end_time_unix_nano == 9223372036854775807", true}, {"span.duration > 1h", true}});
}

TEST(PredicateTest, ARootSpanHasNoParent) {
  for (const std::string_view parent : {""sv, "\0\0\0\0\0\0\0\0"sv}) {
    OneSpan root = Checkout();
    root.item.parent_span_id = parent;
    Check(root, {
                    {"span.parent_span_id == nil", true},
                    {"span.parent_span_id != nil", false},
                    {"span.parent_span_id == 0x0000000000000000", true},
                    {"0x0000000000000000 != span.parent_span_id", false},
                    {"span.parent_span_id == 0x0000000000000007", false},
                    {"span.parent_span_id != 0x0000000000000007", true},
                    {"span.parent_span_id < 0x0000000000000007", false},
                    {R"(span.parent_span_id.string == "")", true},
                });
  }
  Check(Checkout(), {{"span.parent_span_id == nil", false},
                     {"span.parent_span_id != 0x0000000000000000", true},
                     {"span.parent_span_id == 0x0000000000000000", false}});
}

TEST(PredicateTest, AnEmptySpanHasEmptyTexts) {
  Check(OneSpan(), {
                       {R"(span.name == "")", true},
                       {R"(span.trace_state == "")", true},
                       {"span.trace_state == nil", false},
                       {R"(scope.name == "" and scope.version == "")", true},
                       {R"(span.status.message != "")", false},
                       {R"(IsMatch(span.name, "^$"))", true},
                       {"span.kind == SPAN_KIND_UNSPECIFIED", true},
                   });
}

TEST(PredicateTest, AResourceConditionNeedsNoSpan) {
  const auto condition = Condition::Parse(
      R"(resource.attributes["service.name"] == "checkout" and resource.dropped_attributes_count < 2)");
  ASSERT_TRUE(condition.ok()) << condition.status();
  model::AttributeProjection projection;
  Predicate predicate = Predicate::Compile(*condition, projection);
  const model::SignalBatch batch = Checkout().Decode(projection).batch;
  model::SpanCursor cursor(projection);
  cursor.EnterResource(batch, batch.resources[0]);
  EXPECT_TRUE(predicate.Eval(cursor));
  const Predicate moved = std::move(predicate);
  EXPECT_TRUE(moved.Eval(cursor));
}

TEST(PredicateTest, CompilingDeclaresWhatIsRead) {
  const auto condition = Condition::Parse(
      R"(span.attributes["a"] == "x" or span.attributes["b"] == span.attributes["a"] or IsMatch(scope.attributes["c"], "y"))");
  ASSERT_TRUE(condition.ok()) << condition.status();
  model::AttributeProjection projection;
  Predicate::Compile(*condition, projection);
  EXPECT_EQ(projection.size(model::AttributeScope::kItem), 2);
  EXPECT_NE(projection.Find(model::AttributeScope::kItem, "a"), model::AttributeProjection::kNone);
  EXPECT_NE(projection.Find(model::AttributeScope::kItem, "b"), model::AttributeProjection::kNone);
  EXPECT_NE(projection.Find(model::AttributeScope::kScope, "c"), model::AttributeProjection::kNone);
  EXPECT_EQ(projection.size(model::AttributeScope::kResource), 0);
}

}  // namespace
}  // namespace slowburn::ottl
