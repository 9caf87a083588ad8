#include "slo/metric_history.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/status.h"
#include "slo/histogram_count.h"
#include "slo/internal/label_series.h"
#include "slo/metric_delta.h"

namespace slowburn::slo {
namespace {

constexpr uint64_t kSliceNanos = std::chrono::nanoseconds(kSliceLength).count();
// Samples are at most so far apart that one of them is before the range.
constexpr uint64_t kBeforeNanos = 3'600'000'000'000;

// What a series of this selector is to the SLI.
struct Use {
  uint8_t role = 0;
  ObservationKind kind = ObservationKind::kCumulative;
  CountEffect effect;
};

// Points of one series become observations.
class SeriesObserver {
 public:
  SeriesObserver(const IdentifiedSli& sli, const model::LabelSet& labels, const Use& use)
      : sli_(sli), use_(use), key_(internal::GroupKeyOf(labels, sli.spec->group_by)) {
    stream_ = internal::StreamKeyOf(labels, use.role);
    writer_ = internal::WriterOf(labels);
  }

  MetricObservation& Add(const CounterPoint& point) {
    MetricObservation& observation = delta_.Append(key_);
    observation.stream = stream_;
    observation.writer = writer_;
    observation.sli = sli_.id;
    observation.kind = use_.kind;
    observation.effect = use_.effect;
    observation.position = static_cast<uint32_t>(delta_.observations().size() - 1);
    observation.point = point;
    return observation;
  }
  void AddInvalid() { ++delta_.invalid; }
  const MetricDelta& delta() const { return delta_; }

 private:
  const IdentifiedSli& sli_;
  Use use_;
  std::string key_;
  StreamKey stream_;
  uint64_t writer_ = 0;
  MetricDelta delta_;
};

// Where what is read goes.
struct Filling {
  const IdentifiedSli& sli;
  const MetricHistory& history;
  uint64_t from = 0;
  uint64_t to = 0;
  MetricBackfill counts;
  uint64_t invalid = 0;

