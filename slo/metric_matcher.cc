#include "slo/metric_matcher.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "model/attribute_text.h"
#include "model/le_matcher.h"
#include "model/prometheus_labels.h"
#include "model/prometheus_name.h"
#include "slo/histogram_count.h"
#include "slo/internal/label_series.h"
#include "slo/internal/series_view.h"

namespace slowburn::slo {
namespace {

using internal::SeriesRole;
using internal::SeriesView;
using model::LabelMatcher;
using model::Metric;
using model::MetricBatch;
using model::MetricPoint;
using model::MetricType;

constexpr std::string_view kLe = model::kBucketLabel;
constexpr std::string_view kJob = "job";

// What of a metric a series is.
enum Part : int { kValue, kCount, kBucket };

bool IsNumber(const Metric& metric) {
  return metric.type == MetricType::kGauge || metric.type == MetricType::kSum;
}
bool IsHistogram(const Metric& metric) {
  return metric.type == MetricType::kHistogram || metric.type == MetricType::kExponentialHistogram;
}

bool IsCounter(const Metric& metric, Part part) {
  switch (part) {
    case kValue:
      return metric.type == MetricType::kGauge ||
             (metric.type == MetricType::kSum && metric.is_monotonic);
    case kCount:
      return IsHistogram(metric) || metric.type == MetricType::kSummary;
    case kBucket:
      break;
  }
  return metric.type == MetricType::kHistogram;
}

bool IsGauge(const Metric& metric, Part part) {
  return part == kValue && IsNumber(metric) && metric.temporality != model::Temporality::kDelta;
}

uint64_t Hash(std::string_view text, uint64_t seed) {
  return XXH3_64bits_withSeed(text.data(), text.size(), seed);
}

ObservationKind KindOf(const Metric& metric) {
  return metric.temporality == model::Temporality::kDelta ? ObservationKind::kDelta
                                                          : ObservationKind::kCumulative;
}

}  // namespace

// A selector of an SLI and what its series are to it.
struct MetricMatcher::Binding {
  enum class Source : uint8_t { kCounter, kHistogram, kGauge };
  SliId sli{};
  Source source = Source::kCounter;
  SeriesRole role{};
  CountEffect effect;
  double threshold = 0;           // kHistogram
  bool has_latency = false;       // kHistogram: of events that take time
  std::optional<GaugeSli> gauge;  // kGauge
  std::vector<LabelMatcher> of_name;
  std::vector<LabelMatcher> of_le;
  std::vector<LabelMatcher> of_labels;
  std::optional<std::string> job;  // the one job that can match
  std::vector<std::string> group_by;

  Binding(const IdentifiedSli& owner, const model::SeriesSelector& selector,
          SeriesRole role_of_selector)
      : sli(owner.id), role(role_of_selector), group_by(owner.spec->group_by) {
    for (const LabelMatcher& matcher : selector.matchers()) {
      if (matcher.name() == model::kMetricNameLabel) {
        of_name.push_back(matcher);
      } else if (matcher.name() == kLe) {
        of_le.push_back(matcher);
      } else {
        of_labels.push_back(matcher);
      }
      if (matcher.name() == kJob && matcher.op() == LabelMatcher::Op::kEqual &&
          !matcher.value().empty()) {
        job = matcher.value();
      }
    }
  }

