#include "serve/internal/api_parameters.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

#include <fmt/format.h>

#include "base/duration_text.h"
#include "base/status.h"
#include "base/time_text.h"
#include "promql/parser.h"
#include "serve/internal/regex_count.h"

namespace slowburn::serve::internal {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kFormType = "application/x-www-form-urlencoded";
// How Prometheus writes its earliest and its latest time, which clients send back.
constexpr std::string_view kMinTimeText = "-292273086-05-16T16:47:06Z";
constexpr std::string_view kMaxTimeText = "292277025-08-18T07:12:54.999999999Z";
constexpr std::string_view kEscaped = "U__";
// How the parser refuses a selector of everything.
constexpr std::string_view kSelectsEverything =
    "vector selector must contain at least one non-empty matcher";

bool IsForm(std::string_view content_type) {
  std::string type(content_type.substr(0, content_type.find(';')));
  for (char& c : type) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return type.starts_with(kFormType);
}

std::optional<double> NumberOf(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Whether a label that is absent fails some of them: else they could select everything.
bool NeedsSomething(const storage::Matchers& matchers) {
  return std::ranges::any_of(
      matchers, [](const model::LabelMatcher& matcher) { return !matcher.Matches(""); });
}

absl::Status EverythingError() {
  return base::InvalidArgument("match[] must contain at least one non-empty matcher");
}

absl::StatusOr<storage::Matchers> SelectorMatchers(std::string_view text) {
  const absl::StatusOr<promql::ExprPtr> expr =
      promql::Parse(text, promql::ParserOptions::Everything());
  // In a query that is a fault of the text, here one of the parameter.
  if (base::Message(expr.status()).ends_with(kSelectsEverything)) return EverythingError();
  if (!expr.ok()) return expr.status();
  if ((*expr)->kind != promql::Expr::Kind::kVectorSelector)
    return base::InvalidArgument("1:1: parse error: a series selector is expected, like up");
  const auto& selector = promql::As<promql::VectorSelector>(**expr);
  const promql::TimeShift& shift = selector.shift;
  if (shift.at != promql::TimeShift::At::kEvaluation || shift.offset_ms != 0 ||
      shift.offset_expr != nullptr) {
    return base::InvalidArgument("1:1: parse error: a series selector has no offset and no @");
  }
  return selector.matchers;
}

std::optional<uint32_t> HexOf(std::string_view digits) {
  uint32_t code = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
  if (digits.empty() || digits.size() > 6 || error != std::errc() ||
      end != digits.data() + digits.size() || code > 0x10FFFF)
    return std::nullopt;
  return code;
}

void AppendUtf8(std::string& text, uint32_t code) {
  const auto tail = [&text, code](int shift) {
    text += static_cast<char>(0x80 | ((code >> shift) & 0x3F));
  };
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += static_cast<char>(0xC0 | (code >> 6));
    tail(0);
  } else if (code < 0x10000) {
    text += static_cast<char>(0xE0 | (code >> 12));
    tail(6);
    tail(0);
  } else {
    text += static_cast<char>(0xF0 | (code >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace

ApiParameters::ApiParameters(const net::HttpRequest& request) : path_(request.path_parameters) {
  // A GET has no form, whatever it sends.
  if (request.method != "GET" && IsForm(request.Header("Content-Type")))
    values_ = net::ParseQuery(request.body);
  for (auto& value : net::ParseQuery(request.query)) values_.push_back(std::move(value));
}

std::string_view ApiParameters::First(std::string_view name) const {
  for (const auto& [key, value] : values_) {
    if (key == name) return value;
  }
  return "";
}

std::vector<std::string_view> ApiParameters::All(std::string_view name) const {
  std::vector<std::string_view> all;
  for (const auto& [key, value] : values_) {
    if (key == name) all.push_back(value);
  }
  return all;
}

std::string_view ApiParameters::Path(std::string_view name) const {
  for (const auto& [key, value] : path_) {
    if (key == name) return value;
  }
  return "";
}

absl::StatusOr<int64_t> ApiParameters::TimeMs(std::string_view name, int64_t otherwise) const {
  const std::string_view text = First(name);
  if (text.empty()) return otherwise;
  const absl::StatusOr<int64_t> time = ParseApiTime(text);
  if (time.ok()) return time;
  return InvalidParameter(
      name, base::Annotate(time.status(), fmt::format("Invalid time value for '{}'", name)));
}

absl::StatusOr<int64_t> ApiParameters::NeededTimeMs(std::string_view name) const {
  absl::StatusOr<int64_t> time = ParseApiTime(First(name));
  if (!time.ok()) return InvalidParameter(name, time.status());
  return time;
}

absl::StatusOr<milliseconds> ApiParameters::Duration(std::string_view name) const {
  absl::StatusOr<milliseconds> duration = ParseApiDuration(First(name));
  if (!duration.ok()) return InvalidParameter(name, duration.status());
  return duration;
}

absl::StatusOr<uint64_t> ApiParameters::Limit() const {
  const std::string_view text = First("limit");
  if (text.empty()) return 0;
  int64_t limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (error != std::errc() || end != text.data() + text.size()) {
    return InvalidParameter(
        "limit", base::InvalidArgument("strconv.Atoi: parsing \"{}\": invalid syntax", text));
  }
  if (limit < 0)
    return InvalidParameter("limit", base::InvalidArgument("limit must be non-negative"));
  return static_cast<uint64_t>(limit);
}

absl::StatusOr<storage::TimeRange> ApiParameters::Range() const {
  SB_ASSIGN_OR_RETURN(const int64_t start_ms, TimeMs("start", kMinTimeMs));
  SB_ASSIGN_OR_RETURN(const int64_t end_ms, TimeMs("end", kMaxTimeMs));
  return storage::TimeRange{start_ms, end_ms + 1};
}

absl::StatusOr<std::vector<storage::Matchers>> ApiParameters::Matchers() const {
  std::vector<storage::Matchers> sets;
  RegexCount regexes;
  for (const std::string_view text : All("match[]")) {
    absl::StatusOr<storage::Matchers> matchers = SelectorMatchers(text);
    if (!matchers.ok()) return InvalidParameter("match[]", matchers.status());
    for (const model::LabelMatcher& matcher : *matchers) {
      if (const absl::Status counted = regexes.Add(matcher); !counted.ok())
        return InvalidParameter("match[]", counted);
    }
    sets.push_back(*std::move(matchers));
  }
  if (!std::ranges::all_of(sets, NeedsSomething))
    return InvalidParameter("match[]", EverythingError());
  return sets;
}

absl::Status InvalidParameter(std::string_view name, const absl::Status& status) {
  return base::Annotate(status, fmt::format("invalid parameter \"{}\"", name));
}

absl::StatusOr<int64_t> ParseApiTime(std::string_view text) {
  const auto refused = [text] {
    return base::InvalidArgument("cannot parse \"{}\" to a valid timestamp", text);
  };
  if (const std::optional<double> number = NumberOf(text)) {
    const double ms = std::round(*number * 1000);
    if (!(std::abs(ms) <= static_cast<double>(kMaxTimeMs))) return refused();
    return static_cast<int64_t>(ms);
  }
  if (text == kMinTimeText) return kMinTimeMs;
  if (text == kMaxTimeText) return kMaxTimeMs;
  const auto time = base::ParseRfc3339Milliseconds(text);
  if (!time.has_value()) return refused();
  return time->time_since_epoch().count();
}

absl::StatusOr<milliseconds> ParseApiDuration(std::string_view text) {
  if (const std::optional<double> number = NumberOf(text)) {
    // What Go's nanoseconds can hold.
    if (!(std::abs(*number) * 1e9 <= 9223372036854775807.0)) {
      return base::InvalidArgument("cannot parse \"{}\" to a valid duration. It overflows int64",
                                   text);
    }
    return milliseconds(static_cast<int64_t>(std::trunc(*number * 1000)));
  }
  const absl::StatusOr<std::chrono::nanoseconds> duration = base::ParseDuration(text);
  // Prometheus has no us and ns.
  if (!duration.ok() || text.find_first_of("un") != std::string_view::npos)
    return base::InvalidArgument("cannot parse \"{}\" to a valid duration", text);
  return std::chrono::floor<milliseconds>(*duration);
}

std::string UnescapedLabelName(std::string_view name) {
  if (!name.starts_with(kEscaped)) return std::string(name);
  std::string_view rest = name.substr(kEscaped.size());
  std::string unescaped;
  while (!rest.empty()) {
    if (rest[0] != '_') {
      unescaped += rest[0];
      rest.remove_prefix(1);
    } else if (rest.starts_with("__")) {
      unescaped += '_';
      rest.remove_prefix(2);
    } else {
      const size_t end = rest.find('_', 1);
      const std::optional<uint32_t> code =
          end == std::string_view::npos ? std::nullopt : HexOf(rest.substr(1, end - 1));
      if (!code.has_value()) return std::string(name);
      AppendUtf8(unescaped, *code);
      rest.remove_prefix(end + 1);
    }
  }
  return unescaped;
}

absl::StatusOr<std::vector<storage::SelectedSeries>> SelectAny(
    const storage::SeriesSnapshot& snapshot, const std::vector<storage::Matchers>& sets,
    storage::TimeRange range) {
  std::vector<storage::SelectedSeries> all;
  for (const storage::Matchers& matchers : sets) {
    SB_ASSIGN_OR_RETURN(std::vector<storage::SelectedSeries> selected,
                        snapshot.Select(matchers, range));
    all.insert(all.end(), selected.begin(), selected.end());
  }
  if (sets.size() < 2) return all;
  // By id first: a number is compared in no time, labels are not, and most may be there many times.
  std::ranges::sort(all, {}, &storage::SelectedSeries::id);
  const auto doubles = std::ranges::unique(all, {}, &storage::SelectedSeries::id);
  all.erase(doubles.begin(), doubles.end());
  std::ranges::sort(all, [](const auto& a, const auto& b) { return *a.labels < *b.labels; });
  return all;
}

}  // namespace slowburn::serve::internal
