#include "slo/internal/past_series.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/status.h"
#include "model/le_matcher.h"
#include "slo/histogram_count.h"
#include "slo/internal/label_series.h"

namespace slowburn::slo::internal {
namespace {

using Visit = std::function<absl::Status(PastSeries&)>;
using Stretch = MetricHistory::Stretch;

// 24 bytes each: 10,000 buckets for two hours and a half, every 15 s.
constexpr size_t kBucketSamplesMax = 6'000'000;

PastSeries Begin(const IdentifiedSli& sli, SeriesRole role, const model::LabelSet& labels) {
  PastSeries series;
  series.stream = StreamKeyOf(labels, UseOf(sli.id, role));
  series.writer = WriterOf(labels);
  series.group_key = GroupKeyOf(labels, sli.spec->group_by);
  return series;
}

// The same of another name, whatever its le.
absl::StatusOr<model::SeriesSelector> Renamed(const model::SeriesSelector& selector,
                                              std::string_view name) {
  std::vector<std::string> matchers = {fmt::format("__name__=\"{}\"", name)};
  for (const model::LabelMatcher& matcher : selector.matchers()) {
    const bool is_of_name =
        matcher.name() == model::kMetricNameLabel || matcher.name() == model::kBucketLabel;
    if (!is_of_name) matchers.push_back(matcher.CanonicalText());
  }
  return model::SeriesSelector::Parse(fmt::format("{{{}}}", fmt::join(matchers, ",")));
}

// --- counters

class CounterReader {
 public:
  CounterReader(const IdentifiedSli& sli, const MetricHistory& history, const Stretch& stretch,
                const Visit& visit)
      : sli_(sli), history_(history), stretch_(stretch), visit_(visit) {}

  absl::Status Read(const std::optional<model::SeriesSelector>& selector, SeriesRole role,
                    const CountEffect& effect) const {
    if (!selector.has_value()) return absl::OkStatus();
    SB_RETURN_IF_ERROR(
        history_.Read(*selector, stretch_, [&](const HistorySeries& found) -> absl::Status {
          if (found.samples.empty()) return absl::OkStatus();
          PastSeries series = Begin(sli_, role, found.labels);
          series.effect = effect;
          for (const HistorySample& sample : found.samples)
            Add(sample.start, sample.time, sample.value, series);
          return visit_(series);
        }));
    // The count of a native histogram is no series of its own.
    constexpr std::string_view kCount = "_count";
    std::string_view name = selector->metric_name().value_or("");
    if (!name.ends_with(kCount)) return absl::OkStatus();
    name.remove_suffix(kCount.size());
    SB_ASSIGN_OR_RETURN(const model::SeriesSelector natives, Renamed(*selector, name));
    return history_.Read(natives, stretch_, [&](const HistorySeries& found) -> absl::Status {
      if (found.histograms.empty()) return absl::OkStatus();
      PastSeries series = Begin(sli_, role, found.labels);
      series.effect = effect;
      for (const HistoryHistogram& histogram : found.histograms)
        Add(0, histogram.time, histogram.value->count, series);
      return visit_(series);
    });
  }

 private:
  static void Add(uint64_t start, uint64_t time, double number, PastSeries& series) {
    const auto value = CounterValue::Of(number);
    if (!value.has_value()) {
      ++series.invalid;
      return;
    }
    series.points.push_back({.point = {.start = start, .time = time, .total = *value, .good = {}},
                             .is_bad = false,
                             .around = {}});
  }

