// TakeHistogram of promql/testing/series_text.h.
#include <set>
#include <string>

#include "base/status.h"
#include "promql/testing/series_text.h"

namespace slowburn::promql::testing {
namespace {

using model::NativeHistogram;

void SkipBlanks(std::string_view& text) {
  while (!text.empty() && (text[0] == ' ' || text[0] == '\t')) text.remove_prefix(1);
}

bool TakePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::string_view TakeWord(std::string_view& text) {
  size_t length = 0;
  while (length < text.size() &&
         (text[length] == '_' || (text[length] >= 'a' && text[length] <= 'z')))
    ++length;
  const std::string_view word = text.substr(0, length);
  text.remove_prefix(length);
  return word;
}

absl::StatusOr<double> TakeSigned(std::string_view& text) {
  const bool negative = TakePrefix(text, "-");
  if (!negative) TakePrefix(text, "+");
  SB_ASSIGN_OR_RETURN(const double value, TakeNumber(text));
  return negative ? -value : value;
}

absl::StatusOr<std::vector<double>> TakeList(std::string_view& text) {
  if (!TakePrefix(text, "[")) return absl::InvalidArgumentError("a list begins with [");
  std::vector<double> values;
  for (;;) {
    SkipBlanks(text);
    if (TakePrefix(text, "]")) return values;
    SB_ASSIGN_OR_RETURN(const double value, TakeSigned(text));
    values.push_back(value);
  }
}

absl::Status TakeHint(std::string_view& text, NativeHistogram& histogram) {
  const std::string_view word = TakeWord(text);
  using Hint = NativeHistogram::ResetHint;
  if (word == "unknown") {
    histogram.reset_hint = Hint::kUnknown;
  } else if (word == "reset") {
    histogram.reset_hint = Hint::kReset;
  } else if (word == "not_reset") {
    histogram.reset_hint = Hint::kNotReset;
  } else if (word == "gauge") {
    histogram.reset_hint = Hint::kGauge;
  } else {
    return base::InvalidArgument("{} is no counter_reset_hint", word);
  }
  return absl::OkStatus();
}

struct Offsets {
  int32_t positive = 0;
  int32_t negative = 0;
};

absl::Status TakeEntry(std::string_view& text, HistogramLiteral& read, Offsets& offsets,
                       std::set<std::string_view>& seen) {
  NativeHistogram& histogram = read.histogram;
  const std::string_view key = TakeWord(text);
  if (!seen.insert(key).second) return base::InvalidArgument("{} comes twice", key);
  if (!TakePrefix(text, ":")) return base::InvalidArgument("a colon comes behind {}", key);
  if (key == "counter_reset_hint") {
    read.spells_hint = true;
    return TakeHint(text, histogram);
  }
  std::vector<double>* list = nullptr;
  if (key == "buckets") list = &histogram.positive_counts;
  if (key == "n_buckets") list = &histogram.negative_counts;
  if (key == "custom_values") list = &histogram.custom_bounds;
  if (list != nullptr) {
    SB_ASSIGN_OR_RETURN(*list, TakeList(text));
    return absl::OkStatus();
  }
  SB_ASSIGN_OR_RETURN(const double value, TakeSigned(text));
  if (key == "schema") {
    histogram.schema = static_cast<int8_t>(value);
  } else if (key == "sum") {
    histogram.sum = value;
  } else if (key == "count") {
    histogram.count = value;
  } else if (key == "z_bucket") {
    histogram.zero_count = value;
  } else if (key == "z_bucket_w") {
    histogram.zero_threshold = value;
  } else if (key == "offset") {
    offsets.positive = static_cast<int32_t>(value);
  } else if (key == "n_offset") {
    offsets.negative = static_cast<int32_t>(value);
  } else {
    return base::InvalidArgument("{} is no key of a histogram", key);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<HistogramLiteral> TakeHistogram(std::string_view& text) {
  if (!TakePrefix(text, "{{")) return absl::InvalidArgumentError("a histogram begins with {{");
  HistogramLiteral read;
  read.histogram.is_float = true;
  Offsets offsets;
  std::set<std::string_view> seen;
  for (;;) {
    SkipBlanks(text);
    if (TakePrefix(text, "}}")) break;
    SB_RETURN_IF_ERROR(TakeEntry(text, read, offsets, seen));
  }
  NativeHistogram& histogram = read.histogram;
  if (!histogram.positive_counts.empty()) {
    histogram.positive_spans = {
        {offsets.positive, static_cast<uint32_t>(histogram.positive_counts.size())}};
  }
  if (!histogram.negative_counts.empty()) {
    histogram.negative_spans = {
        {offsets.negative, static_cast<uint32_t>(histogram.negative_counts.size())}};
  }
  return read;
}

}  // namespace slowburn::promql::testing
