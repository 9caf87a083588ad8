#include "slo/series_matcher.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "model/le_matcher.h"
#include "slo/internal/label_series.h"

namespace slowburn::slo {
namespace {

using model::LabelMatcher;
using model::LabelSet;
using model::Sample;
using model::SeriesBatch;

constexpr uint64_t kNanosPerMilli = 1'000'000;

}  // namespace

// A selector of an SLI and what its series are to it.
struct SeriesMatcher::Binding {
  SliId sli{};
  internal::SeriesRole role{};
  CountEffect effect;
  std::optional<GaugeSli> gauge;
  std::vector<LabelMatcher> matchers;
  std::vector<std::string> group_by;

  bool Matches(const LabelSet& labels) const {
    return std::all_of(matchers.begin(), matchers.end(), [&](const LabelMatcher& matcher) {
      const std::string_view value = labels.Get(matcher.name());
      return matcher.name() == model::kBucketLabel ? model::MatchesLe(matcher, value)
                                                   : matcher.Matches(value);
    });
  }
};

struct SeriesMatcher::SeriesMatch {
  uint32_t binding = 0;
  StreamKey stream;
  std::string group_key;
};
struct SeriesMatcher::Series {
  uint64_t writer = 0;
  std::vector<SeriesMatch> matches;
};

struct SeriesMatcher::Scratch::Cache {
  absl::flat_hash_map<StreamKey, Series> series;  // by the hash of their labels' bytes
  LabelSet labels;
};

SeriesMatcher::Scratch::Scratch() : cache_(std::make_unique<Cache>()) {}
SeriesMatcher::Scratch::~Scratch() = default;

SeriesMatcher::SeriesMatcher(std::span<const IdentifiedSli> slis, Options options)
    : options_(options) {
  using Role = internal::SeriesRole;
  const auto add = [&](const IdentifiedSli& sli, const model::SeriesSelector& selector,
                       Role role) -> Binding& {
    Binding& binding = bindings_.emplace_back();
    binding.sli = sli.id;
    binding.role = role;
    binding.matchers = selector.matchers();
    binding.group_by = sli.spec->group_by;
    return binding;
  };
  for (const IdentifiedSli& sli : slis) {
    if (const auto* counter = std::get_if<CounterSli>(&sli.spec->source)) {
      const CounterEffects effects = EffectsOf(*counter);
      if (counter->good) add(sli, *counter->good, Role::kGood).effect = effects.good;
      if (counter->bad) add(sli, *counter->bad, Role::kBad).effect = effects.bad;
      if (counter->total) add(sli, *counter->total, Role::kTotal).effect = effects.total;
    } else if (const auto* gauge = std::get_if<GaugeSli>(&sli.spec->source)) {
      add(sli, gauge->metric, Role::kWhole).gauge = *gauge;
    }
  }
  for (uint32_t i = 0; i < bindings_.size(); ++i) {
    const auto pinned = std::find_if(bindings_[i].matchers.begin(), bindings_[i].matchers.end(),
                                     [](const LabelMatcher& matcher) {
                                       return matcher.name() == model::kMetricNameLabel &&
                                              matcher.op() == LabelMatcher::Op::kEqual;
                                     });
    if (pinned != bindings_[i].matchers.end()) {
      by_name_[pinned->value()].push_back(i);
    } else {
      by_other_.push_back(i);
    }
  }
}

SeriesMatcher::~SeriesMatcher() = default;

SeriesMatcher::Series SeriesMatcher::MakeSeries(const LabelSet& labels) const {
  Series series;
  const auto add_if_it_matches = [&](uint32_t i) {
    const Binding& binding = bindings_[i];
    if (!binding.Matches(labels)) return;
    series.matches.push_back(
        {.binding = i,
         .stream = internal::StreamKeyOf(labels, internal::UseOf(binding.sli, binding.role)),
         .group_key = internal::GroupKeyOf(labels, binding.group_by)});
  };
  const std::string_view name = labels.Get(model::kMetricNameLabel);
  if (const auto pinned = by_name_.find(absl::string_view(name.data(), name.size()));
      pinned != by_name_.end()) {
    for (const uint32_t i : pinned->second) add_if_it_matches(i);
  }
  for (const uint32_t i : by_other_) add_if_it_matches(i);
  if (!series.matches.empty()) series.writer = internal::WriterOf(labels);
  series.matches.shrink_to_fit();
  return series;
}

void SeriesMatcher::Observe(const Sample& sample, uint32_t position, const Series& series,
                            MetricDelta& delta) const {
  for (const SeriesMatch& match : series.matches) {
    const Binding& binding = bindings_[match.binding];
    std::optional<CounterValue> value;
    if (!binding.gauge) value = CounterValue::Of(sample.value);
    if (binding.gauge ? std::isnan(sample.value) : !value.has_value()) {
      ++delta.invalid;
      continue;
    }
    MetricObservation& observation = delta.Append(match.group_key);
    observation.stream = match.stream;
    observation.writer = series.writer;
    observation.sli = binding.sli;
    observation.kind = binding.gauge ? ObservationKind::kGauge : ObservationKind::kCumulative;
    observation.effect = binding.effect;
    observation.is_bad = binding.gauge && !binding.gauge->IsGood(sample.value);
    observation.position = position;
    observation.point.time = static_cast<uint64_t>(sample.time_ms) * kNanosPerMilli;
    if (value) observation.point.total = *value;
  }
}

MetricDelta SeriesMatcher::Match(const SeriesBatch& batch, int64_t latest_ms,
                                 ReadLabels read_labels, Scratch& scratch) const {
  MetricDelta delta;
  if (bindings_.empty()) return delta;
  auto& known = scratch.cache_->series;
  LabelSet& labels = scratch.cache_->labels;
  uint32_t position = 0;
  for (const SeriesBatch::Series& series : batch.series) {
    const uint32_t begin = std::exchange(position, series.samples_end);
    if (begin == series.samples_end) continue;
    const StreamKey key{series.labels_hash_high, series.labels_hash_low};
    auto at = known.find(key);
    if (at == known.end()) {
      if (known.size() >= options_.series_per_thread_max) known.clear();
      // What has no labels matches nothing, whoever looks at it.
      at = known.emplace(key, read_labels(series, labels) ? MakeSeries(labels) : Series()).first;
    }
    if (at->second.matches.empty()) continue;
    for (uint32_t i = begin; i < series.samples_end; ++i) {
      const Sample& sample = batch.samples[i];
      const bool is_counted = sample.time_ms > 0 && sample.time_ms <= latest_ms;
      if (is_counted && !model::IsStale(sample.value)) Observe(sample, i, at->second, delta);
    }
  }
  return delta;
}

}  // namespace slowburn::slo
