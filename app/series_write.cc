#include "app/series_write.h"

#include <numeric>

#include <fmt/format.h>

#include "base/status.h"
#include "model/sample.h"

namespace slowburn::app {

using storage::FateCounts;
using storage::SampleFate;

uint64_t SeriesOutcome::Taken(const FateCounts& counts) {
  return counts[static_cast<size_t>(SampleFate::kTaken)] +
         counts[static_cast<size_t>(SampleFate::kTakenLate)];
}

uint64_t SeriesOutcome::Written(const FateCounts& counts) {
  return Taken(counts) + counts[static_cast<size_t>(SampleFate::kDuplicate)];
}

uint64_t SeriesOutcome::Refused(const FateCounts& counts) {
  return std::accumulate(counts.begin(), counts.end(), uint64_t{0}) - Written(counts);
}

uint64_t SeriesOutcome::RefusedExemplars(const FateCounts& exemplars) {
  return Refused(exemplars) - exemplars[static_cast<size_t>(SampleFate::kDropped)];
}

std::string_view FateReason(SampleFate fate) {
  switch (fate) {
    case SampleFate::kTaken:
    case SampleFate::kTakenLate:
    case SampleFate::kDuplicate:
      break;
    case SampleFate::kConflict:
      return "another value is stored at this time, or the time was counted; the first one stays";
    case SampleFate::kTooOld:
      return "more than an hour older than the newest sample of its series, or past the retention";
    case SampleFate::kTooNew:
      return "more than 10 minutes in the future; check the sender's clock";
    case SampleFate::kInvalidLabels:
      return "its labels are no labels: no name, a name twice, no UTF-8, too many or too long";
    case SampleFate::kInvalidHistogram:
      return "the histogram contradicts itself";
    case SampleFate::kTooManySeries:
      return "there are as many active series as limits.series allows";
    case SampleFate::kTooManyLabelBytes:
      return "the labels of active series are as large as limits.label_bytes allows";
    case SampleFate::kDropped:
      return "it has no place";
  }
  return "";
}

std::string ExplainRefused(const SeriesOutcome& outcome) {
  const auto all = [](const FateCounts& counts) {
    return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
  };
  std::string message;
  const auto explain = [&](uint64_t refused, uint64_t of, std::string_view what,
                           std::string_view first) {
    if (refused == 0) return;
    message += fmt::format("{}{} of {} {} are not stored; the first, of {}",
                           message.empty() ? "" : "; ", refused, of, what, first);
  };
  explain(SeriesOutcome::Refused(outcome.samples) + SeriesOutcome::Refused(outcome.histograms),
          all(outcome.samples) + all(outcome.histograms), "samples", outcome.first_refused);
  explain(SeriesOutcome::RefusedExemplars(outcome.exemplars), all(outcome.exemplars), "exemplars",
          outcome.first_refused_exemplar);
  return message;
}

absl::Status AddOwnSample(storage::WritePlan& plan, const storage::SeriesKey& key,
                          absl::FunctionRef<model::LabelSet()> labels, int64_t time_ms,
                          double value, SeriesOutcome& outcome) {
  SampleFate fate = SampleFate::kTaken;
  storage::HeadSeries* series = plan.Find(key);
  if (series == nullptr) {
    SB_ASSIGN_OR_RETURN(series, plan.Define(key, labels(), fate));
  }
  if (series == nullptr) {
    plan.Count(fate);
  } else {
    fate = plan.Add(*series, time_ms, value);
  }
  ++outcome.samples[static_cast<size_t>(fate)];
  return absl::OkStatus();
}

void EndOwnSeries(storage::WritePlan& plan, const storage::SeriesKey& key, int64_t time_ms,
                  SeriesOutcome& outcome) {
  storage::HeadSeries* const series = plan.Find(key);
  if (series == nullptr) return;
  const auto& floats = series->data->floats;
  if (!floats.empty() && model::IsStale(floats.Find(floats.newest_ms()).value_or(0))) return;
  const SampleFate fate = plan.Add(*series, time_ms, model::StaleMarker());
  ++outcome.samples[static_cast<size_t>(fate)];
}

}  // namespace slowburn::app
