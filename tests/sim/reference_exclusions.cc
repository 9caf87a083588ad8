#include "tests/sim/reference_exclusions.h"

#include <algorithm>

#include <absl/time/time.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace slowburn::sim {
namespace {

// Longer than any simulated time.
constexpr int kDaysAhead = 600;
constexpr int64_t kSliceSeconds = 10;

std::string_view WeekdayName(absl::Weekday weekday) {
  constexpr std::string_view kNames[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};
  return kNames[static_cast<size_t>(weekday)];
}

absl::CivilDay MondayOf(absl::CivilDay day) {
  while (absl::GetWeekday(day) != absl::Weekday::monday) --day;
  return day;
}

// Which of the rule's days, weeks, months or years it is.
int64_t PeriodOf(const ReferenceRule& rule, absl::CivilDay day) {
  if (rule.frequency == "YEARLY") return day.year();
  if (rule.frequency == "MONTHLY") return absl::CivilMonth(day) - absl::CivilMonth(1970, 1);
  if (rule.frequency == "WEEKLY") return (MondayOf(day) - absl::CivilDay(1970, 1, 5)) / 7;
  return day - absl::CivilDay(1970, 1, 1);
}

// Whether the day is the n-th of something in its month, of those that come each `step` days.
bool IsNth(absl::CivilDay day, int n, int step) {
  if (n > 0) return (day.day() - 1) / step + 1 == n;
  const absl::CivilDay last = absl::CivilDay(absl::CivilMonth(day) + 1) - 1;
  return (last.day() - day.day()) / step + 1 == -n;
}

// Likewise in its year, of its weekdays.
bool IsNthOfYear(absl::CivilDay day, int n) {
  if (n > 0) return (absl::GetYearDay(day) - 1) / 7 + 1 == n;
  const absl::CivilDay last(day.year(), 12, 31);
  return (last - day) / 7 + 1 == -n;
}

bool IsChosen(const ReferenceRule& rule, absl::CivilDay start, absl::CivilDay day) {
  if (!rule.weekdays.empty() && std::find(rule.weekdays.begin(), rule.weekdays.end(),
                                          absl::GetWeekday(day)) == rule.weekdays.end())
    return false;
  if (!rule.months.empty() &&
      std::find(rule.months.begin(), rule.months.end(), day.month()) == rule.months.end())
    return false;
  const bool of_year = rule.frequency == "YEARLY" && rule.months.empty();
  if (!rule.weekdays.empty() && rule.nth != 0 &&
      !(of_year ? IsNthOfYear(day, rule.nth) : IsNth(day, rule.nth, 7)))
    return false;
  if (!rule.month_days.empty()) {
    return std::any_of(rule.month_days.begin(), rule.month_days.end(),
                       [&](int n) { return IsNth(day, n, 1); });
  }
  if (!rule.weekdays.empty() || rule.frequency == "DAILY") return true;
  // Where the rule does not say, the start does.
  if (of_year && day.month() != start.month()) return false;
  return rule.frequency == "WEEKLY" ? absl::GetWeekday(day) == absl::GetWeekday(start)
                                    : day.day() == start.day();
}

// The days of the start's period and of those after it that the rule chooses.
std::vector<absl::CivilDay> ChosenDays(const ReferenceRule& rule, absl::CivilDay start) {
  std::map<int64_t, std::vector<absl::CivilDay>> by_period;
  const int64_t first = PeriodOf(rule, start);
  // From before the start's period on.
  for (absl::CivilDay day = start - (rule.frequency == "YEARLY" ? 366 : 31);
       day < start + kDaysAhead; ++day) {
    const int64_t period = PeriodOf(rule, day) - first;
    if (period >= 0 && period % rule.interval == 0 && IsChosen(rule, start, day))
      by_period[period].push_back(day);
  }
  std::vector<absl::CivilDay> days;
  for (const auto& [period, chosen] : by_period) {
    const auto size = static_cast<int>(chosen.size());
    for (int i = 0; i < size; ++i) {
      const bool is_there =
          rule.position == 0 || i + 1 == rule.position || i - size == rule.position;
      if (is_there && chosen[static_cast<size_t>(i)] >= start)
        days.push_back(chosen[static_cast<size_t>(i)]);
    }
  }
  return days;
}

}  // namespace

