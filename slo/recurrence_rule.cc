#include "slo/recurrence_rule.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/mutant.h"
#include "base/status.h"

namespace slowburn::slo {
namespace {

constexpr size_t kTextBytesMax = 1'000;
constexpr size_t kShownBytes = 60;  // Of a value, in a message.
constexpr int kIntervalMax = 10'000;
constexpr int kCountMax = 100'000;  // More than there are days from 1970 to 2100.
constexpr int kYearMin = 1970;
constexpr int kYearMax = 9999;

constexpr std::array<std::string_view, 4> kFrequencies = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"};
// In the order of absl::Weekday.
constexpr std::array<std::string_view, 7> kWeekdays = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};
constexpr std::string_view kWriteFrequency =
    "write FREQ=DAILY, FREQ=WEEKLY, FREQ=MONTHLY or FREQ=YEARLY";

// What RFC 5545 and its extension RFC 7529 have and this does not, with what to do instead.
struct UnsupportedPart {
  std::string_view name;
  std::string_view instead;
};
constexpr std::array<UnsupportedPart, 7> kUnsupported = {{
    {"BYSECOND", "an occurrence begins at the start's time of day; write one entry for each time"},
    {"BYMINUTE", "an occurrence begins at the start's time of day; write one entry for each time"},
    {"BYHOUR", "an occurrence begins at the start's time of day; write one entry for each time"},
    {"BYYEARDAY", "write BYMONTH with BYMONTHDAY"},
    {"BYWEEKNO", "write BYMONTH with BYDAY"},
    {"RSCALE", "write the rule in the Gregorian calendar"},
    {"SKIP", "months without the day are left out; write BYMONTHDAY=-1 for the last day"},
}};

std::string_view Shown(std::string_view text) { return text.substr(0, kShownBytes); }

template <size_t N>
std::optional<size_t> IndexOf(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<size_t>(found - names.begin());
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

// "12", "-1", "+3": all of `text`, or nothing.
std::optional<int> ReadInteger(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

template <typename T>
void SortUnique(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

absl::StatusOr<int> ReadPositive(std::string_view name, std::string_view value, int max) {
  const std::optional<int> number = ReadInteger(value);
  if (number.has_value() && *number >= 1 && *number <= max) return *number;
  return base::InvalidArgument("{} is \"{}\"; write a number from 1 to {}", name, Shown(value),
                               max);
}

// Numbers from 1 to `max`, and from -max to -1 where they may count from the end.
absl::StatusOr<std::vector<int>> ReadNumbers(std::string_view name, std::string_view value, int max,
                                             bool from_the_end) {
  std::vector<int> numbers;
  for (const std::string_view item : Split(value, ',')) {
    const std::optional<int> number = ReadInteger(item);
    const int least = from_the_end ? -max : 1;
    if (!number.has_value() || *number == 0 || *number < least || *number > max) {
      return base::InvalidArgument("{} has \"{}\"; write numbers from 1 to {}{}, like {}=1", name,
                                   Shown(item), max,
                                   from_the_end ? fmt::format(" or -{} to -1", max) : "", name);
    }
    numbers.push_back(*number);
  }
  SortUnique(numbers);
  return numbers;
}

absl::StatusOr<std::vector<WeekdayOrdinal>> ReadWeekdays(std::string_view value) {
  std::vector<WeekdayOrdinal> days;
  for (const std::string_view item : Split(value, ',')) {
    const std::string_view name = item.size() < 2 ? item : item.substr(item.size() - 2);
    const std::string_view number = item.substr(0, item.size() - name.size());
    const std::optional<size_t> weekday = IndexOf(kWeekdays, name);
    const std::optional<int> ordinal = number.empty() ? 0 : ReadInteger(number);
    const bool in_range = number.empty() || (ordinal.has_value() && *ordinal != 0 &&
                                             *ordinal >= -53 && *ordinal <= 53);
    if (!weekday.has_value() || !in_range) {
      return base::InvalidArgument(
          "BYDAY has \"{}\"; write MO, TU, WE, TH, FR, SA or SU, with a number from 1 to 53 or -53 "
          "to -1 before it where one is meant, like 2TU or -1FR",
          Shown(item));
    }
    days.push_back({*ordinal, static_cast<absl::Weekday>(*weekday)});
  }
  SortUnique(days);
  return days;
}

// `digits` decimal digits at the front of `text`, which are taken off.
std::optional<int> TakeDigits(std::string_view& text, size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

// 20241224, 20241224T180000 or 20241224T180000Z.
std::optional<RecurrenceUntil> ReadMoment(std::string_view text) {
  const std::optional<int> year = TakeDigits(text, 4);
  const std::optional<int> month = TakeDigits(text, 2);
  const std::optional<int> day = TakeDigits(text, 2);
  if (!year || !month || !day || *year < kYearMin || *year > kYearMax) return std::nullopt;
  const absl::CivilDay date(*year, *month, *day);
  if (date.month() != *month || date.day() != *day) return std::nullopt;  // the 30th of February
  if (text.empty()) return RecurrenceUntil{absl::CivilSecond(date + 1) - 1, false};
  if (!text.starts_with('T')) return std::nullopt;
  text.remove_prefix(1);
  const std::optional<int> hour = TakeDigits(text, 2);
  const std::optional<int> minute = TakeDigits(text, 2);
  const std::optional<int> second = TakeDigits(text, 2);
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59)
    return std::nullopt;
  if (!text.empty() && text != "Z") return std::nullopt;
  return RecurrenceUntil{absl::CivilSecond(*year, *month, *day, *hour, *minute, *second),
                         !text.empty()};
}

// Writes one part into the rule.
absl::Status ReadPart(std::string_view name, std::string_view value, RecurrenceRule& rule) {
  if (name == "FREQ") {
    const std::optional<size_t> frequency = IndexOf(kFrequencies, value);
    if (!frequency.has_value())
      return base::InvalidArgument("FREQ is \"{}\"; {}", Shown(value), kWriteFrequency);
    rule.frequency = static_cast<Frequency>(*frequency);
  } else if (name == "INTERVAL") {
    SB_ASSIGN_OR_RETURN(rule.interval, ReadPositive(name, value, kIntervalMax));
  } else if (name == "COUNT") {
    SB_ASSIGN_OR_RETURN(rule.count, ReadPositive(name, value, kCountMax));
  } else if (name == "UNTIL") {
    rule.until = ReadMoment(value);
    if (!rule.until.has_value()) {
      return base::InvalidArgument(
          "UNTIL is \"{}\"; write a date, like 20301224, a local time, like 20301224T180000, or "
          "one in UTC, like 20301224T180000Z",
          Shown(value));
    }
  } else if (name == "BYMONTH") {
    SB_ASSIGN_OR_RETURN(rule.by_month, ReadNumbers(name, value, 12, false));
  } else if (name == "BYMONTHDAY") {
    SB_ASSIGN_OR_RETURN(rule.by_month_day, ReadNumbers(name, value, 31, true));
  } else if (name == "BYDAY") {
    SB_ASSIGN_OR_RETURN(rule.by_day, ReadWeekdays(value));
  } else if (name == "BYSETPOS") {
    SB_ASSIGN_OR_RETURN(rule.by_set_pos, ReadNumbers(name, value, 366, true));
  } else if (name == "WKST") {
    const std::optional<size_t> weekday = IndexOf(kWeekdays, value);
    if (!weekday.has_value()) {
      return base::InvalidArgument("WKST is \"{}\"; write MO, TU, WE, TH, FR, SA or SU",
                                   Shown(value));
    }
    rule.week_start = static_cast<absl::Weekday>(*weekday);
  } else {
    for (const UnsupportedPart& part : kUnsupported) {
      if (part.name == name)
        return base::InvalidArgument("{} is not supported: {}", name, part.instead);
    }
    return base::InvalidArgument(
        "unknown part \"{}\"; a rule has FREQ, INTERVAL, COUNT, UNTIL, BYMONTH, BYMONTHDAY, BYDAY, "
        "BYSETPOS and WKST",
        Shown(name));
  }
  return absl::OkStatus();
}

absl::Status CheckOrdinals(const RecurrenceRule& rule) {
  const bool in_month = rule.frequency == Frequency::kMonthly || !rule.by_month.empty();
  for (const WeekdayOrdinal& day : rule.by_day) {
    if (day.ordinal == 0) continue;
    const std::string_view name = kWeekdays[static_cast<size_t>(day.weekday)];
    if (rule.frequency < Frequency::kMonthly) {
      return base::InvalidArgument(
          "BYDAY has \"{}{}\", but a number needs FREQ=MONTHLY or YEARLY; write {}, or change FREQ",
          day.ordinal, name, name);
    }
    if (in_month && (day.ordinal < -5 || day.ordinal > 5)) {
      return base::InvalidArgument(
          "BYDAY has \"{}{}\", but a month has at most five of a weekday; write 1 to 5 or -5 to -1",
          day.ordinal, name);
    }
  }
  return absl::OkStatus();
}

// What RFC 5545 forbids of parts that are right by themselves.
absl::Status CheckTogether(const RecurrenceRule& rule) {
  if (rule.count.has_value() && rule.until.has_value())
    return base::InvalidArgument("COUNT and UNTIL exclude each other; keep one");
  if (rule.frequency == Frequency::kWeekly && !rule.by_month_day.empty()) {
    return base::InvalidArgument(
        "BYMONTHDAY cannot stand beside FREQ=WEEKLY; write FREQ=MONTHLY, or BYDAY");
  }
  if (!rule.by_set_pos.empty() && rule.by_month.empty() && rule.by_month_day.empty() &&
      rule.by_day.empty()) {
    return base::InvalidArgument(
        "BYSETPOS has nothing to choose from; add BYDAY, BYMONTHDAY or BYMONTH");
  }
  return CheckOrdinals(rule);
}

template <typename T>
bool RestrictsNotOrHas(const std::vector<T>& values, const T& value) {
  return values.empty() || std::find(values.begin(), values.end(), value) != values.end();
}

int DaysInMonth(absl::CivilDay day) {
  return (absl::CivilDay(absl::CivilMonth(day) + 1) - 1).day();
}
int DaysInYear(absl::CivilDay day) {
  return static_cast<int>(absl::CivilDay(absl::CivilYear(day) + 1) -
                          absl::CivilDay(absl::CivilYear(day)));
}

}  // namespace

absl::StatusOr<RecurrenceRule> RecurrenceRule::Parse(std::string_view text) {
  if (text.size() > kTextBytesMax) {
    return base::InvalidArgument("the rule has {} bytes; write at most {}", text.size(),
                                 kTextBytesMax);
  }
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  std::string_view rest = upper;
  if (rest.starts_with("RRULE:")) rest.remove_prefix(6);
  if (rest.empty()) return base::InvalidArgument("the rule is empty; {}", kWriteFrequency);

  RecurrenceRule rule;
  std::vector<std::string_view> names;
  for (const std::string_view part : Split(rest, ';')) {
    const size_t equals = part.find('=');
    if (equals == std::string_view::npos) {
      return base::InvalidArgument(
          "\"{}\" is no part of a rule; write NAME=VALUE with ';' between parts, like "
          "FREQ=WEEKLY;BYDAY=SU",
          Shown(part));
    }
    const std::string_view name = part.substr(0, equals);
    if (std::find(names.begin(), names.end(), name) != names.end())
      return base::InvalidArgument("{} is written twice; keep one", Shown(name));
    names.push_back(name);
    SB_RETURN_IF_ERROR(ReadPart(name, part.substr(equals + 1), rule));
  }
  if (std::find(names.begin(), names.end(), "FREQ") == names.end())
    return base::InvalidArgument("the rule has no FREQ; {}", kWriteFrequency);
  SB_RETURN_IF_ERROR(CheckTogether(rule));
  return rule;
}

std::string RecurrenceRule::Text() const {
  std::string text = fmt::format("FREQ={}", kFrequencies[static_cast<size_t>(frequency)]);
  const auto add = [&text]<typename... Args>(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text), format, std::forward<Args>(args)...);
  };
  if (interval != 1) add(";INTERVAL={}", interval);
  if (count.has_value()) add(";COUNT={}", *count);
  if (until.has_value()) {
    const absl::CivilSecond& at = until->moment;
    add(";UNTIL={:04}{:02}{:02}T{:02}{:02}{:02}{}", at.year(), at.month(), at.day(), at.hour(),
        at.minute(), at.second(), until->in_utc ? "Z" : "");
  }
  if (!by_month.empty()) add(";BYMONTH={}", fmt::join(by_month, ","));
  if (!by_month_day.empty()) add(";BYMONTHDAY={}", fmt::join(by_month_day, ","));
  for (size_t i = 0; i < by_day.size(); ++i) {
    add("{}", i == 0 ? ";BYDAY=" : ",");
    if (by_day[i].ordinal != 0) add("{}", by_day[i].ordinal);
    add("{}", kWeekdays[static_cast<size_t>(by_day[i].weekday)]);
  }
  if (!by_set_pos.empty()) add(";BYSETPOS={}", fmt::join(by_set_pos, ","));
  if (week_start != absl::Weekday::monday)
    add(";WKST={}", kWeekdays[static_cast<size_t>(week_start)]);
  return text;
}

bool RecurrenceRule::Chooses(absl::CivilDay day) const {
  if (!RestrictsNotOrHas(by_month, day.month()) && !SB_MUTANT("any_month")) return false;
  const int days_in_month = DaysInMonth(day);
  if (!RestrictsNotOrHas(by_month_day, day.day()) &&
      !RestrictsNotOrHas(by_month_day, day.day() - days_in_month - 1))
    return false;
  if (by_day.empty()) return true;
  const absl::Weekday weekday = absl::GetWeekday(day);
  const bool in_month = frequency == Frequency::kMonthly || !by_month.empty();
  const int position = in_month ? day.day() : absl::GetYearDay(day);
  const int positions = in_month ? days_in_month : DaysInYear(day);
  const int ordinal = (position - 1) / 7 + 1;
  const int from_the_end = -((positions - position) / 7 + 1);
  return std::any_of(by_day.begin(), by_day.end(), [&](const WeekdayOrdinal& one) {
    return one.weekday == weekday &&
           (one.ordinal == 0 || one.ordinal == ordinal || one.ordinal == from_the_end);
  });
}

}  // namespace slowburn::slo
