#include "serve/internal/latency_series.h"

#include <fmt/format.h>

#include "serve/internal/exposition.h"
#include "slo/recent_latency.h"

namespace slowburn::serve::internal {
namespace {

std::string LabelsOf(const slo::SloSpec& spec) {
  std::string labels;
  AppendLabel(labels, "service", spec.service);
  AppendLabel(labels, "slo", spec.name);
  return labels;
}

}  // namespace

std::string LatencySeriesText(const Queries& queries, const SloReading& reading) {
  const slo::RecentRange recent = slo::RecentRangeAt(reading.now);
  Exposition page;
  page.Begin({"slowburn_slo_latency_seconds", "gauge",
              "Percentiles of what ended in the open five minutes and those before them."});
  for (const slo::SloStatus& status : reading.statuses) {
    const slo::SloSpec& spec = (*reading.slos)[status.index];
    if (!spec.sli.latency().has_value()) continue;
    // What cannot be read has no series; the API says why.
    const auto points = queries.Percentiles(spec.id(), {}, recent.start, recent.end, std::nullopt);
    if (!points.ok() || points->empty() || points->front().count == 0) continue;
    for (size_t i = 0; i < slo::kPercentiles.size(); ++i) {
      std::string labels = LabelsOf(spec);
      AppendLabel(labels, "quantile", fmt::format("{}", slo::kPercentiles[i].per_mille / 1000.0));
      page.Sample(labels, points->front().seconds[i]);
    }
  }
  page.Begin({"slowburn_slo_latency_threshold_seconds", "gauge",
              "How long an event may take to be good."});
  for (const slo::SloStatus& status : reading.statuses) {
    const slo::SloSpec& spec = (*reading.slos)[status.index];
    if (const auto latency = spec.sli.latency()) page.Sample(LabelsOf(spec), latency->max.count());
  }
  return page.Take();
}

}  // namespace slowburn::serve::internal
