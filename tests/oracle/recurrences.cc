// recurrences: reads lines "RULE START ZONE SECONDS FROM TO" (START as 2024-01-31T02:30:00 on the
// zone's clocks, the rest numbers), answers each with the unix seconds at which the occurrences
// that overlap [FROM, TO) begin, or with "refused: " and the words. For compare_recurrences.py.
#include <iostream>
#include <sstream>
#include <string>

#include <fmt/format.h>

#include "base/status.h"
#include "slo/recurrence.h"

namespace {

using slowburn::slo::Recurrence;
using std::chrono::seconds;
using std::chrono::sys_seconds;

std::string Begins(const Recurrence& recurrence, sys_seconds from, sys_seconds to) {
  std::string line;
  recurrence.ForEach(from, to, [&](sys_seconds begin, sys_seconds) {
    line += fmt::format("{} ", begin.time_since_epoch().count());
  });
  return line;
}

}  // namespace

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    std::string rule, start_text, zone;
    int64_t duration = 0, from = 0, to = 0;
    words >> rule >> start_text >> zone >> duration >> from >> to;
    absl::CivilSecond start;
    if (words.fail() || !absl::ParseCivilTime(start_text, &start)) {
      std::cerr << "write RULE START ZONE SECONDS FROM TO, not \"" << line << "\"\n";
      return 1;
    }
    const auto recurrence = Recurrence::Parse(rule, start, zone, seconds(duration));
    std::cout << (recurrence.ok()
                      ? Begins(*recurrence, sys_seconds(seconds(from)), sys_seconds(seconds(to)))
                      : fmt::format("refused: {}", slowburn::base::Message(recurrence.status())))
              << '\n';
  }
  return 0;
}
