#include "promql/testing/series_text.h"

#include <charconv>
#include <string>
#include <utility>

#include "base/status.h"
#include "model/label_matcher.h"
#include "model/promql_string.h"
#include "model/sample.h"
#include "promql/internal/histogram_sum.h"
#include "promql/internal/literals.h"

namespace slowburn::promql::testing {
namespace {

using model::NativeHistogram;

constexpr size_t kItemsMax = 1'000'000;

bool IsBlank(char c) { return c == ' ' || c == '\t'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsNameCharacter(char c) { return IsLetter(c) || IsDigit(c) || c == '_' || c == ':'; }

void SkipBlanks(std::string_view& text) {
  while (!text.empty() && IsBlank(text[0])) text.remove_prefix(1);
}

bool TakePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::string_view TakeName(std::string_view& text) {
  size_t length = 0;
  while (length < text.size() && IsNameCharacter(text[length])) ++length;
  const std::string_view name = text.substr(0, length);
  text.remove_prefix(length);
  return name;
}

absl::StatusOr<std::string> TakeString(std::string_view& text) {
  if (text.empty() || std::string_view("\"'`").find(text[0]) == std::string_view::npos) {
    return absl::InvalidArgumentError("a string in quotes is missing");
  }
  SB_ASSIGN_OR_RETURN(model::PromqlString read, model::ReadPromqlString(text));
  text.remove_prefix(read.bytes_read);
  return std::move(read.text);
}

absl::Status TakeLabel(std::string_view& text, model::LabelSet& labels) {
  std::string name(TakeName(text));
  if (name.empty()) {
    SB_ASSIGN_OR_RETURN(name, TakeString(text));
    SkipBlanks(text);
    if (text.empty() || text[0] != '=') {
      labels.Set(model::kMetricNameLabel, name);
      return absl::OkStatus();
    }
  }
  SkipBlanks(text);
  if (!TakePrefix(text, "=")) return base::InvalidArgument("= comes behind {}", name);
  SkipBlanks(text);
  SB_ASSIGN_OR_RETURN(const std::string value, TakeString(text));
  labels.Set(name, value);
  return absl::OkStatus();
}

absl::StatusOr<model::LabelSet> TakeLabels(std::string_view& text) {
  model::LabelSet labels;
  labels.Set(model::kMetricNameLabel, TakeName(text));
  std::string_view rest = text;
  SkipBlanks(rest);
  if (rest.starts_with("{{") || !TakePrefix(rest, "{")) return labels;
  for (;;) {
    SkipBlanks(rest);
    if (TakePrefix(rest, "}")) break;
    SB_RETURN_IF_ERROR(TakeLabel(rest, labels));
    SkipBlanks(rest);
    if (!TakePrefix(rest, ",") && !rest.starts_with("}")) {
      return absl::InvalidArgumentError("a comma or } is missing between labels");
    }
  }
  text = rest;
  return labels;
}

// xN behind an item; nothing where there is none.
absl::StatusOr<std::optional<uint64_t>> TakeTimes(std::string_view& text) {
  if (!TakePrefix(text, "x")) return std::nullopt;
  uint64_t times = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), times);
  if (error != std::errc() || times > kItemsMax) {
    return absl::InvalidArgumentError("a count of at most 1,000,000 comes behind x");
  }
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return times;
}

absl::Status TakeNumbers(std::string_view& text, std::vector<SequenceItem>& items) {
  const bool negative = TakePrefix(text, "-");
  if (!negative) TakePrefix(text, "+");
  SB_ASSIGN_OR_RETURN(double value, TakeNumber(text));
  if (negative) value = -value;
  double increment = 0;
  if (text.starts_with("+") || text.starts_with("-")) {
    const bool falls = text[0] == '-';
    text.remove_prefix(1);
    SB_ASSIGN_OR_RETURN(increment, TakeNumber(text));
    if (falls) increment = -increment;
  }
  SB_ASSIGN_OR_RETURN(const std::optional<uint64_t> times, TakeTimes(text));
  for (uint64_t i = 0; i <= times.value_or(0); ++i) {
    items.push_back({.value = value});
    value += increment;
  }
  return absl::OkStatus();
}

absl::Status TakeHistograms(std::string_view& text, std::vector<SequenceItem>& items) {
  SB_ASSIGN_OR_RETURN(const HistogramLiteral first, TakeHistogram(text));
  const bool rises = text.starts_with("+{{");
  const bool falls = text.starts_with("-{{");
  HistogramLiteral increment;
  if (rises || falls) {
    text.remove_prefix(1);
    SB_ASSIGN_OR_RETURN(increment, TakeHistogram(text));
  }
  SB_ASSIGN_OR_RETURN(const std::optional<uint64_t> times, TakeTimes(text));
  NativeHistogram current = first.histogram;
  for (uint64_t i = 0; i <= times.value_or(0); ++i) {
    items.push_back({.histogram = current, .spells_hint = first.spells_hint});
    if (!rises && !falls) continue;
    if (current.schema > increment.histogram.schema) {
      return absl::InvalidArgumentError("the increment has a coarser schema");
    }
    HistogramSum sum(current);
    rises ? sum.Add(increment.histogram) : sum.Subtract(increment.histogram);
    current = sum.Value();
    current.is_float = true;
  }
  return absl::OkStatus();
}

absl::Status TakeItem(std::string_view& text, std::vector<SequenceItem>& items) {
  if (text.starts_with("{{")) return TakeHistograms(text, items);
  if (TakePrefix(text, "stale")) {
    items.push_back({.value = model::StaleMarker()});
    return absl::OkStatus();
  }
  if (!TakePrefix(text, "_")) return TakeNumbers(text, items);
  SB_ASSIGN_OR_RETURN(const std::optional<uint64_t> times, TakeTimes(text));
  items.insert(items.end(), times.value_or(1), {.is_gap = true});
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<double> TakeNumber(std::string_view& text) {
  size_t length = 0;
  while (length < text.size() && (IsDigit(text[length]) || text[length] == '.')) ++length;
  if (length == 0) {
    // Inf or NaN.
    length = std::min<size_t>(3, text.size());
  } else if (length < text.size() && (text[length] == 'e' || text[length] == 'E')) {
    ++length;
    if (length < text.size() && (text[length] == '+' || text[length] == '-')) ++length;
    while (length < text.size() && IsDigit(text[length])) ++length;
  } else if (length < text.size() && IsLetter(text[length]) && text[length] != 'x') {
    while (length < text.size() &&
           (IsDigit(text[length]) || (IsLetter(text[length]) && text[length] != 'x')))
      ++length;
    const absl::StatusOr<int64_t> ms = internal::DurationMsOf(text.substr(0, length));
    if (!ms.ok()) return ms.status();
    text.remove_prefix(length);
    return static_cast<double>(*ms) / 1000;
  }
  SB_ASSIGN_OR_RETURN(const double value, internal::NumberOf(text.substr(0, length)));
  text.remove_prefix(length);
  return value;
}

absl::StatusOr<SeriesText> ParseSeriesText(std::string_view line) {
  SeriesText series;
  SkipBlanks(line);
  const std::string_view whole = line;
  SB_ASSIGN_OR_RETURN(series.labels, TakeLabels(line));
  if (line.size() == whole.size()) return absl::InvalidArgumentError("a line begins with a series");
  series.is_start_timestamps = TakePrefix(line, "@st");
  if (series.is_start_timestamps) return series;
  for (;;) {
    SkipBlanks(line);
    if (line.empty()) return series;
    SB_RETURN_IF_ERROR(TakeItem(line, series.items));
    if (series.items.size() > kItemsMax) {
      return absl::InvalidArgumentError("a series has at most 1,000,000 values");
    }
    if (!line.empty() && !IsBlank(line[0])) {
      return base::InvalidArgument("a blank is missing before {}", line.substr(0, 20));
    }
  }
}

}  // namespace slowburn::promql::testing
