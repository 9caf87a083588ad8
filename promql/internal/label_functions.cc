// label_replace, label_join: numbers stay, labels change.
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <re2/re2.h>

#include "promql/internal/evaluator.h"
#include "promql/internal/name_dropping.h"

namespace slowburn::promql {
namespace {

constexpr int64_t kRegexBytesMax = 1 << 20;  // of RE2's program; it refuses what needs more
// What is captured is copied at each step of a match: with 1,000 groups one text of 4,096 bytes
// took 48 s, with 100 of them 0.2 s.
constexpr int kGroupsMax = 100;
// A query may name a label a thousand times; nobody reads a value that long.
constexpr size_t kValueBytesMax = 16 << 10;

bool IsLabelName(std::string_view name) { return !name.empty() && model::ValidUtf8(name) == name; }

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// A regular expression with what it captured of one text, and templates to fill from that.
class Capture {
 public:
  explicit Capture(const re2::RE2& regex)
      : regex_(regex), groups_(static_cast<size_t>(regex.NumberOfCapturingGroups()) + 1) {}

  bool Match(std::string_view text) {
    const re2::StringPiece piece(text.data(), text.size());
    return regex_.Match(piece, 0, text.size(), re2::RE2::ANCHOR_BOTH, groups_.data(),
                        static_cast<int>(groups_.size()));
  }

  // $1, ${1}, $name, ${name}; $$ is a dollar sign. A name is as long as it can be, so $1x asks for
  // the group "1x". What is no group is empty. Ends soon after kValueBytesMax.
  std::string Fill(std::string_view text) const {
    std::string filled;
    while (!text.empty() && filled.size() <= kValueBytesMax) {
      const size_t dollar = text.find('$');
      filled += text.substr(0, dollar);
      if (dollar == std::string_view::npos) break;
      text.remove_prefix(dollar + 1);
      if (!text.empty() && text.front() == '$') {
        filled += '$';
        text.remove_prefix(1);
      } else if (const std::string_view name = TakeName(text); name.empty()) {
        filled += '$';
      } else {
        filled += GroupOf(name);
      }
    }
    return filled;
  }

 private:
  // Empty, and `text` as it was, where no name begins.
  static std::string_view TakeName(std::string_view& text) {
    const bool braced = !text.empty() && text.front() == '{';
    const std::string_view rest = text.substr(braced ? 1 : 0);
    size_t length = 0;
    while (length < rest.size() && IsNameCharacter(rest[length])) ++length;
    if (length == 0 || (braced && (length == rest.size() || rest[length] != '}'))) return {};
    text = rest.substr(length + (braced ? 1 : 0));
    return rest.substr(0, length);
  }

  std::string_view GroupOf(std::string_view name) const {
    size_t index = groups_.size();
    const bool digits = name.find_first_not_of("0123456789") == std::string_view::npos;
    if (digits && name.size() < 8 && (name.size() == 1 || name.front() != '0')) {
      index = static_cast<size_t>(std::stoul(std::string(name)));
    } else {
      const auto& names = regex_.NamedCapturingGroups();
      const auto found = names.find(std::string(name));
      if (found != names.end()) index = static_cast<size_t>(found->second);
    }
    if (index >= groups_.size()) return {};
    return {groups_[index].data(), groups_[index].size()};
  }

  const re2::RE2& regex_;
  std::vector<re2::StringPiece> groups_;
};

// Sets a label of `column`; the name may come back by it.
absl::Status SetLabel(QueryContext& context, const std::string& name, std::string_view value,
                      Column& column) {
  if (value.size() > kValueBytesMax) {
    return absl::ResourceExhaustedError(
        fmt::format("the label {} would have a value of more than {} bytes; join or repeat less",
                    name, kValueBytesMax));
  }
  context.SettleName(column);
  model::LabelSet labels = *column.labels;
  labels.Set(name, value);
  column.labels = context.Keep(std::move(labels));
  if (name == model::kMetricNameLabel) column.drops_name = false;
  return context.meter().Take(0);  // Keep has charged it already
}

absl::Status Replace(QueryContext& context, const Call& call, Columns& columns) {
  const std::string& target = TextOf(*call.args[1]);
  const std::string& replacement = TextOf(*call.args[2]);
  const std::string& source = TextOf(*call.args[3]);
  const std::string& expression = TextOf(*call.args[4]);
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kRegexBytesMax);
  options.set_dot_nl(true);
  const re2::RE2 regex(expression, options);
  if (!regex.ok()) {
    return absl::FailedPreconditionError(
        fmt::format("invalid regular expression in label_replace(): {}", expression));
  }
  if (regex.NumberOfCapturingGroups() > kGroupsMax) {
    return absl::ResourceExhaustedError(
        fmt::format("the regular expression in label_replace() has {} groups, at most {} are "
                    "allowed; write (?:...) for those that the replacement does not name",
                    regex.NumberOfCapturingGroups(), kGroupsMax));
  }
  if (!IsLabelName(target)) {
    return absl::FailedPreconditionError(
        fmt::format("invalid destination label name in label_replace(): {}", target));
  }
  Capture capture(regex);
  absl::Status status;
  for (Column& column : columns.series) {
    if (status = context.CheckTime(); !status.ok()) break;
    context.SettleName(column);
    const std::string value(column.labels->Get(source));
    if (!capture.Match(value)) continue;
    status = SetLabel(context, target, capture.Fill(replacement), column);
    if (!status.ok()) break;
  }
  return status;
}

absl::Status Join(QueryContext& context, const Call& call, Columns& columns) {
  const std::string& target = TextOf(*call.args[1]);
  const std::string& separator = TextOf(*call.args[2]);
  for (size_t i = 3; i < call.args.size(); ++i) {
    if (IsLabelName(TextOf(*call.args[i]))) continue;
    return absl::FailedPreconditionError(
        fmt::format("invalid source label name in label_join(): {}", TextOf(*call.args[i])));
  }
  if (!IsLabelName(target)) {
    return absl::FailedPreconditionError(
        fmt::format("invalid destination label name in label_join(): {}", target));
  }
  absl::Status status;
  for (Column& column : columns.series) {
    if (status = context.CheckTime(); !status.ok()) break;
    context.SettleName(column);
    std::string joined;
    for (size_t i = 3; i < call.args.size() && joined.size() <= kValueBytesMax; ++i) {
      if (i > 3) joined += separator;
      joined += column.labels->Get(TextOf(*call.args[i]));
    }
    if (status = SetLabel(context, target, joined, column); !status.ok()) break;
  }
  return status;
}

}  // namespace

absl::Status EvalLabelCall(QueryContext& context, const Call& call, const StepGrid& grid,
                           ColumnSink sink) {
  auto columns = CollectVector(context, *call.args[0], grid);
  if (!columns.ok()) return columns.status();
  absl::Status status = call.function->id == FunctionId::kLabelReplace
                            ? Replace(context, call, *columns)
                            : Join(context, call, *columns);
  if (status.ok()) status.Update(MergeEqualLabels(context, *columns));
  for (Column& column : columns->series) {
    if (status.ok()) status.Update(sink(column));
  }
  return status;
}

}  // namespace slowburn::promql
