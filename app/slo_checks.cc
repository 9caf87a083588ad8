#include "app/slo_checks.h"

#include <fmt/format.h>

#include "base/duration_text.h"

namespace slowburn::app {

std::vector<std::string> RetentionWarnings(const slo::SloSet& slos,
                                           std::chrono::seconds retention) {
  std::vector<std::string> warnings;
  for (const slo::SloSpec& slo : slos) {
    if (slo.window.longest() <= retention) continue;
    warnings.push_back(fmt::format(
        "{}: the window of {} is {}, longer than the retention of {}: what is older is not kept, "
        "so "
        "its history and a budget that is read anew lack it; raise retention in slowburn.yaml",
        slo.source, slo.id(), slo.window_text, base::FormatDuration(retention)));
  }
  return warnings;
}

std::vector<std::string> UnreachableNotes(const slo::SloSet& slos) {
  std::vector<std::string> notes;
  for (const slo::SloSpec& slo : slos) {
    if (slo.policy.name == "custom") continue;
    for (const slo::UnreachableTier& tier : slo.policy.unreachable) {
      notes.push_back(fmt::format("{}: {} goes without the tier {} ({}) of {}: {}", slo.source,
                                  slo.id(), tier.name, tier.severity, slo.policy.name,
                                  tier.reason));
    }
  }
  return notes;
}

}  // namespace slowburn::app
