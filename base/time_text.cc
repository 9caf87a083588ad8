#include "base/time_text.h"

#include <cstdint>
#include <optional>

#include "base/status.h"

namespace slowburn::base {
namespace {

using std::chrono::nanoseconds;

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kSecondsMax = 9'223'372'036;  // int64 nanoseconds end in 2262.

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Reads digits from the front of `text`: exactly `count`.
std::optional<int> TakeDigits(std::string_view& text, size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (size_t i = 0; i < count; ++i) {
    if (!IsDigit(text[i])) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool Take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

// ".25" as nanoseconds; 0 where there is no fraction; digits past the ninth are cut.
std::optional<int64_t> TakeFraction(std::string_view& text) {
  if (!Take(text, '.')) return 0;
  if (text.empty() || !IsDigit(text.front())) return std::nullopt;
  int64_t nanos = 0;
  int64_t unit = kSecond / 10;
  while (!text.empty() && IsDigit(text.front())) {
    nanos += (text.front() - '0') * unit;
    unit /= 10;
    text.remove_prefix(1);
  }
  return nanos;
}

std::optional<UnixNanos> ParseUnixSeconds(std::string_view text) {
  if (text.empty() || !IsDigit(text.front())) return std::nullopt;
  int64_t seconds = 0;
  while (!text.empty() && IsDigit(text.front())) {
    seconds = seconds * 10 + (text.front() - '0');
    if (seconds > kSecondsMax) return std::nullopt;
    text.remove_prefix(1);
  }
  const std::optional<int64_t> nanos = TakeFraction(text);
  if (!nanos.has_value() || !text.empty() || seconds == kSecondsMax) return std::nullopt;
  return UnixNanos(nanoseconds(seconds * kSecond + *nanos));
}

// "Z", "+01:00" or "-05:30" as seconds east of Greenwich.
std::optional<int> TakeZone(std::string_view& text) {
  if (Take(text, 'Z') || Take(text, 'z')) return 0;
  const bool east = Take(text, '+');
  if (!east && !Take(text, '-')) return std::nullopt;
  const std::optional<int> hours = TakeDigits(text, 2);
  if (!hours || *hours > 23 || !Take(text, ':')) return std::nullopt;
  const std::optional<int> minutes = TakeDigits(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  const int offset = *hours * 3600 + *minutes * 60;
  return east ? offset : -offset;
}

struct SecondsAndNanos {
  int64_t seconds = 0;  // since 1970
  int64_t nanos = 0;
};

std::optional<SecondsAndNanos> ParseRfc3339(std::string_view text) {
  const auto year = TakeDigits(text, 4);
  if (!year || !Take(text, '-')) return std::nullopt;
  const auto month = TakeDigits(text, 2);
  if (!month || !Take(text, '-')) return std::nullopt;
  const auto day = TakeDigits(text, 2);
  if (!day || !(Take(text, 'T') || Take(text, 't'))) return std::nullopt;
  const auto hour = TakeDigits(text, 2);
  if (!hour || *hour > 23 || !Take(text, ':')) return std::nullopt;
  const auto minute = TakeDigits(text, 2);
  if (!minute || *minute > 59 || !Take(text, ':')) return std::nullopt;
  const auto second = TakeDigits(text, 2);
  if (!second || *second > 60) return std::nullopt;
  const auto fraction = TakeFraction(text);
  if (!fraction) return std::nullopt;
  const auto zone = TakeZone(text);
  if (!zone || !text.empty()) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const int64_t seconds = int64_t{std::chrono::sys_days(date).time_since_epoch().count()} * 86'400 +
                          *hour * 3600 + *minute * 60 + *second - *zone;
  return SecondsAndNanos{seconds, *fraction};
}

}  // namespace

std::string FormatRfc3339(UnixNanos time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::milliseconds>(time - day));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

absl::StatusOr<UnixNanos> ParseTime(std::string_view text) {
  if (const auto time = ParseUnixSeconds(text)) return *time;
  if (const auto time = ParseRfc3339(text);
      time.has_value() && time->seconds >= 0 && time->seconds < kSecondsMax) {
    return UnixNanos(nanoseconds(time->seconds * kSecond + time->nanos));
  }
  return InvalidArgument(
      "\"{}\" is not a time between 1970 and 2261; write unix seconds, or RFC 3339 like "
      "2026-01-31T12:00:00Z",
      text);
}

std::optional<std::chrono::sys_time<std::chrono::milliseconds>> ParseRfc3339Milliseconds(
    std::string_view text) {
  const std::optional<SecondsAndNanos> time = ParseRfc3339(text);
  if (!time.has_value()) return std::nullopt;
  const std::chrono::milliseconds since_1970(time->seconds * 1000 + time->nanos / 1'000'000);
  return std::chrono::sys_time<std::chrono::milliseconds>(since_1970);
}

}  // namespace slowburn::base