  bool Reads(const Metric& metric, Part part) const {
    switch (source) {
      case Source::kCounter:
        return IsCounter(metric, part);
      case Source::kHistogram:
        return IsHistogram(metric);
      case Source::kGauge:
        break;
    }
    return IsGauge(metric, part);
  }
  bool MatchesName(std::string_view name) const {
    return std::all_of(of_name.begin(), of_name.end(),
                       [&](const LabelMatcher& matcher) { return matcher.Matches(name); });
  }
  bool MatchesLeText(std::string_view le) const {
    return std::all_of(of_le.begin(), of_le.end(),
                       [&](const LabelMatcher& matcher) { return model::MatchesLe(matcher, le); });
  }
  // The one bound that can match.
  std::optional<double> OneBound() const {
    for (const LabelMatcher& matcher : of_le) {
      if (matcher.op() == LabelMatcher::Op::kEqual) return model::LeNumber(matcher.value());
    }
    return std::nullopt;
  }
  // A histogram is read whole: its le is no label then.
  bool MatchesLabels(const SeriesView& view, Part part) const {
    if (source != Source::kHistogram && part != kBucket && !MatchesLeText(view.ValueOf(kLe)))
      return false;
    return std::all_of(of_labels.begin(), of_labels.end(), [&](const LabelMatcher& matcher) {
      return matcher.Matches(view.ValueOf(matcher.name()));
    });
  }
};

// A binding that reads a metric, if the labels match.
struct MetricMatcher::Candidate {
  uint32_t binding = 0;
  Part part = kValue;
};
struct MetricMatcher::Candidates {
  absl::flat_hash_map<std::string, std::vector<Candidate>> by_job;
  std::vector<Candidate> others;
  bool empty() const { return by_job.empty() && others.empty(); }
};

struct MetricMatcher::SeriesMatch {
  Candidate candidate;
  StreamKey stream;
  StreamKey stored_stream;
  uint64_t stored_writer = 0;
  std::string group_key;
  // kBucket: the buckets that le selects, for these bounds.
  std::vector<double> bounds;
  std::vector<uint32_t> picked;
  uint32_t layout = 0;  // 0: not picked yet

  void PickBuckets(const Binding& binding, std::span<const double> of_point);
};
struct MetricMatcher::Series {
  uint64_t writer = 0;
  std::vector<SeriesMatch> matches;
};

// Where in a batch a point is.
struct MetricMatcher::Place {
  const MetricBatch& batch;
  size_t resource = 0;
  size_t scope = 0;
  const Metric* metric = nullptr;
  const MetricPoint* point = nullptr;

  model::PointSource Source() const {
    return model::PointSource::Of(batch, resource, scope, *point);
  }
};

// The views of what is around the points at hand, where a series of theirs is not known yet.
class MetricMatcher::Around {
 public:
  void LeaveResource() {
    scope_.reset();
    resource_.reset();
  }
  void LeaveScope() { scope_.reset(); }
  const internal::ScopeView& Of(const model::PointSource& source) {
    if (!resource_.has_value()) resource_.emplace(source);
    if (!scope_.has_value()) scope_.emplace(*resource_, source);
    return *scope_;
  }