  const IdentifiedSli& sli_;
  const MetricHistory& history_;
  const Stretch& stretch_;
  const Visit& visit_;
};

// --- gauges

absl::Status ReadGauges(const IdentifiedSli& sli, const GaugeSli& gauge,
                        const MetricHistory& history, const Stretch& stretch, const Visit& visit) {
  return history.Read(gauge.metric, stretch, [&](const HistorySeries& found) -> absl::Status {
    if (found.samples.empty()) return absl::OkStatus();
    PastSeries series = Begin(sli, SeriesRole::kWhole, found.labels);
    series.kind = ObservationKind::kGauge;
    for (const HistorySample& sample : found.samples) {
      if (std::isnan(sample.value)) {
        ++series.invalid;
        continue;
      }
      series.points.push_back({.point = {.start = 0, .time = sample.time, .total = {}, .good = {}},
                               .is_bad = !gauge.IsGood(sample.value),
                               .around = {}});
    }
    return visit(series);
  });
}

// --- histograms: the buckets of a classic one are series of their own

// By le.
using Buckets = std::map<double, std::vector<HistorySample>>;

PastPoint PointOf(uint64_t start, uint64_t time, const HistogramCount& count, uint32_t layout) {
  return {.point = {.start = start,
                    .time = time,
                    .total = {.whole = count.total, .fraction = 0},
                    .good = count.at_or_under,
                    .layout = layout,
                    .is_exact = count.is_exact},
          .is_bad = false,
          .around = count.around};
}

// Goes through the buckets of one histogram, time by time.
class BucketWalk {
 public:
  explicit BucketWalk(const Buckets& buckets) {
    for (const auto& [le, samples] : buckets) cursors_.push_back({le, samples, 0});
  }

  void AddTo(PastSeries& series, double threshold) {
    for (;;) {
      uint64_t time = UINT64_MAX;
      for (const Cursor& cursor : cursors_) {
        if (!cursor.at_end()) time = std::min(time, cursor.sample().time);
      }
      if (time == UINT64_MAX) return;
      if (const auto point = Take(time, threshold)) {
        series.points.push_back(*point);
      } else {
        ++series.invalid;
      }
    }
  }

 private:
  struct Cursor {
    double le = 0;
    const std::vector<HistorySample>& samples;
    size_t next = 0;
    bool at_end() const { return next == samples.size(); }
    const HistorySample& sample() const { return samples[next]; }
  };

  // Nothing where it has no le="+Inf", or counts that fall from bound to bound.
  std::optional<PastPoint> Take(uint64_t time, double threshold) {
    batch_.counts.clear();
    batch_.bounds.clear();
    uint64_t before = 0, start = 0;
    bool has_end = false, is_whole = true;
    for (Cursor& cursor : cursors_) {
      if (cursor.at_end() || cursor.sample().time != time) continue;
      const HistorySample& sample = cursor.samples[cursor.next++];
      const auto upto = CounterValue::Of(sample.value);
      start = sample.start;
      is_whole = is_whole && upto.has_value() && upto->whole >= before;
      if (!is_whole) continue;
      batch_.counts.push_back(upto->whole - before);
      before = upto->whole;
      has_end = std::isinf(cursor.le);
      if (!has_end) batch_.bounds.push_back(cursor.le);
    }
    if (!has_end || !is_whole) return std::nullopt;
    const model::HistogramValue value{.count = before,
                                      .counts = {0, static_cast<uint32_t>(batch_.counts.size())},
                                      .bounds = {0, static_cast<uint32_t>(batch_.bounds.size())}};
    const auto count = CountAtOrUnder(batch_, value, threshold);
    if (!count.has_value()) return std::nullopt;
    return PointOf(start, time, *count, LayoutOfBounds(batch_.bounds));
  }

