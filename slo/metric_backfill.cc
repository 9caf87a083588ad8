#include "slo/metric_backfill.h"

#include <algorithm>

namespace slowburn::slo {

MetricStreams::Options MetricBackfill::MakeOptions() {
  // Nothing of the past is too late, and no series of it forgotten.
  MetricStreams::Options options;
  options.max_late = options.silence_max = std::chrono::years(1000);
  return options;
}

void MetricBackfill::Add(const MetricDelta& delta) {
  const MetricDelta own = delta.Of(sli_);
  uint64_t newest = 0;
  for (const MetricObservation& observation : own.observations())
    newest = std::max(newest, observation.point.time);
  const std::chrono::nanoseconds time(static_cast<int64_t>(newest));
  const MetricStreams::Request request{.delta = &own, .left_out = {}};
  const MetricStreams::Plan plan =
      streams_.MakePlan(std::span(&request, 1),
                        std::chrono::sys_seconds(std::chrono::ceil<std::chrono::seconds>(time)));
  streams_.Apply(plan);
  tally_ += plan.tally;
  for (const SliDelta::Entry& entry : plan.counts.entries()) {
    if (entry.slice < range_.begin || entry.slice >= range_.end) continue;
    to_.Count(SplitGroupKey(plan.counts.key(entry)), entry.slice, entry.counts);
  }
}

}  // namespace slowburn::slo