 private:
  std::optional<internal::ResourceView> resource_;
  std::optional<internal::ScopeView> scope_;
};

struct MetricMatcher::Scratch::Caches {
  absl::flat_hash_map<StreamKey, Candidates> metrics;
  absl::flat_hash_map<model::StreamHash, Series> series;
};

MetricMatcher::Scratch::Scratch() : caches_(std::make_unique<Caches>()) {}
MetricMatcher::Scratch::~Scratch() = default;

MetricMatcher::MetricMatcher(std::span<const IdentifiedSli> slis, Options options)
    : options_(options) {
  for (const IdentifiedSli& sli : slis) {
    if (const auto* counter = std::get_if<CounterSli>(&sli.spec->source)) {
      const CounterEffects effects = EffectsOf(*counter);
      const auto add = [&](const auto& selector, SeriesRole role, const CountEffect& effect) {
        if (selector.has_value()) bindings_.emplace_back(sli, *selector, role).effect = effect;
      };
      add(counter->good, SeriesRole::kGood, effects.good);
      add(counter->bad, SeriesRole::kBad, effects.bad);
      add(counter->total, SeriesRole::kTotal, effects.total);
    } else if (const auto* histogram = std::get_if<HistogramSli>(&sli.spec->source)) {
      Binding& binding = bindings_.emplace_back(sli, histogram->metric, SeriesRole::kWhole);
      binding.source = Binding::Source::kHistogram;
      binding.effect = {.has_good = true};
      binding.threshold = histogram->max;
      binding.has_latency = sli.spec->latency().has_value();
    } else if (const auto* gauge = std::get_if<GaugeSli>(&sli.spec->source)) {
      Binding& binding = bindings_.emplace_back(sli, gauge->metric, SeriesRole::kWhole);
      binding.source = Binding::Source::kGauge;
      binding.gauge = *gauge;
    }
  }
  for (uint32_t i = 0; i < bindings_.size(); ++i) {
    const auto pinned = std::find_if(
        bindings_[i].of_name.begin(), bindings_[i].of_name.end(),
        [](const LabelMatcher& matcher) { return matcher.op() == LabelMatcher::Op::kEqual; });
    if (pinned != bindings_[i].of_name.end()) {
      by_name_[pinned->value()].push_back(i);
    } else {
      by_other_.push_back(i);
    }
  }
}

MetricMatcher::~MetricMatcher() = default;

// --- once for each metric

void MetricMatcher::AddCandidates(std::string_view name, const Metric& metric, int number,
                                  Candidates& found) const {
  const auto part = static_cast<Part>(number);
  const auto add = [&](uint32_t index) {
    const Binding& binding = bindings_[index];
    if (!binding.Reads(metric, part) || !binding.MatchesName(name)) return;
    auto& list = binding.job.has_value() ? found.by_job[*binding.job] : found.others;
    // All names of a histogram are one to whoever reads it whole.
    const bool has_it = std::any_of(list.begin(), list.end(), [&](const Candidate& candidate) {
      return candidate.binding == index && binding.source == Binding::Source::kHistogram;
    });
    if (!has_it) list.push_back({index, part});
  };
  if (const auto pinned = by_name_.find(absl::string_view(name.data(), name.size()));
      pinned != by_name_.end()) {
    for (const uint32_t index : pinned->second) add(index);
  }
  for (const uint32_t index : by_other_) add(index);
}

MetricMatcher::Candidates MetricMatcher::FindCandidates(const Metric& metric) const {
  Candidates found;
  const absl::StatusOr<std::string> name = model::PrometheusName(metric);
  if (!name.ok()) return found;
  AddCandidates(*name, metric, kValue, found);
  if (!IsNumber(metric)) {
    AddCandidates(*name + "_count", metric, kCount, found);
    AddCandidates(*name + "_bucket", metric, kBucket, found);
  }
  return found;
}

const MetricMatcher::Candidates* MetricMatcher::CandidatesOf(const Metric& metric,
                                                             Scratch& scratch) const {
  const uint64_t kind = static_cast<uint64_t>(metric.type) << 16 |
                        static_cast<uint64_t>(metric.temporality) << 8 |
                        (metric.is_monotonic ? 1u : 0u);
  const StreamKey key{Hash(metric.name, kind), Hash(metric.unit, metric.name.size())};
  auto& known = scratch.caches_->metrics;
  auto at = known.find(key);
  if (at == known.end()) {
    if (known.size() >= options_.metrics_per_thread_max) known.clear();
    at = known.emplace(key, FindCandidates(metric)).first;
  }
  return at->second.empty() ? nullptr : &at->second;
}

// --- once for each series

std::optional<model::LabelSet> MetricMatcher::StoredLabels(const Metric& metric,
                                                           const Binding& binding, int number,
                                                           const SeriesView& view) {
  const absl::StatusOr<std::string> name = model::PrometheusName(metric);
  if (!name.ok()) return std::nullopt;
  const auto part = static_cast<Part>(number);
  // A native histogram is one series.
  if (IsNumber(metric) || metric.type == MetricType::kExponentialHistogram)
    return view.LabelsOf(*name);
  if (binding.source == Binding::Source::kHistogram) return view.LabelsOf(*name + "_bucket");
  if (part == kCount) return view.LabelsOf(*name + "_count");
  const std::optional<double> le = binding.OneBound();
  if (!le.has_value()) return std::nullopt;
  std::optional<model::LabelSet> labels = view.LabelsOf(*name + "_bucket");
  if (labels.has_value()) labels->Set(kLe, model::PlainDecimal(*le));
  return labels;
}

MetricMatcher::Series MetricMatcher::MakeSeries(const Place& place, const Candidates& candidates,
                                                Around& around) const {
  const model::PointSource source = place.Source();
  const SeriesView view(around.Of(source), source, place.metric->name);
  Series series;
  series.writer = view.writer_hash();
  const auto add_matching = [&](const std::vector<Candidate>& list) {
    for (const Candidate& candidate : list) {
      const Binding& binding = bindings_[candidate.binding];
      if (!binding.MatchesLabels(view, candidate.part)) continue;
      const uint64_t use = internal::UseOf(binding.sli, binding.role);
      SeriesMatch& match = series.matches.emplace_back();
      match.candidate = candidate;
      match.stream = view.KeyOf(use | static_cast<uint64_t>(candidate.part));
      match.group_key = view.GroupKey(binding.group_by);
      const std::optional<model::LabelSet> stored =
          StoredLabels(*place.metric, binding, candidate.part, view);
      if (!stored.has_value()) continue;
      match.stored_stream = internal::StreamKeyOf(*stored, use);
      match.stored_writer = internal::WriterOf(*stored);
    }
  };
  const std::string_view job = view.ValueOf(kJob);
  if (const auto found = candidates.by_job.find(absl::string_view(job.data(), job.size()));
      found != candidates.by_job.end()) {
    add_matching(found->second);
  }
  add_matching(candidates.others);
  series.matches.shrink_to_fit();
  return series;
}

MetricMatcher::Series& MetricMatcher::SeriesOf(const Place& place, const Candidates& candidates,
                                               Around& around, Scratch& scratch) const {
  auto& known = scratch.caches_->series;
  const auto at = known.find(place.point->stream);
  if (at != known.end()) return at->second;
  if (known.size() >= options_.series_per_thread_max) known.clear();
  return known.emplace(place.point->stream, MakeSeries(place, candidates, around)).first->second;
}

// --- for each point

namespace {

struct Reading {
  CounterValue total;
  CounterValue good;
  uint32_t layout = 0;
  bool is_exact = true;
  BucketBounds around;
  bool is_bad = false;  // gauges
};

std::span<const double> BoundsOf(const MetricBatch& batch, const model::HistogramValue& value) {
  return {batch.bounds.data() + value.bounds.begin, value.bounds.size()};
}

// A histogram read whole.
std::optional<Reading> ReadHistogram(const MetricBatch& batch, const Metric& metric,
                                     const MetricPoint& point, double threshold) {
  std::optional<HistogramCount> count;
  Reading reading;
  if (metric.type == MetricType::kHistogram) {
    const model::HistogramValue& value = batch.histograms[point.index];
    count = CountAtOrUnder(batch, value, threshold);
    reading.layout = LayoutOfBounds(BoundsOf(batch, value));
  } else {
    count = CountAtOrUnder(batch, batch.exponentials[point.index], threshold);
  }
  if (!count.has_value()) return std::nullopt;
  reading.total.whole = count->total;
  reading.good = count->at_or_under;
  reading.is_exact = count->is_exact;
  reading.around = count->around;
  return reading;
}

std::optional<Reading> ReadGauge(const MetricPoint& point, const GaugeSli& gauge) {
  const double value = point.is_int ? static_cast<double>(point.as_int) : point.as_double;
  if (std::isnan(value)) return std::nullopt;
  return Reading{.is_bad = !gauge.IsGood(value)};
}

// A counter, or the count of a histogram or summary.
std::optional<Reading> ReadCounter(const MetricBatch& batch, const Metric& metric,
                                   const MetricPoint& point) {
  const auto count = [](uint64_t whole) { return Reading{.total = {.whole = whole}}; };
  switch (metric.type) {
    case MetricType::kHistogram:
      return count(batch.histograms[point.index].count);
    case MetricType::kExponentialHistogram:
      return count(batch.exponentials[point.index].count);
    case MetricType::kSummary:
      return count(batch.summaries[point.index].count);
    case MetricType::kGauge:
    case MetricType::kSum:
      break;
  }
  if (point.is_int) {
    if (point.as_int < 0) return std::nullopt;
    return count(static_cast<uint64_t>(point.as_int));
  }
  const std::optional<CounterValue> value = CounterValue::Of(point.as_double);
  if (!value.has_value()) return std::nullopt;
  return Reading{.total = *value};
}

// The sum of the _bucket series that `picked` are, which count all values up to their bound.
Reading ReadBuckets(const MetricBatch& batch, const model::HistogramValue& value,
                    std::span<const uint32_t> picked, uint32_t layout) {
  Reading reading{.layout = layout};
  // Without buckets there is only le="+Inf".
  if (value.counts.size() == 0) reading.total.whole = value.count;
  uint64_t upto = 0;
  size_t next = 0;
  for (uint32_t i = 0; i < value.counts.size() && next < picked.size(); ++i) {
    upto += batch.counts[value.counts.begin + i];
    if (picked[next] != i) continue;
    reading.total.whole += upto;
    ++next;
  }
  return reading;
}

}  // namespace

void MetricMatcher::SeriesMatch::PickBuckets(const Binding& binding,
                                             std::span<const double> of_point) {
  if (layout != 0 && std::ranges::equal(of_point, bounds)) return;
  bounds.assign(of_point.begin(), of_point.end());
  picked.clear();
  std::vector<double> les;
  for (uint32_t i = 0; i <= bounds.size(); ++i) {
    const double le = i < bounds.size() ? bounds[i] : HUGE_VAL;
    const bool is_again = i == bounds.size() && !bounds.empty() && bounds.back() == HUGE_VAL;
    if (is_again || !binding.MatchesLeText(model::PlainDecimal(le))) continue;
    picked.push_back(i);
    les.push_back(le);
  }
  layout = LayoutOfBounds(les);
}

void MetricMatcher::Observe(const Place& place, SeriesMatch& match, uint64_t writer,
                            MetricDelta& delta) const {
  const Metric& metric = *place.metric;
  const MetricPoint& point = *place.point;
  const Binding& binding = bindings_[match.candidate.binding];
  std::optional<Reading> reading;
  if (binding.source == Binding::Source::kGauge) {
    reading = ReadGauge(point, *binding.gauge);
  } else if (binding.source == Binding::Source::kHistogram) {
    reading = ReadHistogram(place.batch, metric, point, binding.threshold);
  } else if (match.candidate.part == kBucket) {
    const model::HistogramValue& value = place.batch.histograms[point.index];
    match.PickBuckets(binding, BoundsOf(place.batch, value));
    if (match.picked.empty()) return;  // No series has such a le.
    reading = ReadBuckets(place.batch, value, match.picked, match.layout);
  } else {
    reading = ReadCounter(place.batch, metric, point);
  }
  if (!reading.has_value()) {
    ++delta.invalid;
    return;
  }
  MetricObservation& observation = delta.Append(match.group_key);
  observation.stream = match.stream;
  observation.writer = writer;
  observation.stored_stream = match.stored_stream;
  observation.stored_writer = match.stored_writer;
  observation.sli = binding.sli;
  observation.kind =
      binding.source == Binding::Source::kGauge ? ObservationKind::kGauge : KindOf(metric);
  observation.effect = binding.effect;
  observation.is_bad = reading->is_bad;
  observation.position = static_cast<uint32_t>(&point - place.batch.points.data());
  observation.point = {.start = metric.type == MetricType::kGauge ? 0 : point.start_time_unix_nano,
                       .time = point.time_unix_nano,
                       .total = reading->total,
                       .good = reading->good,
                       .layout = reading->layout,
                       .is_exact = reading->is_exact};
  observation.around = reading->around;
  if (!binding.has_latency || metric.type != MetricType::kExponentialHistogram) return;
  if (auto latencies = MetricLatencies::Of(place.batch, place.batch.exponentials[point.index]))
    delta.SetLatencies(observation, *std::move(latencies));
}

MetricDelta MetricMatcher::Match(const MetricBatch& batch, Scratch& scratch) const {
  MetricDelta delta;
  if (bindings_.empty()) return delta;
  Place place{.batch = batch};
  Around around;
  for (; place.resource < batch.resources.size(); ++place.resource) {
    const model::ResourceEntry& resource = batch.resources[place.resource];
    around.LeaveResource();
    for (uint32_t s = resource.scope_begin; s < resource.scope_end; ++s) {
      place.scope = s;
      around.LeaveScope();
      for (uint32_t m = batch.scopes[s].item_begin; m < batch.scopes[s].item_end; ++m) {
        place.metric = &batch.metrics[m];
        const Candidates* candidates = CandidatesOf(*place.metric, scratch);
        if (candidates == nullptr) continue;
        for (uint32_t p = place.metric->point_begin; p < place.metric->point_end; ++p) {
          place.point = &batch.points[p];
          if (place.point->no_recorded_value) continue;
          Series& series = SeriesOf(place, *candidates, around, scratch);
          for (SeriesMatch& match : series.matches) Observe(place, match, series.writer, delta);
        }
      }
    }
  }
  return delta;
}

}  // namespace slowburn::slo