  std::vector<Cursor> cursors_;  // by le
  model::MetricBatch batch_;
};

absl::Status ReadClassic(const IdentifiedSli& sli, const HistogramSli& histogram,
                         std::string_view name, const MetricHistory& history,
                         const Stretch& stretch, const Visit& visit) {
  SB_ASSIGN_OR_RETURN(const model::SeriesSelector selector,
                      Renamed(histogram.metric, fmt::format("{}_bucket", name)));
  std::map<model::LabelSet, Buckets> histograms;
  size_t held = 0;
  SB_RETURN_IF_ERROR(
      history.Read(selector, stretch, [&](const HistorySeries& found) -> absl::Status {
        const auto le = model::LeNumber(found.labels.Get(model::kBucketLabel));
        if (!le.has_value() || found.samples.empty()) return absl::OkStatus();
        held += found.samples.size();
        if (held > kBucketSamplesMax) {
          return absl::ResourceExhaustedError(fmt::format(
              "histograms of {} have more than {} samples at once", name, kBucketSamplesMax));
        }
        model::LabelSet without_le = found.labels;
        without_le.Set(model::kBucketLabel, "");
        histograms[std::move(without_le)][*le].assign(found.samples.begin(), found.samples.end());
        return absl::OkStatus();
      }));
  for (const auto& [labels, buckets] : histograms) {
    PastSeries series = Begin(sli, SeriesRole::kWhole, labels);
    series.effect = {.has_good = true};
    BucketWalk(buckets).AddTo(series, histogram.max);
    SB_RETURN_IF_ERROR(visit(series));
  }
  return absl::OkStatus();
}

absl::Status ReadNative(const IdentifiedSli& sli, const HistogramSli& histogram,
                        std::string_view name, const MetricHistory& history, const Stretch& stretch,
                        const Visit& visit) {
  SB_ASSIGN_OR_RETURN(const model::SeriesSelector selector, Renamed(histogram.metric, name));
  return history.Read(selector, stretch, [&](const HistorySeries& found) -> absl::Status {
    if (found.histograms.empty()) return absl::OkStatus();
    PastSeries series = Begin(sli, SeriesRole::kWhole, found.labels);
    series.effect = {.has_good = true};
    for (const HistoryHistogram& native : found.histograms) {
      if (const auto count = CountAtOrUnder(*native.value, histogram.max)) {
        series.points.push_back(PointOf(0, native.time, *count, 0));
      } else {
        ++series.invalid;
      }
    }
    return visit(series);
  });
}

absl::Status ReadHistograms(const IdentifiedSli& sli, const HistogramSli& histogram,
                            const MetricHistory& history, const Stretch& stretch,
                            const Visit& visit) {
  std::string_view name = histogram.metric.metric_name().value_or("");
  if (name.empty()) {
    return base::InvalidArgument(
        "the selector {} names no metric, so its buckets cannot be looked up; write its name",
        histogram.metric.CanonicalText());
  }
  for (const std::string_view series : {"_bucket", "_count"}) {
    if (name.ends_with(series)) name.remove_suffix(series.size());
  }
  SB_RETURN_IF_ERROR(ReadClassic(sli, histogram, name, history, stretch, visit));
  return ReadNative(sli, histogram, name, history, stretch, visit);
}

}  // namespace

absl::Status VisitPast(const IdentifiedSli& sli, const MetricHistory& history,
                       const Stretch& stretch, const Visit& visit) {
  if (const auto* const counter = std::get_if<CounterSli>(&sli.spec->source)) {
    const CounterEffects effects = EffectsOf(*counter);
    const CounterReader reader(sli, history, stretch, visit);
    SB_RETURN_IF_ERROR(reader.Read(counter->good, SeriesRole::kGood, effects.good));
    SB_RETURN_IF_ERROR(reader.Read(counter->bad, SeriesRole::kBad, effects.bad));
    return reader.Read(counter->total, SeriesRole::kTotal, effects.total);
  }
  if (const HistogramSli* const histogram = sli.spec->histogram())
    return ReadHistograms(sli, *histogram, history, stretch, visit);
  if (const auto* const gauge = std::get_if<GaugeSli>(&sli.spec->source))
    return ReadGauges(sli, *gauge, history, stretch, visit);
  return base::InvalidArgument("the SLI {} reads no metrics; its past is in no series",
                               sli.spec->CanonicalText());
}

}  // namespace slowburn::slo::internal
