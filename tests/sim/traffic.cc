#include "tests/sim/traffic.h"

#include <algorithm>

#include <fmt/format.h>

namespace slowburn::sim {

std::string_view OutcomeText(Outcome outcome) {
  switch (outcome) {
    case Outcome::kGood:
      return "good";
    case Outcome::kBad:
      return "bad";
    case Outcome::kBoth:
      return "both";
    case Outcome::kNeither:
      return "neither";
  }
  return "neither";
}

std::string ServiceName(uint32_t service) { return fmt::format("service-{}", service); }

std::string Batch::Body() const { return fmt::format("batch {}", id); }

bool Batch::has_event_without_time() const {
  return std::any_of(events.begin(), events.end(),
                     [](const Event& event) { return event.time_nanos() == 0; });
}

}  // namespace slowburn::sim