  void Take(const SeriesObserver& observer) {
    counts.Add(observer.delta());
    invalid += observer.delta().invalid;
  }
};

absl::Status FillCounter(const std::optional<model::SeriesSelector>& selector, const Use& use,
                         Filling& filling) {
  if (!selector.has_value()) return absl::OkStatus();
  return filling.history.Read(
      *selector, filling.from, filling.to,
      [&](const model::LabelSet& labels, const std::vector<HistorySample>& samples) {
        SeriesObserver observer(filling.sli, labels, use);
        for (const HistorySample& sample : samples) {
          const auto value = CounterValue::Of(sample.value);
          if (!value.has_value()) {
            observer.AddInvalid();
            continue;
          }
          observer.Add({.start = sample.start, .time = sample.time, .total = *value, .good = {}});
        }
        filling.Take(observer);
        return absl::OkStatus();
      });
}

absl::Status FillGauge(const GaugeSli& gauge, Filling& filling) {
  return filling.history.Read(
      gauge.metric, filling.from, filling.to,
      [&](const model::LabelSet& labels, const std::vector<HistorySample>& samples) {
        SeriesObserver observer(filling.sli, labels, {.role = 4, .kind = ObservationKind::kGauge});
        for (const HistorySample& sample : samples) {
          if (std::isnan(sample.value)) {
            observer.AddInvalid();
            continue;
          }
          observer.Add({.start = 0, .time = sample.time, .total = {}, .good = {}}).is_bad =
              !gauge.IsGood(sample.value);
        }
        filling.Take(observer);
        return absl::OkStatus();
      });
}

// --- histograms: their buckets are series of their own

// One histogram at one time: counts up to each bound.
struct BucketRow {
  uint64_t start = 0;
  std::map<double, double> upto;
};
using Rows = std::map<uint64_t, BucketRow>;

absl::StatusOr<model::SeriesSelector> BucketSelector(const model::SeriesSelector& metric) {
  std::string_view name = metric.metric_name().value_or("");
  if (name.empty()) {
    return base::InvalidArgument(
        "the selector {} names no metric, so its buckets cannot be looked up; write its name",
        metric.CanonicalText());
  }
  for (const std::string_view series : {"_bucket", "_count"}) {
    if (name.ends_with(series)) name.remove_suffix(series.size());
  }
  std::vector<std::string> matchers = {fmt::format("__name__=\"{}_bucket\"", name)};
  for (const model::LabelMatcher& matcher : metric.matchers()) {
    if (matcher.name() != model::kMetricNameLabel) matchers.push_back(matcher.CanonicalText());
  }
  return model::SeriesSelector::Parse(fmt::format("{{{}}}", fmt::join(matchers, ",")));
}

// Nothing where it has no le="+Inf", or counts that fall from bound to bound.
std::optional<CounterPoint> PointOf(uint64_t time, const BucketRow& row, double threshold) {
  if (row.upto.empty() || !std::isinf(row.upto.rbegin()->first)) return std::nullopt;
  model::MetricBatch batch;
  uint64_t before = 0;
  for (const auto& [le, count] : row.upto) {
    const auto upto = CounterValue::Of(count);
    if (!upto.has_value() || upto->whole < before) return std::nullopt;
    batch.counts.push_back(upto->whole - before);
    if (std::isfinite(le)) batch.bounds.push_back(le);
    before = upto->whole;
  }
  const model::HistogramValue value{.count = before,
                                    .counts = {0, static_cast<uint32_t>(batch.counts.size())},
                                    .bounds = {0, static_cast<uint32_t>(batch.bounds.size())}};
  const auto count = CountAtOrUnder(batch, value, threshold);
  if (!count.has_value()) return std::nullopt;
  const auto layout =
      static_cast<uint32_t>(XXH3_64bits(batch.bounds.data(), batch.bounds.size() * sizeof(double)));
  return CounterPoint{.start = row.start,
                      .time = time,
                      .total = {.whole = count->total, .fraction = 0},
                      .good = count->at_or_under,
                      .layout = layout,
                      .is_exact = count->is_exact};
}

absl::Status FillHistogram(const HistogramSli& histogram, Filling& filling) {
  SB_ASSIGN_OR_RETURN(const model::SeriesSelector buckets, BucketSelector(histogram.metric));
  std::map<model::LabelSet, Rows> histograms;
  SB_RETURN_IF_ERROR(filling.history.Read(
      buckets, filling.from, filling.to,
      [&](const model::LabelSet& labels, const std::vector<HistorySample>& samples) {
        const std::string_view text = labels.Get("le");
        double le = HUGE_VAL;
        if (text != "+Inf") {
          const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), le);
          if (error != std::errc() || end != text.data() + text.size()) return absl::OkStatus();
        }
        model::LabelSet without_le = labels;
        without_le.Set("le", "");
        Rows& rows = histograms[std::move(without_le)];
        for (const HistorySample& sample : samples) {
          BucketRow& row = rows[sample.time];
          row.start = sample.start;
          row.upto[le] = sample.value;
        }
        return absl::OkStatus();
      }));
  for (const auto& [labels, rows] : histograms) {
    SeriesObserver observer(filling.sli, labels, {.role = 4, .effect = {.has_good = true}});
    for (const auto& [time, row] : rows) {
      if (const auto point = PointOf(time, row, histogram.max)) {
        observer.Add(*point);
      } else {
        observer.AddInvalid();
      }
    }
    filling.Take(observer);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<MetricTally> FillFromHistory(const IdentifiedSli& sli, const MetricHistory& history,
                                            SliceRange range, Backfill& backfill) {
  if (range.begin % kSlicesPerHour != 0 || range.end % kSlicesPerHour != 0 ||
      range.begin >= range.end) {
    return base::InvalidArgument("slices {} to {} are not whole hours; take multiples of {}",
                                 range.begin, range.end, kSlicesPerHour);
  }
  const uint64_t begin = range.begin * kSliceNanos;
  Filling filling{.sli = sli,
                  .history = history,
                  .from = begin - std::min(begin, kBeforeNanos),
                  // The increment that ends in the range's last slice may end after it.
                  .to = range.end * kSliceNanos + kBeforeNanos,
                  .counts = MetricBackfill(sli.id, backfill, range)};
  if (const auto* const counter = std::get_if<CounterSli>(&sli.spec->source)) {
    const CounterEffects effects = EffectsOf(*counter);
    SB_RETURN_IF_ERROR(FillCounter(counter->good, {.role = 1, .effect = effects.good}, filling));
    SB_RETURN_IF_ERROR(FillCounter(counter->bad, {.role = 2, .effect = effects.bad}, filling));
    SB_RETURN_IF_ERROR(FillCounter(counter->total, {.role = 3, .effect = effects.total}, filling));
  } else if (sli.spec->histogram() != nullptr) {
    SB_RETURN_IF_ERROR(FillHistogram(*sli.spec->histogram(), filling));
  } else if (const auto* const gauge = std::get_if<GaugeSli>(&sli.spec->source)) {
    SB_RETURN_IF_ERROR(FillGauge(*gauge, filling));
  } else {
    return base::InvalidArgument("the SLI {} reads no metrics; backfill its events instead",
                                 sli.spec->CanonicalText());
  }
  MetricTally tally = filling.counts.tally();
  tally.invalid += filling.invalid;
  return tally;
}

}  // namespace slowburn::slo
