#include "promql/testing/script.h"

#include <utility>

#include <absl/strings/ascii.h>
#include <re2/re2.h>

#include "base/status.h"
#include "model/promql_string.h"
#include "promql/internal/literals.h"

namespace slowburn::promql::testing {
namespace {

std::string_view Trimmed(std::string_view text) {
  const auto trimmed = absl::StripAsciiWhitespace({text.data(), text.size()});
  return {trimmed.data(), trimmed.size()};
}

struct Line {
  int number = 0;
  std::string text;  // trimmed; empty for a comment
};

std::vector<Line> LinesOf(std::string_view text) {
  std::vector<Line> lines;
  for (int number = 1;; ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = Trimmed(text.substr(0, end));
    lines.push_back({number, line.starts_with("#") ? "" : std::string(line)});
    if (end == text.size()) return lines;
    text.remove_prefix(end + 1);
  }
}

absl::StatusOr<int64_t> TimeOf(std::string_view text) {
  const bool negative = text.starts_with("-");
  if (negative) text.remove_prefix(1);
  SB_ASSIGN_OR_RETURN(const int64_t ms, internal::DurationMsOf(text));
  return negative ? -ms : ms;
}

absl::StatusOr<StepTimes> StepTimesOf(std::string_view from, std::string_view to,
                                      std::string_view step) {
  StepTimes times;
  SB_ASSIGN_OR_RETURN(times.start_ms, TimeOf(from));
  SB_ASSIGN_OR_RETURN(times.end_ms, TimeOf(to));
  SB_ASSIGN_OR_RETURN(times.step_ms, TimeOf(step));
  return times;
}

// eval_fail and so on, the older way to say `expect fail`.
void ApplySuffix(std::string_view suffix, EvalCommand& eval) {
  if (suffix == "fail") eval.fail = ExpectedText{};
  if (suffix == "warn") eval.warnings.push_back({});
  if (suffix == "info") eval.infos.push_back({});
  if (suffix == "ordered") eval.ordered = true;
}

absl::Status ReadEvalHead(const std::string& line, EvalCommand& eval) {
  static const RE2 kInstant(
      R"(^eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(.+?))?\s+(.+)$)");
  static const RE2 kRange(
      R"(^eval(?:_(fail|warn|info))?\s+range\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+?)\s+(.+)$)");
  std::string suffix, from, to, step;
  if (RE2::FullMatch(line, kInstant, &suffix, &from, &eval.query)) {
    if (!from.empty()) {
      SB_ASSIGN_OR_RETURN(eval.times.start_ms, TimeOf(from));
    }
    eval.times.end_ms = eval.times.start_ms;
  } else if (RE2::FullMatch(line, kRange, &suffix, &from, &to, &step, &eval.query)) {
    eval.is_range = true;
    SB_ASSIGN_OR_RETURN(eval.times, StepTimesOf(from, to, step));
  } else {
    return absl::InvalidArgumentError("this is neither eval instant nor eval range");
  }
  ApplySuffix(suffix, eval);
  return absl::OkStatus();
}

absl::Status ReadExpectation(const std::string& line, EvalCommand& eval) {
  static const RE2 kExpect(
      R"(^expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):(.+))?$)");
  static const RE2 kRangeVector(
      R"(^expect\s+range\s+vector\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+)$)");
  static const RE2 kString(R"(^expect\s+string\s+(.+)$)");
  std::string what, kind, text, step;
  if (RE2::FullMatch(line, kRangeVector, &what, &kind, &step)) {
    SB_ASSIGN_OR_RETURN(eval.range_vector, StepTimesOf(what, kind, step));
    return absl::OkStatus();
  }
  if (RE2::FullMatch(line, kString, &text)) {
    SB_ASSIGN_OR_RETURN(model::PromqlString read, model::ReadPromqlString(text));
    eval.text = std::move(read.text);
    return absl::OkStatus();
  }
  if (!RE2::FullMatch(line, kExpect, &what, &kind, &text)) {
    return absl::InvalidArgumentError("this is no expectation");
  }
  ExpectedText expected{.text = std::string(Trimmed(text))};
  if (kind == "msg") expected.kind = ExpectedText::Kind::kEqual;
  if (kind == "regex") expected.kind = ExpectedText::Kind::kRegex;
  if (what == "ordered") eval.ordered = true;
  if (what == "fail") eval.fail = std::move(expected);
  if (what == "warn") eval.warnings.push_back(std::move(expected));
  if (what == "info") eval.infos.push_back(std::move(expected));
  if (what == "no_warn") eval.no_warnings = true;
  if (what == "no_info") eval.no_infos = true;
  return absl::OkStatus();
}

std::optional<double> WholeNumber(std::string_view text) {
  const bool negative = text.starts_with("-");
  if (negative || text.starts_with("+")) text.remove_prefix(1);
  const absl::StatusOr<double> number = internal::NumberOf(text);
  if (!number.ok()) return std::nullopt;
  return negative ? -*number : *number;
}

// True when the line ends the body.
absl::StatusOr<bool> ReadEvalLine(const std::string& line, EvalCommand& eval) {
  static const RE2 kOldFail(R"(^expected_fail_(message|regexp)\s+(.+)$)");
  std::string kind, text;
  if (RE2::FullMatch(line, kOldFail, &kind, &text)) {
    eval.fail = ExpectedText{
        kind == "regexp" ? ExpectedText::Kind::kRegex : ExpectedText::Kind::kEqual, text};
    return true;
  }
  if (line == "expect" || line.starts_with("expect ") || line.starts_with("expect\t")) {
    SB_RETURN_IF_ERROR(ReadExpectation(line, eval));
    return false;
  }
  if (const std::optional<double> number = WholeNumber(line)) {
    eval.scalar = number;
    return true;
  }
  SB_ASSIGN_OR_RETURN(SeriesText series, ParseSeriesText(line));
  if (!eval.is_range && !eval.range_vector.has_value() && series.items.size() > 1) {
    return absl::InvalidArgumentError("an instant vector has one value for each series");
  }
  eval.series.push_back(std::move(series));
  return false;
}

absl::Status ReadLoadHead(const std::string& line, Command& command) {
  static const RE2 kLoad(R"(^load(?:_(with_nhcb))?\s+(.+?)$)");
  std::string nhcb, step;
  if (!RE2::FullMatch(line, kLoad, &nhcb, &step)) {
    return absl::InvalidArgumentError("this is no load");
  }
  command.kind = Command::Kind::kLoad;
  command.with_nhcb = !nhcb.empty();
  SB_ASSIGN_OR_RETURN(command.step_ms, TimeOf(step));
  return absl::OkStatus();
}

absl::Status ReadBodyLine(const Line& line, Command& command, bool& is_over) {
  if (command.kind == Command::Kind::kLoad) {
    SB_ASSIGN_OR_RETURN(SeriesText series, ParseSeriesText(line.text));
    if (!series.is_start_timestamps) command.series.push_back(std::move(series));
    return absl::OkStatus();
  }
  SB_ASSIGN_OR_RETURN(is_over, ReadEvalLine(line.text, command.eval));
  return absl::OkStatus();
}

absl::Status ReadHead(const std::string& line, Command& command) {
  const std::string lower = absl::AsciiStrToLower(line.substr(0, line.find_first_of(" \t")));
  if (lower == "clear") return absl::OkStatus();
  if (lower.starts_with("load")) return ReadLoadHead(line, command);
  if (lower.starts_with("eval")) {
    command.kind = Command::Kind::kEval;
    return ReadEvalHead(line, command.eval);
  }
  return absl::InvalidArgumentError("a command is clear, load or eval");
}

}  // namespace

std::vector<Command> ParseScript(std::string_view text) {
  std::vector<Command> commands;
  const std::vector<Line> lines = LinesOf(text);
  for (size_t at = 0; at < lines.size(); ++at) {
    if (lines[at].text.empty()) continue;
    Command& command = commands.emplace_back();
    command.line = lines[at].number;
    absl::Status status = ReadHead(lines[at].text, command);
    const bool has_body = command.kind != Command::Kind::kClear;
    for (bool is_over = false; has_body && !is_over;) {
      if (at + 1 == lines.size() || lines[at + 1].text.empty()) break;
      ++at;
      if (!status.ok()) continue;
      status = ReadBodyLine(lines[at], command, is_over);
      if (!status.ok()) {
        status = base::Annotate(status, fmt::format("line {}", lines[at].number));
      }
    }
    if (status.ok()) continue;
    command.kind = Command::Kind::kBroken;
    command.error = std::string(base::Message(status));
  }
  return commands;
}

}  // namespace slowburn::promql::testing
