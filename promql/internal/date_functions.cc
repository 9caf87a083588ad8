#include "promql/internal/date_functions.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

namespace slowburn::promql {
namespace {

using std::chrono::days;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year_month_day;

// 28,000 years either way, which calendar arithmetic still carries.
constexpr double kSecondsMax = 9e11;

double OfDay(FunctionId function, sys_days day) {
  const year_month_day date{day};
  const auto first_of_year = sys_days(date.year() / std::chrono::January / 1);
  switch (function) {
    case FunctionId::kYear:
      return static_cast<int>(date.year());
    case FunctionId::kMonth:
      return static_cast<unsigned>(date.month());
    case FunctionId::kDayOfMonth:
      return static_cast<unsigned>(date.day());
    case FunctionId::kDayOfWeek:
      return std::chrono::weekday(day).c_encoding();
    case FunctionId::kDayOfYear:
      return static_cast<double>((day - first_of_year).count()) + 1;
    default:  // days_in_month
      return static_cast<unsigned>((date.year() / date.month() / std::chrono::last).day());
  }
}

}  // namespace

double DatePart(FunctionId function, double unix_seconds) {
  if (!(std::fabs(unix_seconds) <= kSecondsMax)) return std::numeric_limits<double>::quiet_NaN();
  const sys_seconds time{seconds(static_cast<int64_t>(unix_seconds))};
  const sys_days day = std::chrono::floor<days>(time);
  const seconds within = time - day;
  if (function == FunctionId::kHour) return static_cast<double>(within.count() / 3600);
  if (function == FunctionId::kMinute) return static_cast<double>(within.count() / 60 % 60);
  return OfDay(function, day);
}

}  // namespace slowburn::promql
