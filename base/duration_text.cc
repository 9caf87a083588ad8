#include "base/duration_text.h"

#include <array>
#include <cstdint>
#include <limits>

#include "base/status.h"

namespace slowburn::base {
namespace {

struct Unit {
  std::string_view name;
  int64_t nanos;
};

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kDay = 86'400 * kSecond;
constexpr std::array<Unit, 9> kUnits = {{{"y", 365 * kDay},
                                         {"w", 7 * kDay},
                                         {"d", kDay},
                                         {"h", 3600 * kSecond},
                                         {"m", 60 * kSecond},
                                         {"s", kSecond},
                                         {"ms", 1'000'000},
                                         {"us", 1'000},
                                         {"ns", 1}}};

absl::Status Refuse(std::string_view text) {
  return InvalidArgument(
      "\"{}\" is not a duration; write a number with a unit, like 30d, 1h30m or 300ms", text);
}

size_t CountWhile(std::string_view text, size_t from, bool (*accept)(char)) {
  size_t end = from;
  while (end < text.size() && accept(text[end])) ++end;
  return end - from;
}

}  // namespace

absl::StatusOr<std::chrono::nanoseconds> ParseDuration(std::string_view text) {
  if (text == "0") return std::chrono::nanoseconds(0);
  if (text.empty()) return Refuse(text);
  int64_t total = 0;
  size_t next_unit = 0;  // Units fall: "1m1h" is refused.
  size_t at = 0;
  while (at < text.size()) {
    const size_t digits = CountWhile(text, at, [](char c) { return c >= '0' && c <= '9'; });
    if (digits == 0 || digits > 18) return Refuse(text);
    int64_t number = 0;
    for (const char c : text.substr(at, digits)) number = number * 10 + (c - '0');
    at += digits;
    const size_t letters = CountWhile(text, at, [](char c) { return c >= 'a' && c <= 'z'; });
    const std::string_view name = text.substr(at, letters);
    at += letters;
    size_t unit = next_unit;
    while (unit < kUnits.size() && kUnits[unit].name != name) ++unit;
    if (unit == kUnits.size()) return Refuse(text);
    next_unit = unit + 1;
    int64_t part = 0;
    if (__builtin_mul_overflow(number, kUnits[unit].nanos, &part) ||
        __builtin_add_overflow(total, part, &total)) {
      return InvalidArgument("\"{}\" is longer than 292 years; write a shorter duration", text);
    }
  }
  return std::chrono::nanoseconds(total);
}

std::string FormatDuration(std::chrono::nanoseconds duration) {
  int64_t rest = duration.count();
  if (rest == 0) return "0s";
  std::string text;
  uint64_t left = static_cast<uint64_t>(rest);
  if (rest < 0) {
    text = "-";
    left = 0 - left;
  }
  for (const Unit& unit : kUnits) {
    const uint64_t nanos = static_cast<uint64_t>(unit.nanos);
    // Years and weeks only where nothing is left over: 30 d stays 30d, 28 d is 4w.
    if ((unit.name == "y" || unit.name == "w") && left % nanos != 0) continue;
    if (left >= nanos) {
      text += fmt::format("{}{}", left / nanos, unit.name);
      left %= nanos;
    }
  }
  return text;
}

}  // namespace slowburn::base
