#include "slo/recurrence.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/duration_text.h"
#include "base/mutant.h"
#include "base/status.h"
#include "slo/time_zone.h"

// A rule divides time into periods of its frequency (days, weeks, months, years), of which every
// INTERVAL-th counts from the start's own. Within a period each day is tested, and BYSETPOS chooses
// among those that pass. A period is found by its number, so a range far from the start costs no
// more than a near one; COUNT is turned into a last day once.

namespace slowburn::slo {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr int kYearMin = 1970;
constexpr absl::CivilDay kLastDay(2100, 12, 31);
// Beyond these there is no occurrence, and no sum below can overflow.
constexpr sys_seconds kFromMin{std::chrono::sys_days(std::chrono::year(1969) / 1 / 1)};
constexpr sys_seconds kToMax{std::chrono::sys_days(std::chrono::year(2102) / 1 / 1)};
// Clocks have skipped at most a day, so an occurrence begins within two of where its date says.
constexpr int kDaysOfSkips = 2;

absl::CivilDay WeekBegin(absl::CivilDay day, absl::Weekday week_start) {
  return absl::PrevWeekday(day + 1, week_start);
}

// The number of the period that holds `day`, counted from the one that holds `start`.
int64_t PeriodOf(absl::CivilDay day, absl::CivilDay start, const RecurrenceRule& rule) {
  switch (rule.frequency) {
    case Frequency::kDaily:
      return day - start;
    case Frequency::kWeekly:
      return (WeekBegin(day, rule.week_start) - WeekBegin(start, rule.week_start)) / 7;
    case Frequency::kMonthly:
      return absl::CivilMonth(day) - absl::CivilMonth(start);
    case Frequency::kYearly:
      break;
  }
  return absl::CivilYear(day) - absl::CivilYear(start);
}

absl::CivilDay PeriodBegin(int64_t period, absl::CivilDay start, const RecurrenceRule& rule) {
  switch (rule.frequency) {
    case Frequency::kDaily:
      return start + period;
    case Frequency::kWeekly:
      return WeekBegin(start, rule.week_start) + 7 * period;
    case Frequency::kMonthly:
      return absl::CivilDay(absl::CivilMonth(start) + period);
    case Frequency::kYearly:
      break;
  }
  return absl::CivilDay(absl::CivilYear(start) + period);
}

// The days that BYSETPOS leaves of those that the rule chooses, both rising.
void KeepPositions(const std::vector<int>& positions, std::vector<absl::CivilDay>& days) {
  if (positions.empty()) return;
  std::vector<absl::CivilDay> kept;
  const auto size = static_cast<int>(days.size());
  for (const int position : positions) {
    const int index = position > 0 ? position - 1 : size + position;
    if (index >= 0 && index < size) kept.push_back(days[static_cast<size_t>(index)]);
  }
  std::sort(kept.begin(), kept.end());
  kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
  days = std::move(kept);
}

// What the start says where the rule does not: FREQ=MONTHLY alone is the start's day of each month.
RecurrenceRule WithDaysOf(absl::CivilDay start, RecurrenceRule rule) {
  if (!rule.by_day.empty() || !rule.by_month_day.empty()) return rule;
  if (rule.frequency == Frequency::kWeekly) rule.by_day = {{0, absl::GetWeekday(start)}};
  if (rule.frequency == Frequency::kYearly && rule.by_month.empty())
    rule.by_month = {start.month()};
  if (rule.frequency >= Frequency::kMonthly) rule.by_month_day = {start.day()};
  return rule;
}

}  // namespace

absl::StatusOr<Recurrence> Recurrence::Parse(std::string_view rule, absl::CivilSecond start,
                                             std::string_view time_zone, seconds duration) {
  SB_ASSIGN_OR_RETURN(RecurrenceRule parsed, RecurrenceRule::Parse(rule));
  SB_ASSIGN_OR_RETURN(const absl::TimeZone zone, LoadTimeZone(time_zone));
  if (start.year() < kYearMin || start.year() > kLastDay.year()) {
    return base::InvalidArgument("the start is in the year {}; write one from {} to {}",
                                 start.year(), kYearMin, kLastDay.year());
  }
  if (duration <= seconds(0) || duration > kDurationMax) {
    return base::InvalidArgument("an occurrence lasts {} s; write a duration above 0 and up to {}",
                                 duration.count(), base::FormatDuration(kDurationMax));
  }
  Recurrence recurrence(std::move(parsed), start, time_zone, zone, duration);
  bool occurs = false;
  recurrence.VisitDays(absl::CivilDay(start), recurrence.last_day_, [&](absl::CivilDay) {
    occurs = true;
    return false;
  });
  if (occurs) return recurrence;
  return base::InvalidArgument(
      "the rule {} chooses no day from the start, {}, on; correct the rule, or begin earlier",
      recurrence.rule_.Text(), absl::FormatCivilTime(absl::CivilDay(start)));
}

