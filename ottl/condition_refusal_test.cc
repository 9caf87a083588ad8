// Goal: every slip is refused at its place with what to write instead. Method: a row per slip; the
// limits at their bounds.
#include <initializer_list>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "ottl/condition.h"

namespace slowburn::ottl {
namespace {

struct Refusal {
  std::string_view text;
  int column;
  std::string_view fragment;
};

void Check(std::initializer_list<Refusal> rows, Context context = Context::kSpan) {
  for (const Refusal& row : rows) {
    const auto condition = Condition::Parse(row.text, context);
    ASSERT_FALSE(condition.ok()) << row.text.substr(0, 80);
    EXPECT_EQ(condition.status().code(), absl::StatusCode::kInvalidArgument);
    const std::string_view message = base::Message(condition.status());
    EXPECT_TRUE(message.starts_with(fmt::format("column {}: ", row.column)))
        << row.text.substr(0, 80) << "\n"
        << message;
    EXPECT_NE(message.find(row.fragment), std::string_view::npos) << row.text.substr(0, 80) << "\n"
                                                                  << message;
  }
}

TEST(ConditionRefusalTest, Words) {
  Check({
      {"", 1, "write true for every span"},
      {"  \n ", 1, "the condition is empty"},
      {"true AND false", 6, "write and, in lower case"},
      {"true Or false", 6, "write or, in lower case"},
      {"NOT true", 1, "write not, in lower case"},
      {"NOT (true)", 1, "write not, in lower case"},
      {"TRUE", 1, "write true, in lower case"},
      {R"(span.attributes["a"] == null)", 25, "write nil"},
      {R"(span.attributes["a"] == None)", 25, "write nil"},
      {"true && false", 6, "& is not an operator; write and"},
      {"true || false", 6, "| is not an operator; write or"},
      {"!true", 1, "! is not an operator; write not"},
      {"span.kind = 2", 11, "write =="},
      {"span.kind === 2", 13, "write =="},
      {"span.kind <> 2", 11, "write !="},
      {R"(span.name =~ "x")", 11, "write IsMatch("},
      {R"(span.name !~ "x")", 11, "write not IsMatch("},
      {"span.name == 'x'", 14, "double quotes"},
      {"span.name == \u201cx\u201d", 14, "double quotes"},
      {"span.end_time_unix_nano - span.start_time_unix_nano > 1", 25, "span.duration"},
      {"span.kind + 1 == 2", 11, "no arithmetic"},
      {"span.kind == 2;", 15, "unexpected character ;"},
      {"span.name == \"é\" \x01", 18, "unexpected byte 0x01"},
      {"span.kind in [1, 2]", 11, "expected a comparison"},
      {"span.kind == [1, 2]", 14, "lists are not supported"},
      {R"(span.attributes["a"] == {})", 25, "maps and lists"},
      {"not not true", 5, "not stands twice"},
      {"true and", 9, "found the end"},
      {"and true", 1, "found \"and\""},
      {"true true", 6, "expected and, or or the end, found \"true\""},
      {"(true", 1, "not closed"},
      {"true and (true or (false)", 10, "not closed"},
      {"true)", 5, "expected and, or or the end"},
      {"()", 2, "expected a path or a value"},
  });
}

TEST(ConditionRefusalTest, Values) {
  Check({
      {R"(span.name == "x)", 14, "not closed"},
      {R"(span.name == "x\)", 14, "not closed"},
      {R"(span.name == "\d")", 15, R"(write \\d)"},
      {R"(span.name == "é\d")", 16, R"(write \\d)"},
      {"span.name == \"\\\x02\"", 15, "lone backslash"},
      {"span.kind == 5.", 14, "digit after the point"},
      {R"(span.attributes["a"] == 9223372036854775808)", 25, "does not fit 64 bits"},
      {R"(span.attributes["a"] == -9223372036854775809)", 25, "does not fit 64 bits"},
      {R"(span.attributes["a"] == 1e999)", 25, "outside the range"},
      {R"(span.attributes["a"] == 1e-999)", 25, "outside the range"},
      {"span.trace_id == 0x", 18, "two hex digits"},
      {"span.trace_id == 0xabc", 18, "two hex digits"},
      {"span.trace_id == 0xzz", 18, "is not hex"},
      {"span.duration > 1.5h", 17, "is not a duration"},
      {"span.duration > 5parsecs", 17, "is not a duration"},
      {"span.duration > -5m", 17, "never negative"},
      {R"(span.duration > Duration("fast"))", 26, "\"fast\" is not a duration"},
      {"span.duration > Duration(300ms)", 26, "a string like \"300ms\""},
      {"span.duration > 300y", 17, "292 years"},
      {R"(1 == 1)", 1, "two literals"},
      {R"(true and nil == nil)", 10, "two literals"},
      {R"("a")", 4, "expected a comparison"},
      {"nil", 4, "expected a comparison"},
      {"SPAN_KIND_SERVER", 17, "expected a comparison"},
  });
}

TEST(ConditionRefusalTest, Names) {
  Check({
      {R"(attributes["x"] == 1)", 1, "write span.attributes[...]"},
      {R"(name == "x")", 1, "write span.name"},
      {"kind == 2", 1, "write span.kind"},
      {R"(version == "1")", 1, "write scope.version"},
      {"status.code == 2", 1, "write span.status.code"},
      {"span.status == 2", 1, "write span.status.code or span.status.message"},
      {"status == 2", 1, "write span.status.code or span.status.message"},
      {"true and span.nmae == 2", 10, "did you mean span.name?"},
      {"span.Kind == 2", 1, "did you mean span.kind?"},
      {"span.parent_spanid == nil", 1, "did you mean span.parent_span_id?"},
      {"spam.name == 2", 1, "did you mean span.name?"},
      {"zebra == 2", 1, "a path begins with span."},
      {R"(log.body == "x")", 1, "reads span., resource. and scope."},
      {R"(span.attributes.http.route == "x")", 1, R"(write span.attributes["http.route"])"},
      {"span.attributes == nil", 17, R"(expected ["name"] after span.attributes)"},
      {"span.attributes[http] == nil", 17, "an attribute's name in double quotes"},
      {"span.attributes[0] == nil", 17, "an attribute's name in double quotes"},
      {R"(span.attributes[""] == nil)", 17, "name is empty"},
      {R"(span.attributes["a" == nil)", 21, "expected ]"},
      {R"(span.attributes["a"]["b"] == nil)", 21, "is not supported"},
      {R"(span["name"] == "x")", 1, "span is no value by itself"},
      {R"(span.name["x"] == "x")", 10, "span.name has no parts"},
      {"span. == 1", 7, "expected a name after the dot"},
      {"span.kind == SPAN_KIND_SEVRER", 14, "did you mean SPAN_KIND_SERVER?"},
      {"span.kind == SERVER", 14, "did you mean SPAN_KIND_SERVER?"},
      {"span.status.code == ERROR", 21, "did you mean STATUS_CODE_ERROR?"},
      {"span.kind == ZEBRA", 14, "unknown enum"},
      {R"(isMatch(span.name, "x"))", 1, "did you mean IsMatch?"},
      {R"(Contains(span.name, "x"))", 1, "unknown function"},
      {"span.trace_id == TraceID(0x01)", 18, "write the bytes as they are"},
      {R"(span.attributes["ok"])", 22, "like == true"},
      {R"(span.attributes["ok"] and true)", 23, "like == true"},
  });
}

TEST(ConditionRefusalTest, Calls) {
  Check({
      {R"(IsMatch("x", "x"))", 9, "IsMatch reads a path"},
      {"IsMatch(span.name, x)", 20, "a string in double quotes for IsMatch"},
      {"HasPrefix(span.name, span.name)", 22, "a string in double quotes for HasPrefix"},
      {"IsMatch(span.name)", 18, "expected , and a string"},
      {R"(IsMatch(span.name, "x", "y"))", 23, "expected )"},
      {R"(IsMatch(span.name, "("))", 20, "is not a regular expression"},
      {R"re(IsMatch(span.name, "(?=x)"))re", 20, "write RE2 syntax"},
      {R"(IsMatch(span.kind, "2"))", 9, "IsMatch reads strings, span.kind is an integer"},
      {R"(HasPrefix(span.trace_id, "0"))", 11, "write span.trace_id.string"},
      {R"(HasSuffix(span.duration, "s"))", 11, "is a duration"},
      {R"(IsMatch(span.name, "x") == true)", 25, "leave out == true"},
      {R"(true == IsMatch(span.name, "x"))", 9, "is a condition, not a value"},
      {"1 < span.kind < 3", 15, "join two comparisons with and"},
      {"(span.kind) == 2", 11, "expected a comparison"},
  });
}

TEST(ConditionRefusalTest, TypesThatNeverMeet) {
  Check({
      {R"(span.kind == "SERVER")", 14, "write SPAN_KIND_SERVER"},
      {R"("server" == span.kind)", 1, "write SPAN_KIND_SERVER"},
      {R"(span.kind != "SPAN_KIND_CLIENT")", 14, "write SPAN_KIND_CLIENT"},
      {R"(span.kind == "frontend")", 14, "write an enum like SPAN_KIND_SERVER"},
      {R"(span.status.code == "error")", 21, "write STATUS_CODE_ERROR"},
      {"span.status.code == true", 21, "write an enum like STATUS_CODE_ERROR"},
      {"span.kind == STATUS_CODE_ERROR", 14, "write one of SPAN_KIND_..."},
      {"span.status.code == SPAN_KIND_SERVER", 21, "write one of STATUS_CODE_..."},
      {"span.duration > 5", 17, "write a duration like 300ms"},
      {"5 < span.duration", 1, "write a duration like 300ms"},
      {"span.duration == nil", 18, "write a duration like 300ms"},
      {R"(span.duration > "300ms")", 17, "write a duration like 300ms"},
      {R"(span.duration > span.attributes["a"])", 17, "write a duration like 300ms"},
      {R"(span.attributes["a"] > span.duration)", 24, "in the attribute's own unit"},
      {R"(span.attributes["a"] > 300ms)", 24, "in the attribute's own unit"},
      {"span.start_time_unix_nano > 300ms", 29, "write an integer"},
      {"span.name == 5", 14, "span.name is a string and cannot compare with an integer"},
      {"span.name == true", 14, "not true or false"},
      {"span.name < nil", 13, "never true; write == nil"},
      {R"(span.attributes["a"] >= nil)", 25, "never true; write == nil"},
      {R"(span.attributes["a"] < true)", 24, "have no order"},
      {"span.name == span.kind", 14, "cannot compare"},
      {R"(span.trace_id == "0102")", 18, "compare span.trace_id.string"},
      {"span.trace_id.string == 0x0102", 25, "write a string"},
      {"span.trace_id == 12", 18, "write bytes like 0x0a1b"},
      {R"(span.dropped_events_count == "1")", 30, "write an integer"},
  });
}

TEST(ConditionRefusalTest, AnotherContext) {
  Check({
      {R"(log.body == "x")", 1, "a condition on spans reads span., resource. and scope."},
      {R"(true and log.attributes["x"] == 1)", 10, "log. is not at hand"},
      {R"(span.name == log.body)", 14, "log. is not at hand"},
      {"datapoint.flags == 1", 1, "datapoint. is not at hand"},
      {"span.kind == SEVERITY_NUMBER_ERROR", 14, "belongs to conditions on logs"},
      {R"(span.attributes["a"] == SEVERITY_NUMBER_INFO)", 25, "belongs to conditions on logs"},
  });
  Check(
      {
          {R"(span.name == "x")", 1, "a condition on logs reads log., resource. and scope."},
          {R"(true and span.attributes["x"] == 1)", 10, "span. is not at hand"},
          {"log.body == span.name", 13, "span. is not at hand"},
          {"span == 1", 1, "span. is not at hand"},
          {"datapoint.flags == 1", 1, "datapoint. is not at hand"},
          {"log.severity_number == STATUS_CODE_ERROR", 24, "belongs to conditions on spans"},
          {R"(log.attributes["a"] == SPAN_KIND_SERVER)", 24, "belongs to conditions on spans"},
      },
      Context::kLog);
}

TEST(ConditionRefusalTest, Logs) {
  Check(
      {
          {"", 1, "write true for every log record"},
          {"1 == 1", 1, "reads nothing of a log record; write a path like log.body"},
          {R"(IsMatch("x", "x"))", 9, R"(write IsMatch(log.body, "..."))"},
          {R"(attributes["x"] == 1)", 1, "write log.attributes[...]"},
          {R"(body == "x")", 1, "body of what; write log.body"},
          {R"(version == "1")", 1, "write scope.version"},
          {"severity_number == 9", 1, "write log.severity_number"},
          {"log == 1", 1, "log is no value by itself"},
          {R"(log.attributes.http == "x")", 1, R"(write log.attributes["http"])"},
          {R"(log.bdoy == "x")", 1, "did you mean log.body?"},
          {"log.severity == 9", 1, "unknown path"},
          {"zebra == 2", 1, "a path begins with log., resource. or scope."},
          {R"(log.body["a"] == "x")", 9, "indexing into log.body is not supported"},
          {R"(log.body.string == "x")", 1, "write log.body"},
          {R"(log.attributes["a"]["b"] == 1)", 20, "indexing into an attribute's value"},
          {"log.severity_number == ERROR", 24, "did you mean SEVERITY_NUMBER_ERROR?"},
          {"log.severity_number == SEVERITY_NUMBER_EROR", 24, "did you mean SEVERITY_NUMBER_ERROR"},
          {"log.severity_number == ZEBRA", 24, "write one like SEVERITY_NUMBER_ERROR"},
          {R"(log.severity_number >= "error")", 24, "write SEVERITY_NUMBER_ERROR"},
          {R"(log.severity_number == "severe")", 24, "write an enum like SEVERITY_NUMBER_ERROR"},
          {"log.severity_text == SEVERITY_NUMBER_ERROR", 22, "cannot compare with an integer"},
          {R"(log.trace_id == "0102")", 17, "compare log.trace_id.string"},
          {R"(log.flags == "1")", 14, "write an integer"},
          {"log.body > 300ms", 12, "a log record has no duration to compare with"},
          {R"(log.attributes["a"] > 300ms)", 23, "in the attribute's own unit"},
          {"log.time_unix_nano > 1h", 22, "write an integer"},
          {"log.body < nil", 12, "never true"},
          {"log.body < true", 12, "have no order"},
          {R"(HasPrefix(log.span_id, "0"))", 11, "write log.span_id.string"},
          {R"(IsMatch(log.severity_number, "17"))", 9, "is an integer"},
      },
      Context::kLog);
}

std::string Nested(int levels) {
  return std::string(static_cast<size_t>(levels), '(') + "true" +
         std::string(static_cast<size_t>(levels), ')');
}

std::string Many(int comparisons) {
  std::string text = "span.kind==2";
  for (int i = 1; i < comparisons; ++i) text += " or span.kind==2";
  return text;
}

TEST(ConditionRefusalTest, Limits) {
  EXPECT_TRUE(Condition::Parse(Nested(64)).ok());
  EXPECT_TRUE(Condition::Parse(Many(400)).ok());
  std::string full = "span.name == \"";
  full += std::string(16 * 1024 - full.size() - 1, 'x') + "\"";
  EXPECT_TRUE(Condition::Parse(full).ok());
  const auto regex = [](size_t size) {
    return fmt::format("IsMatch(span.name, \"{}\")", std::string(size, 'x'));
  };
  EXPECT_TRUE(Condition::Parse(regex(4096)).ok());
  std::string trues = "true";
  for (int i = 1; i < 1000; ++i) trues += " or true";
  EXPECT_TRUE(Condition::Parse(trues).ok());

  // A string of line breaks fits as written, but not once they are escaped.
  const std::string breaks = "span.name == \"" + std::string(9000, '\n') + "\"";
  Check({
      {Nested(65), 65, "deeper than 64 levels"},
      {std::string(16 * 1024, '('), 65, "deeper than 64 levels"},
      {full + " ", 16385, "at most 16384"},
      {regex(4097), 20, "at most 4096"},
      {trues + " or true", 8001, "more than 1000 operands"},
      {Many(501), 8001, "more than 1000 operands"},
      {breaks, 1, "enums and escapes written out"},
      {Many(500), 1, "enums and escapes written out"},
      {R"(IsMatch(span.name, "((x{100}){100}){100}"))", 20, "is not a regular expression"},
  });
}

TEST(ConditionRefusalTest, MessagesStayShort) {
  for (const std::string& text :
       {"span.kind == " + std::string(16000, '7'), "span.kind == 1" + std::string(16000, 'h'),
        "span." + std::string(16000, 'x') + " == 1", std::string(16000, 'X'),
        "IsMatch(span.name, \"" + std::string(4000, '(') + "\")"}) {
    const auto condition = Condition::Parse(text);
    ASSERT_FALSE(condition.ok());
    EXPECT_LT(condition.status().message().size(), 300u) << condition.status();
  }
}

}  // namespace
}  // namespace slowburn::ottl
