#include "promql/testing/memory_series.h"

#include <algorithm>
#include <atomic>
#include <set>
#include <utility>

#include "base/status.h"

namespace slowburn::promql::testing {
namespace {

bool MatchesAll(const model::LabelSet& labels, const storage::Matchers& matchers) {
  return std::ranges::all_of(matchers, [&](const model::LabelMatcher& matcher) {
    return matcher.Matches(labels.Get(matcher.name()));
  });
}

template <typename Value>
bool HasAny(const std::map<int64_t, Value>& samples, storage::TimeRange range) {
  const auto at = samples.lower_bound(range.begin_ms);
  return at != samples.end() && at->first < range.end_ms;
}

std::vector<std::string> Limited(const std::set<std::string>& texts, uint64_t limit) {
  std::vector<std::string> result(texts.begin(), texts.end());
  if (limit > 0 && result.size() > limit) result.resize(limit);
  return result;
}

class Snapshot : public storage::SeriesSnapshot {
 public:
  Snapshot(const MemorySeries& all, const storage::ReadLimits& limits, std::stop_token stop)
      : all_(all), limits_(limits), stop_(std::move(stop)) {}

  absl::StatusOr<std::vector<storage::SelectedSeries>> Select(
      const storage::Matchers& matchers, storage::TimeRange range) const override {
    if (stop_.stop_requested()) return absl::CancelledError("the query was stopped");
    std::vector<storage::SelectedSeries> selected;
    for (const auto& [labels, series] : all_.series()) {
      if (!MatchesAll(labels, matchers)) continue;
      if (!HasAny(series.values, range) && !HasAny(series.histograms, range)) continue;
      selected.push_back({series.id, &labels});
    }
    if (series_ += selected.size(); series_ > limits_.series) {
      return absl::ResourceExhaustedError("the query selects too many series");
    }
    return selected;
  }

  absl::Status ReadSamples(uint64_t id, storage::TimeRange range,
                           storage::SampleColumns& samples) const override {
    if (stop_.stop_requested()) return absl::CancelledError("the query was stopped");
    samples.Clear();
    const MemorySeries::Series& series = *all_.by_id().at(id);
    for (auto at = series.values.lower_bound(range.begin_ms);
         at != series.values.end() && at->first < range.end_ms; ++at) {
      samples.times_ms.push_back(at->first);
      samples.values.push_back(at->second);
    }
    for (auto at = series.histograms.lower_bound(range.begin_ms);
         at != series.histograms.end() && at->first < range.end_ms; ++at) {
      samples.histogram_times_ms.push_back(at->first);
      samples.histograms.push_back(at->second);
    }
    samples_ += samples.times_ms.size() + samples.histogram_times_ms.size();
    if (samples_ > limits_.samples) {
      return absl::ResourceExhaustedError("the query reads too many samples");
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::string>> LabelNames(const storage::Matchers& matchers,
                                                      storage::TimeRange range,
                                                      uint64_t limit) const override {
    const auto selected = Select(matchers, range);
    if (!selected.ok()) return selected.status();
    std::set<std::string> names;
    for (const auto& series : *selected) {
      for (const model::Label& label : *series.labels) names.insert(label.name);
    }
    return Limited(names, limit);
  }

  absl::StatusOr<std::vector<std::string>> LabelValues(std::string_view name,
                                                       const storage::Matchers& matchers,
                                                       storage::TimeRange range,
                                                       uint64_t limit) const override {
    const auto selected = Select(matchers, range);
    if (!selected.ok()) return selected.status();
    std::set<std::string> values;
    for (const auto& series : *selected) {
      if (series.labels->Has(name)) values.emplace(series.labels->Get(name));
    }
    return Limited(values, limit);
  }

  absl::StatusOr<std::vector<storage::MetricMetadata>> Metadata(std::string_view) const override {
    return std::vector<storage::MetricMetadata>{};
  }
  absl::StatusOr<std::vector<storage::SeriesExemplars>> Exemplars(
      const storage::Matchers&, storage::TimeRange) const override {
    return std::vector<storage::SeriesExemplars>{};
  }
  absl::StatusOr<storage::SeriesStatistics> Statistics(uint64_t) const override {
    return storage::SeriesStatistics{.series = all_.series().size()};
  }

 private:
  const MemorySeries& all_;
  const storage::ReadLimits limits_;
  const std::stop_token stop_;
  mutable std::atomic<uint64_t> series_{0};
  mutable std::atomic<uint64_t> samples_{0};
};

}  // namespace

MemorySeries::Series& MemorySeries::Of(const model::LabelSet& labels) {
  const auto [at, is_new] = series_.try_emplace(labels);
  if (is_new) {
    at->second.id = by_id_.size();
    by_id_.push_back(&at->second);
  }
  return at->second;
}

void MemorySeries::Append(const model::LabelSet& labels, int64_t time_ms, double value) {
  Series& series = Of(labels);
  series.histograms.erase(time_ms);
  series.values[time_ms] = value;
}

void MemorySeries::Append(const model::LabelSet& labels, int64_t time_ms,
                          model::NativeHistogram histogram) {
  Series& series = Of(labels);
  series.values.erase(time_ms);
  series.histograms[time_ms] = std::move(histogram);
}

void MemorySeries::Clear() {
  series_.clear();
  by_id_.clear();
}

std::unique_ptr<storage::SeriesSnapshot> MemorySeries::TakeSnapshot(
    const storage::ReadLimits& limits, std::stop_token stop) const {
  return std::make_unique<Snapshot>(*this, limits, std::move(stop));
}

}  // namespace slowburn::promql::testing