Recurrence::Recurrence(RecurrenceRule rule, absl::CivilSecond start, std::string_view time_zone,
                       absl::TimeZone zone, seconds duration)
    : rule_(std::move(rule)),
      full_(WithDaysOf(absl::CivilDay(start), rule_)),
      start_(start),
      time_zone_(time_zone),
      zone_(zone),
      duration_(duration) {
  last_day_ = LastDay();
}

void Recurrence::ForEach(sys_seconds from, sys_seconds to,
                         absl::FunctionRef<void(sys_seconds, sys_seconds)> fn) const {
  from = std::max(from, kFromMin);
  to = std::min(to, kToMax);
  if (from >= to) return;
  const absl::CivilDay first(LocalTime(from - duration_, zone_));
  const absl::CivilDay last(LocalTime(to, zone_));
  sys_seconds previous = sys_seconds::min();
  VisitDays(first - kDaysOfSkips, std::min(last + kDaysOfSkips, last_day_),
            [&](absl::CivilDay day) {
              const sys_seconds begin = BeginOn(day);
              if (begin >= to) return false;
              if (begin != previous && begin + duration_ > from) fn(begin, begin + duration_);
              previous = begin;
              return true;
            });
}

std::string Recurrence::CanonicalText() const {
  return fmt::format("{} from {} {} for {}s", rule_.Text(), absl::FormatCivilTime(start_),
                     time_zone_, duration_.count());
}

void Recurrence::VisitDays(absl::CivilDay first, absl::CivilDay last,
                           absl::FunctionRef<bool(absl::CivilDay)> visit) const {
  const absl::CivilDay start(start_);
  first = std::max(first, start);
  const int64_t interval = full_.interval;
  std::vector<absl::CivilDay> chosen;
  for (int64_t period = PeriodOf(first, start, full_) / interval * interval;; period += interval) {
    const absl::CivilDay begin = PeriodBegin(period, start, full_);
    if (begin > last) return;
    const absl::CivilDay end = PeriodBegin(period + 1, start, full_);
    chosen.clear();
    for (absl::CivilDay day = begin; day < end; ++day) {
      if (full_.Chooses(day)) chosen.push_back(day);
    }
    KeepPositions(full_.by_set_pos, chosen);
    for (const absl::CivilDay day : chosen) {
      if (day > last) return;
      if (day == first && SB_MUTANT("recurrence_skips_first")) continue;
      if (day >= first && !visit(day)) return;
    }
  }
}

sys_seconds Recurrence::BeginOn(absl::CivilDay day) const {
  return InstantOf(absl::CivilSecond(day.year(), day.month(), day.day(), start_.hour(),
                                     start_.minute(), start_.second()),
                   zone_);
}

absl::CivilDay Recurrence::LastDay() const {
  if (rule_.until.has_value()) {
    const absl::CivilSecond moment = rule_.until->moment;
    absl::CivilDay day = std::min(absl::CivilDay(moment), kLastDay) + kDaysOfSkips;
    const auto is_after = [&](absl::CivilDay one) {
      if (rule_.until->in_utc) return BeginOn(one) > InstantOf(moment, absl::UTCTimeZone());
      return absl::CivilSecond(one) + (start_ - absl::CivilSecond(absl::CivilDay(start_))) > moment;
    };
    while (day > kLastDay || is_after(day)) --day;
    return day;
  }
  absl::CivilDay last = kLastDay;
  if (!rule_.count.has_value()) return last;
  int left = *rule_.count;
  VisitDays(absl::CivilDay(start_), kLastDay, [&](absl::CivilDay day) {
    last = day;
    return --left > 0;
  });
  return last;
}

}  // namespace slowburn::slo
