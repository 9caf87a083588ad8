#include "promql/internal/literals.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include <absl/strings/ascii.h>
#include <absl/strings/charconv.h>

#include "base/status.h"
#include "promql/internal/go_text.h"

namespace slowburn::promql::internal {
namespace {

struct Unit {
  std::string_view name;
  uint64_t ms;
};
// From large to small, the order in which they have to come.
constexpr std::array<Unit, 7> kUnits = {{{"y", 31'536'000'000},
                                         {"w", 604'800'000},
                                         {"d", 86'400'000},
                                         {"h", 3'600'000},
                                         {"m", 60'000},
                                         {"s", 1000},
                                         {"ms", 1}}};
constexpr uint64_t kDurationMsMax = std::numeric_limits<int64_t>::max() / 1'000'000;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// A whole number in hexadecimal or octal writing; nothing if it is neither or too large.
std::optional<int64_t> WholeNumberOf(std::string_view digits) {
  int base = 8;
  if (digits.size() < 2 || digits[0] != '0') return std::nullopt;
  if (digits[1] == 'x' || digits[1] == 'X') {
    base = 16;
    digits.remove_prefix(2);
  }
  int64_t number = 0;
  const auto end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, number, base);
  if (error != std::errc() || at != end) return std::nullopt;
  return number;
}

}  // namespace

absl::StatusOr<double> NumberOf(std::string_view text) {
  const std::string lower = absl::AsciiStrToLower({text.data(), text.size()});
  if (lower == "inf") return std::numeric_limits<double>::infinity();
  if (lower == "nan") return std::numeric_limits<double>::quiet_NaN();
  std::string digits = lower;
  std::erase(digits, '_');
  if (const std::optional<int64_t> whole = WholeNumberOf(digits)) {
    return static_cast<double>(*whole);
  }
  double number = 0;
  const char* end = digits.data() + digits.size();
  const absl::from_chars_result result = absl::from_chars(digits.data(), end, number);
  const auto fail = [&](std::string_view why) {
    return base::InvalidArgument("error parsing number: strconv.ParseFloat: parsing {}: {}",
                                 Quoted(text), why);
  };
  if (result.ec == std::errc::invalid_argument || result.ptr != end || digits.empty()) {
    return fail("invalid syntax");
  }
  // What is too small is 0.
  if (std::isinf(number) || (result.ec != std::errc() && std::abs(number) > 1)) {
    return fail("value out of range");
  }
  return number;
}

absl::StatusOr<int64_t> DurationMsOf(std::string_view text) {
  if (text == "0") return 0;
  if (text.empty()) return absl::InvalidArgumentError("empty duration string");
  const auto invalid = [&] {
    return base::InvalidArgument("not a valid duration string: {}", Quoted(text));
  };
  uint64_t total = 0;
  size_t next_unit = 0;
  for (std::string_view rest = text; !rest.empty();) {
    uint64_t count = 0;
    const auto [at, error] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    if (error != std::errc()) return invalid();
    rest.remove_prefix(static_cast<size_t>(at - rest.data()));
    const auto length = static_cast<size_t>(std::ranges::find_if(rest, IsDigit) - rest.begin());
    if (length == 0) return invalid();
    const std::string_view name = rest.substr(0, length);
    rest.remove_prefix(length);
    const auto unit = std::ranges::find(kUnits, name, &Unit::name);
    if (unit == kUnits.end()) {
      return base::InvalidArgument("unknown unit {} in duration {}", Quoted(name), Quoted(text));
    }
    const auto place = static_cast<size_t>(unit - kUnits.begin());
    if (place < next_unit) return invalid();
    next_unit = place + 1;
    if (count > kDurationMsMax / unit->ms) {
      return absl::InvalidArgumentError("duration out of range");
    }
    total += count * unit->ms;
    if (total > kDurationMsMax) return absl::InvalidArgumentError("duration out of range");
  }
  return static_cast<int64_t>(total);
}

}  // namespace slowburn::promql::internal