std::string ReferenceRule::Text() const {
  std::string text = "FREQ=" + frequency;
  if (interval > 1) text += fmt::format(";INTERVAL={}", interval);
  if (!months.empty()) text += fmt::format(";BYMONTH={}", fmt::join(months, ","));
  std::vector<std::string> days;
  for (const absl::Weekday weekday : weekdays)
    days.push_back((nth == 0 ? "" : std::to_string(nth)) + std::string(WeekdayName(weekday)));
  if (!days.empty()) text += fmt::format(";BYDAY={}", fmt::join(days, ","));
  if (!month_days.empty()) text += fmt::format(";BYMONTHDAY={}", fmt::join(month_days, ","));
  if (position != 0) text += fmt::format(";BYSETPOS={}", position);
  if (count > 0) text += fmt::format(";COUNT={}", count);
  if (until.has_value())
    text += fmt::format(";UNTIL={:04}{:02}{:02}", until->year(), until->month(), until->day());
  return text;
}

bool ReferenceExclusion::AppliesTo(const std::string& service, const std::string& id,
                                   const std::map<std::string, std::string>& of_slo) const {
  const bool is_named =
      slos.empty() || std::any_of(slos.begin(), slos.end(), [&](const std::string& one) {
        return one == id || one == service + "/*";
      });
  return is_named && std::all_of(labels.begin(), labels.end(), [&](const auto& label) {
           const auto found = of_slo.find(label.first);
           return found != of_slo.end() && found->second == label.second;
         });
}

// A time that clocks skip is read with the offset before the skip; of one that they show twice it
// is the first.
std::vector<std::pair<int64_t, int64_t>> ReferenceExclusion::Stretches() const {
  if (!rule.has_value()) return {{begin, end}};
  absl::TimeZone zone;
  absl::LoadTimeZone(time_zone, &zone);
  std::vector<std::pair<int64_t, int64_t>> stretches;
  int left = rule->count;
  for (const absl::CivilDay day : ChosenDays(*rule, absl::CivilDay(start))) {
    if (rule->until.has_value() && day > *rule->until) break;
    if (rule->count > 0 && left-- == 0) break;
    const absl::CivilSecond local(day.year(), day.month(), day.day(), start.hour(), start.minute(),
                                  start.second());
    const int64_t from = absl::ToUnixSeconds(zone.At(local).pre);
    stretches.emplace_back(from, from + duration);
  }
  return stretches;
}

void ExcludedSlices::Add(const ReferenceExclusion& exclusion) {
  for (const auto& [from, to] : exclusion.Stretches()) {
    int64_t first = from / kSliceSeconds;
    int64_t last = (to + kSliceSeconds - 1) / kSliceSeconds;
    // With all that it overlaps or touches it is one.
    auto at = ranges_.upper_bound(last);
    while (at != ranges_.begin() && std::prev(at)->second >= first) {
      --at;
      first = std::min(first, at->first);
      last = std::max(last, at->second);
      at = ranges_.erase(at);
    }
    ranges_[first] = last;
  }
}

bool ExcludedSlices::Has(int64_t slice) const {
  const auto after = ranges_.upper_bound(slice);
  return after != ranges_.begin() && slice < std::prev(after)->second;
}

int64_t ExcludedSlices::Count(int64_t begin, int64_t end) const {
  int64_t count = 0;
  for (const auto& [from, to] : ranges_)
    count += std::max<int64_t>(std::min(end, to) - std::max(begin, from), 0);
  return count;
}

}  // namespace slowburn::sim
