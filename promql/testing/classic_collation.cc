#include "promql/testing/classic_collation.h"

#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "model/label_matcher.h"
#include "promql/internal/literals.h"

namespace slowburn::promql::testing {
namespace {

struct Classic {
  std::map<double, double> buckets;  // cumulative counts by upper bound
  std::optional<double> count;
  double sum = 0;
};

enum class Part { kBucket, kCount, kSum };

struct BaseName {
  std::string name;
  Part part;
};

std::optional<BaseName> BaseNameOf(std::string_view name) {
  const auto without = [&](std::string_view suffix, Part part) -> std::optional<BaseName> {
    if (!name.ends_with(suffix) || name.size() == suffix.size()) return std::nullopt;
    return BaseName{std::string(name.substr(0, name.size() - suffix.size())), part};
  };
  if (auto base = without("_bucket", Part::kBucket)) return base;
  if (auto base = without("_count", Part::kCount)) return base;
  return without("_sum", Part::kSum);
}

std::optional<double> BoundOf(std::string_view le) {
  const bool negative = le.starts_with("-");
  if (negative || le.starts_with("+")) le.remove_prefix(1);
  const absl::StatusOr<double> bound = internal::NumberOf(le);
  if (!bound.ok() || std::isnan(*bound)) return std::nullopt;
  return negative ? -*bound : *bound;
}

std::optional<model::NativeHistogram> ToNative(Classic classic) {
  if (classic.buckets.empty() && !classic.count.has_value()) return std::nullopt;
  if (!classic.count.has_value()) classic.count = classic.buckets.rbegin()->second;
  classic.buckets.try_emplace(std::numeric_limits<double>::infinity(), *classic.count);
  model::NativeHistogram native{.schema = model::NativeHistogram::kCustomBuckets,
                                .is_float = true,
                                .count = *classic.count,
                                .sum = classic.sum};
  double below = 0;
  for (const auto& [bound, count] : classic.buckets) {
    if (!(count >= below)) return std::nullopt;
    native.positive_counts.push_back(count - below);
    below = count;
    if (std::isfinite(bound)) native.custom_bounds.push_back(bound);
  }
  if (below != *classic.count) return std::nullopt;
  native.positive_spans = {{0, static_cast<uint32_t>(native.positive_counts.size())}};
  return native;
}

}  // namespace

std::map<model::LabelSet, HistogramsByTime> CollateClassic(const std::vector<SeriesText>& series,
                                                           int64_t step_ms) {
  std::map<model::LabelSet, std::map<int64_t, Classic>> collated;
  for (const SeriesText& one : series) {
    const auto base = BaseNameOf(one.labels.Get(model::kMetricNameLabel));
    if (!base.has_value()) continue;
    const std::optional<double> bound = BoundOf(one.labels.Get("le"));
    if (base->part == Part::kBucket && !bound.has_value()) continue;
    model::LabelSet labels = one.labels;
    labels.Set(model::kMetricNameLabel, base->name);
    labels.Set("le", "");
    for (size_t i = 0; i < one.items.size(); ++i) {
      const SequenceItem& item = one.items[i];
      if (item.is_gap || item.histogram.has_value()) continue;
      Classic& classic = collated[labels][static_cast<int64_t>(i) * step_ms];
      if (base->part == Part::kBucket) classic.buckets[*bound] = item.value;
      if (base->part == Part::kCount) classic.count = item.value;
      if (base->part == Part::kSum) classic.sum = item.value;
    }
  }
  std::map<model::LabelSet, HistogramsByTime> histograms;
  for (auto& [labels, times] : collated) {
    for (auto& [time_ms, classic] : times) {
      if (auto native = ToNative(std::move(classic))) {
        histograms[labels].emplace(time_ms, *std::move(native));
      }
    }
  }
  return histograms;
}

}  // namespace slowburn::promql::testing
