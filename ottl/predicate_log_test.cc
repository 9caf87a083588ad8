// Goal: conditions on log records read every path, and mean what docs/ottl.md says. Method: rows of
// condition and truth on records built by hand.
#include <initializer_list>

#include <gtest/gtest.h>

#include "ottl/testing/one_item.h"

namespace slowburn::ottl {
namespace {

using model::AttributeValue;
using namespace std::string_view_literals;

constexpr std::string_view kTraceId =
    "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\xff"sv;
constexpr std::string_view kSpanId = "\xab\xcd\x00\x00\x00\x00\x00\x01"sv;

OneLog Refused() {
  OneLog log;
  log.resource_attributes = {{"service.name", AttributeValue::String("checkout")}};
  log.resource.dropped_attributes_count = 1;
  log.scope_attributes = {{"lib", AttributeValue::String("slf4j")}};
  log.scope.scope_name = "io.pay";
  log.scope.scope_version = "1.2.3";
  log.item_attributes = {{"http.route", AttributeValue::String("/pay")},
                         {"took.ms", AttributeValue::Int(310)},
                         {"retried", AttributeValue::Bool(true)},
                         {"list", AttributeValue::Composite()}};
  log.item.body = AttributeValue::String("payment refused: no funds");
  log.item.severity_number = 17;
  log.item.severity_text = "ERROR";
  log.item.event_name = "payment.refused";
  log.item.trace_id = kTraceId;
  log.item.span_id = kSpanId;
  log.item.time_unix_nano = 1'000'000'000;
  log.item.observed_time_unix_nano = 1'300'000'000;
  log.item.flags = 1;
  log.item.dropped_attributes_count = 4;
  return log;
}

struct Row {
  std::string_view condition;
  bool want;
};

void Check(const OneLog& log, std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    const auto condition = Condition::Parse(row.condition, Context::kLog);
    ASSERT_TRUE(condition.ok()) << row.condition << ": " << condition.status();
    EXPECT_EQ(condition->context(), Context::kLog);
    EXPECT_EQ(log.Eval(*condition), row.want) << row.condition;
    const auto again = Condition::Parse(condition->CanonicalText(), Context::kLog);
    ASSERT_TRUE(again.ok()) << condition->CanonicalText() << ": " << again.status();
    EXPECT_EQ(log.Eval(*again), row.want) << condition->CanonicalText();
  }
}

TEST(PredicateLogTest, ReadsEveryPath) {
  Check(Refused(), {
                       {R"(resource.attributes["service.name"] == "checkout")", true},
                       {R"(resource.attributes["http.route"] == nil)", true},
                       {"resource.dropped_attributes_count == 1", true},
                       {R"(scope.attributes["lib"] == "slf4j")", true},
                       {R"(instrumentation_scope.name == "io.pay")", true},
                       {R"(scope.version == "1.2.3")", true},
                       {R"(log.attributes["http.route"] == "/pay")", true},
                       {R"(log.attributes["service.name"] == nil)", true},
                       {R"(log.body == "payment refused: no funds")", true},
                       {"log.severity_number == SEVERITY_NUMBER_ERROR", true},
                       {R"(log.severity_text == "ERROR")", true},
                       {R"(log.event_name == "payment.refused")", true},
                       {"log.trace_id == 0x0102030405060708090a0B0C0D0E0FFF", true},
                       {"log.span_id == 0xabcd000000000001", true},
                       {R"(log.trace_id.string == "0102030405060708090a0b0c0d0e0fff")", true},
                       {R"(log.span_id.string == "abcd000000000001")", true},
                       {"log.time_unix_nano == 1000000000", true},
                       {"log.observed_time_unix_nano == 1300000000", true},
                       {"log.flags == 1", true},
                       {"log.dropped_attributes_count == 4", true},
                   });
}

TEST(PredicateLogTest, SeveritiesAreOrderedNumbers) {
  Check(Refused(), {
                       {"log.severity_number >= SEVERITY_NUMBER_ERROR", true},
                       {"log.severity_number > SEVERITY_NUMBER_WARN4", true},
                       {"log.severity_number < SEVERITY_NUMBER_ERROR2", true},
                       {"log.severity_number >= SEVERITY_NUMBER_FATAL", false},
                       {"SEVERITY_NUMBER_INFO < log.severity_number", true},
                       {"log.severity_number != SEVERITY_NUMBER_UNSPECIFIED", true},
                       {"log.severity_number == 17", true},
                       {"log.severity_number == 17.5", false},
                   });
  OneLog unspecified = Refused();
  unspecified.item.severity_number = 0;
  Check(unspecified, {{"log.severity_number == SEVERITY_NUMBER_UNSPECIFIED", true},
                      {"log.severity_number < SEVERITY_NUMBER_TRACE", true}});
}

// Every name at its number, in text and back.
TEST(PredicateLogTest, EverySeverityHasItsNumber) {
  int32_t number = 0;
  const auto expect = [&](const std::string& name) {
    OneLog log;
    log.item.severity_number = number;
    const std::string text = "log.severity_number == SEVERITY_NUMBER_" + name;
    Check(log, {{text, true}});
    const auto condition =
        Condition::Parse("log.severity_number == " + std::to_string(number), Context::kLog);
    EXPECT_EQ(condition.value().CanonicalText(), text);
    ++number;
  };
  expect("UNSPECIFIED");
  for (const std::string level : {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"}) {
    for (const std::string step : {"", "2", "3", "4"}) expect(level + step);
  }
  EXPECT_EQ(number, 25);
}

TEST(PredicateLogTest, ABodyComparesByItsKind) {
  Check(Refused(), {
                       {R"(IsMatch(log.body, "refused"))", true},
                       {R"(IsMatch(log.body, "^refused"))", false},
                       {R"(HasPrefix(log.body, "payment "))", true},
                       {R"(HasSuffix(log.body, "no funds"))", true},
                       {R"(log.body < "q")", true},
                       {"log.body == nil", false},
                       {"log.body == 5", false},
                       {"log.body != 5", true},
                       {"log.body == true", false},
                       {R"(log.body == log.attributes["http.route"])", false},
                   });
  struct Case {
    AttributeValue body;
    std::string_view is, is_not;
  };
  for (const Case& c : {
           Case{AttributeValue(), "log.body == nil", R"(log.body == "")"},
           Case{AttributeValue::String(""), R"(log.body == "")", "log.body == nil"},
           Case{AttributeValue::Int(503), "log.body >= 500", R"(log.body == "503")"},
           Case{AttributeValue::Double(2.5), "log.body == 2.5", "log.body == 2"},
           Case{AttributeValue::Bool(false), "log.body == false", "log.body == 0"},
           Case{AttributeValue::Bytes("\x0a"), "log.body == 0x0a", R"(log.body == "\n")"},
           Case{AttributeValue::Composite(), "log.body != nil", "log.body == log.body"},
       }) {
    OneLog log;
    log.item.body = c.body;
    Check(log, {{c.is, true}, {c.is_not, false}});
  }
  OneLog number;
  number.item.body = AttributeValue::Int(503);
  Check(number, {{R"(IsMatch(log.body, "503"))", false}});
}

TEST(PredicateLogTest, ARecordOutsideATraceHasNoIds) {
  Check(OneLog(), {
                      {"log.trace_id == nil", true},
                      {"log.trace_id != nil", false},
                      {"log.trace_id == 0x00000000000000000000000000000000", true},
                      {"log.span_id == 0x0000000000000000", true},
                      {"log.span_id != 0x0000000000000000", false},
                      {"log.span_id == 0xabcd000000000001", false},
                      {R"(log.trace_id.string == "" and log.span_id.string == "")", true},
                  });
  Check(Refused(), {{"log.trace_id == nil", false},
                    {"log.trace_id != 0x00000000000000000000000000000000", true},
                    {"log.span_id == nil", false}});
}

TEST(PredicateLogTest, AnEmptyRecordHasEmptyTexts) {
  Check(OneLog(), {
                      {R"(log.severity_text == "" and log.event_name == "")", true},
                      {"log.severity_text == nil", false},
                      {"log.time_unix_nano == 0 and log.observed_time_unix_nano == 0", true},
                      {R"(scope.name == "")", true},
                  });
  OneLog hostile;
  hostile.item.time_unix_nano = UINT64_MAX;
  hostile.item.flags = UINT32_MAX;
  Check(hostile,
        {{"log.time_unix_nano == 9223372036854775807", true}, {"log.flags == 4294967295", true}});
}

TEST(PredicateLogTest, AttributesAndOperatorsAreThoseOfSpans) {
  Check(Refused(), {
                       {R"(log.attributes["took.ms"] > 300)", true},
                       {R"(log.attributes["took.ms"] == "310")", false},
                       {R"(log.attributes["retried"] == true)", true},
                       {R"(log.attributes["list"] == log.attributes["list"])", false},
                       {R"(log.attributes["absent"] != 0)", true},
                       {R"(not (log.flags == 1) or IsMatch(log.event_name, "^payment\\."))", true},
                       {R"(log.severity_text == scope.attributes["lib"])", false},
                   });
}

TEST(PredicateLogTest, AResourceConditionNeedsNoRecord) {
  const auto condition =
      Condition::Parse(R"(resource.attributes["service.name"] == "checkout")", Context::kLog);
  ASSERT_TRUE(condition.ok()) << condition.status();
  EXPECT_TRUE(condition->ReadsOnlyResource());
  EXPECT_EQ(condition->PinnedResourceAttribute("service.name"), "checkout");
  model::AttributeProjection projection;
  const Predicate predicate = Predicate::Compile(*condition, projection);
  const model::SignalBatch batch = Refused().Decode(projection).batch;
  model::LogCursor cursor(projection);
  cursor.EnterResource(batch, batch.resources[0]);
  EXPECT_TRUE(predicate.Eval(cursor));
}

TEST(PredicateLogTest, CompilingDeclaresWhatIsRead) {
  const auto condition = Condition::Parse(
      R"(log.attributes["a"] == "x" or log.body == log.attributes["b"])", Context::kLog);
  ASSERT_TRUE(condition.ok()) << condition.status();
  EXPECT_FALSE(condition->ReadsOnlyResource());
  EXPECT_EQ(condition->Conjuncts()[0].context(), Context::kLog);
  model::AttributeProjection projection;
  Predicate::Compile(*condition, projection);
  EXPECT_EQ(projection.size(model::AttributeScope::kItem), 2);
}

}  // namespace
}  // namespace slowburn::ottl
