#include "promql/testing/column_series.h"

#include <algorithm>

namespace slowburn::promql::testing {
namespace {

class Snapshot : public storage::SeriesSnapshot {
 public:
  Snapshot(const std::vector<int64_t>& times_ms, const std::vector<ColumnSeries::Series>& series)
      : times_ms_(times_ms), series_(series) {}

  absl::StatusOr<std::vector<storage::SelectedSeries>> Select(
      const storage::Matchers& matchers, storage::TimeRange /*range*/) const override {
    std::vector<storage::SelectedSeries> selected;
    for (size_t i = 0; i < series_.size(); ++i) {
      const bool matches = std::ranges::all_of(matchers, [&](const model::LabelMatcher& matcher) {
        return matcher.Matches(series_[i].labels.Get(matcher.name()));
      });
      if (matches) selected.push_back({i, &series_[i].labels});
    }
    return selected;
  }

  absl::Status ReadSamples(uint64_t id, storage::TimeRange range,
                           storage::SampleColumns& samples) const override {
    samples.Clear();
    const ColumnSeries::Series& series = series_[id];
    const auto begin = std::ranges::lower_bound(times_ms_, range.begin_ms);
    const auto end = std::lower_bound(begin, times_ms_.end(), range.end_ms);
    const auto at = begin - times_ms_.begin();
    const auto count = end - begin;
    if (series.histograms.empty()) {
      samples.times_ms.assign(begin, end);
      samples.values.assign(series.values.begin() + at, series.values.begin() + at + count);
    } else {
      samples.histogram_times_ms.assign(begin, end);
      samples.histograms.assign(series.histograms.begin() + at,
                                series.histograms.begin() + at + count);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::string>> LabelNames(const storage::Matchers& /*matchers*/,
                                                      storage::TimeRange /*range*/,
                                                      uint64_t /*limit*/) const override {
    return std::vector<std::string>();
  }
  absl::StatusOr<std::vector<std::string>> LabelValues(std::string_view /*name*/,
                                                       const storage::Matchers& /*matchers*/,
                                                       storage::TimeRange /*range*/,
                                                       uint64_t /*limit*/) const override {
    return std::vector<std::string>();
  }
  absl::StatusOr<std::vector<storage::MetricMetadata>> Metadata(
      std::string_view /*metric*/) const override {
    return std::vector<storage::MetricMetadata>();
  }
  absl::StatusOr<std::vector<storage::SeriesExemplars>> Exemplars(
      const storage::Matchers& /*matchers*/, storage::TimeRange /*range*/) const override {
    return std::vector<storage::SeriesExemplars>();
  }
  absl::StatusOr<storage::SeriesStatistics> Statistics(uint64_t /*top*/) const override {
    return storage::SeriesStatistics();
  }

 private:
  const std::vector<int64_t>& times_ms_;
  const std::vector<ColumnSeries::Series>& series_;
};

}  // namespace

std::unique_ptr<storage::SeriesSnapshot> ColumnSeries::TakeSnapshot(
    const storage::ReadLimits& /*limits*/, std::stop_token /*stop*/) const {
  return std::make_unique<Snapshot>(times_ms_, series_);
}

}  // namespace slowburn::promql::testing
