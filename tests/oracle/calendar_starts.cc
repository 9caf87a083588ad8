// calendar_starts: reads lines "PERIOD ZONE", answers each with a line of the unix seconds at which
// the grid's periods begin, first to last, or with "unknown" for a zone that it does not know. For
// compare_calendars.py.
#include <iostream>
#include <string>

#include <fmt/format.h>

#include "slo/calendar_grid.h"

namespace {

using slowburn::slo::CalendarGrid;
using slowburn::slo::Slice;

std::string Starts(const CalendarGrid& grid) {
  std::string line;
  for (Slice begin = 0; begin != CalendarGrid::kNoEnd; begin = grid.EndOf(begin)) {
    if (!grid.IsBegin(begin)) return fmt::format("slice {} ends a period and begins none", begin);
    fmt::format_to(std::back_inserter(line), "{} ", uint64_t{begin} * 10);
  }
  return line;
}

}  // namespace

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    const size_t space = line.find(' ');
    const auto period = slowburn::slo::ParseCalendarPeriod(line.substr(0, space));
    if (space == std::string::npos || !period.has_value()) {
      std::cerr << "write PERIOD ZONE, like month Europe/Paris\n";
      return 1;
    }
    const auto grid = CalendarGrid::Create(*period, line.substr(space + 1));
    std::cout << (grid.ok() ? Starts(**grid) : "unknown") << '\n';
  }
  return 0;
}
