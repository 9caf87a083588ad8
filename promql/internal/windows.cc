#include "promql/internal/windows.h"

#include <algorithm>
#include <limits>

namespace slowburn::promql {

Windows WindowsOf(const TimeShift& shift, int64_t range_ms, const StepGrid& grid) {
  Windows windows{.count = grid.count, .range_ms = range_ms};
  if (shift.at == TimeShift::At::kTimestamp) {
    windows.end_ms = shift.at_ms - shift.offset_ms;
  } else {
    windows.end_ms = grid.start_ms - shift.offset_ms;
    windows.step_ms = grid.step_ms;
  }
  return windows;
}

StepGrid SubqueryGrid(const Subquery& subquery, const Windows& windows, int64_t default_step_ms) {
  const int64_t step_ms = subquery.step_ms > 0 ? subquery.step_ms : default_step_ms;
  const int64_t before_first = windows.end_ms - windows.range_ms;
  const int64_t last = windows.EndAt(windows.count - 1);
  int64_t start_ms = before_first / step_ms * step_ms;
  if (start_ms <= before_first) start_ms += step_ms;
  if (last < start_ms) return {start_ms, step_ms, 0};
  // More than 32 bits hold is more than any limit allows.
  const int64_t count =
      std::min<int64_t>((last - start_ms) / step_ms + 1, std::numeric_limits<uint32_t>::max());
  return {start_ms, step_ms, static_cast<uint32_t>(count)};
}

}  // namespace slowburn::promql
