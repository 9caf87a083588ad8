#include "app/series_history.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/status.h"
#include "model/le_matcher.h"
#include "model/sample.h"

namespace slowburn::app {
namespace {

constexpr uint64_t kNanosPerMilli = 1'000'000;

// The first millisecond that is not before.
int64_t CeilMillis(uint64_t unix_nano) {
  return static_cast<int64_t>(unix_nano / kNanosPerMilli + (unix_nano % kNanosPerMilli != 0));
}

}  // namespace

absl::Status SeriesHistory::Read(const model::SeriesSelector& selector, uint64_t from, uint64_t to,
                                 const Visit& visit) const {
  // Bounds are numbers, which the store does not know.
  storage::Matchers matchers, of_le;
  for (const model::LabelMatcher& matcher : selector.matchers()) {
    (matcher.name() == model::kBucketLabel ? of_le : matchers).push_back(matcher);
  }
  const storage::TimeRange range{CeilMillis(from), CeilMillis(to)};
  const auto snapshot = reader_.TakeSnapshot(limits_, stop_);
  SB_ASSIGN_OR_RETURN(const auto selected, snapshot->Select(matchers, range));
  storage::SampleColumns columns;
  std::vector<slo::HistorySample> samples;
  for (const storage::SelectedSeries& series : selected) {
    const std::string_view le = series.labels->Get(model::kBucketLabel);
    const bool has_le = std::all_of(
        of_le.begin(), of_le.end(),
        [&](const model::LabelMatcher& matcher) { return model::MatchesLe(matcher, le); });
    if (!has_le) continue;
    SB_RETURN_IF_ERROR(snapshot->ReadSamples(series.id, range, columns));
    samples.clear();
    for (size_t i = 0; i < columns.times_ms.size(); ++i) {
      if (model::IsStale(columns.values[i])) continue;
      samples.push_back(
          {static_cast<uint64_t>(columns.times_ms[i]) * kNanosPerMilli, columns.values[i], 0});
    }
    if (samples.empty()) continue;
    SB_RETURN_IF_ERROR(visit(*series.labels, samples));
  }
  return absl::OkStatus();
}

}  // namespace slowburn::app
