#include "tests/sim/fresh_points.h"

#include <algorithm>
#include <utility>

namespace slowburn::sim {
namespace {

using Series = ReferenceMetrics::Series;

constexpr int64_t kSpreadSeconds = 300;
// Of the newest 8 points, and as many gaps.
constexpr int64_t kPointsLate = 4;
// Of the newest 64 slices.
constexpr int64_t kGaugeSecondsLate = 300;

std::vector<const Series*> SeriesOf(const ReferenceMetrics& metrics, const SliConfig& sli) {
  std::vector<const Series*> series;
  for (const auto& [key, one] : metrics.series()) {
    const MetricRole role = std::get<MetricRole>(key);
    // What has two roles is one series all the same.
    const bool is_again = sli.form != CounterForm::kGoodBad && role != MetricRole::kTotal &&
                          role != MetricRole::kWhole;
    if (std::get<SliConfig>(key) == sli && !is_again && !one.taken.empty()) series.push_back(&one);
  }
  return series;
}

// Of two samples at one time the one that is bad decides.
std::vector<MetricSample> SamplesOf(const Series& series) {
  std::vector<MetricSample> samples;
  for (const MetricUse& use : series.taken) {
    if (samples.empty() || samples.back().time != use.sample.time) {
      samples.push_back(use.sample);
    } else if (!IsGood(use.sli, use.sample)) {
      samples.back() = use.sample;
    }
  }
  return samples;
}

}  // namespace

bool IsFreeOfOrder(const ReferenceMetrics& metrics, const SliConfig& sli) {
  const std::vector<const Series*> all = SeriesOf(metrics, sli);
  return std::all_of(all.begin(), all.end(), [](const Series* series) {
    const MetricSample& first = series->taken.front().sample;
    const bool is_cumulative = first.kind != MetricKind::kGauge && !first.is_delta;
    const bool has_no_start = first.start == 0 || first.start >= first.time;
    // Parts of events are carried as deltas come.
    const bool carries = first.is_delta && !IsExact(series->taken.front());
    if (series->has_begun_anew || carries) return false;
    return !is_cumulative || has_no_start || first.time - first.start <= kSpreadSeconds;
  });
}

std::vector<MetricSample> PointsInOtherOrder(const ReferenceMetrics& metrics, const SliConfig& sli,
                                             Random& random) {
  std::vector<std::pair<int64_t, MetricSample>> placed;
  for (const Series* series : SeriesOf(metrics, sli)) {
    int64_t place = 0;
    for (MetricSample& sample : SamplesOf(*series)) {
      const bool is_gauge = sample.kind == MetricKind::kGauge;
      const int64_t at = is_gauge ? sample.time + random.Between(0, kGaugeSecondsLate)
                                  : place++ + random.Between(0, kPointsLate - 1);
      placed.emplace_back(at, std::move(sample));
    }
  }
  std::stable_sort(placed.begin(), placed.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<MetricSample> samples;
  for (auto& [at, sample] : placed) samples.push_back(std::move(sample));
  return samples;
}

}  // namespace slowburn::sim
