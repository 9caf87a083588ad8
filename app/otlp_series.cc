#include "app/otlp_series.h"

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <utility>

#include <absl/container/flat_hash_set.h>
#include <fmt/format.h>

#include "app/otlp_exemplar.h"
#include "app/target_info.h"
#include "base/status.h"
#include "model/label_matcher.h"
#include "model/native_of_exponential.h"
#include "model/prometheus_labels.h"
#include "model/sample.h"
#include "storage/series/head_state.h"
#include "storage/series/packed_labels.h"
#include "storage/series/write_plan.h"

namespace slowburn::app {
namespace {

using model::Metric;
using model::MetricBatch;
using model::MetricPoint;
using model::MetricType;
using model::Temporality;
using Mode = OtlpSeriesWrite::Mode;

constexpr uint64_t kNanosPerMilli = 1'000'000;
// What a value leaves in memory beside its place in a list.
constexpr size_t kLabelsBytes = 512;
// Of a histogram in a list, beside its counts.
constexpr size_t kNativeBytes = 96;
// Of the labels of all series of one point, written out: a histogram has those of its point with
// each bucket, so that a small request could ask for any amount.
constexpr size_t kPointLabelBytesMax = 64 << 20;
// Points whose identities are looked up together: as many lookups as wait for memory at once.
constexpr uint32_t kFoundTogether = 16;
constexpr int64_t kLatest = std::numeric_limits<int64_t>::max();

int64_t Millis(uint64_t unix_nano) { return static_cast<int64_t>(unix_nano / kNanosPerMilli); }

// What goes up and down is a level, which a gap does not set back to nothing: it has no start.
storage::Interval IntervalOf(const Metric& metric, const MetricPoint& point) {
  const bool has_start =
      point.start_time_unix_nano != 0 && (metric.type != MetricType::kSum || metric.is_monotonic);
  return {.time_ms = Millis(point.time_unix_nano),
          .start_ms = has_start ? Millis(point.start_time_unix_nano) : storage::kNever};
}

Mode ModeOf(const Metric& metric) {
  if (metric.temporality == Temporality::kDelta) return Mode::kIncrement;
  switch (metric.type) {
    case MetricType::kGauge:
      return Mode::kValue;
    case MetricType::kSum:
      return metric.is_monotonic ? Mode::kCumulative : Mode::kValue;
    case MetricType::kHistogram:
    case MetricType::kExponentialHistogram:
    case MetricType::kSummary:
      break;
  }
  return Mode::kCumulative;
}

// Counters and histograms have them (E4 of the mapping tables).
bool HasExemplars(const Metric& metric) {
  return metric.type == MetricType::kHistogram ||
         metric.type == MetricType::kExponentialHistogram ||
         (metric.type == MetricType::kSum && metric.is_monotonic);
}

}  // namespace

// Reads one batch.
class OtlpSeries::Reader {
 public:
  Reader(OtlpSeries& owner, const MetricBatch& batch, SeriesIdentityCache::View view,
         base::MemoryLease& lease)
      : owner_(owner), batch_(batch), lease_(lease), write_(new OtlpSeriesWrite) {
    write_->view = std::move(view);
  }

  // False: memory is short.
  bool Read() {
    if (!Reserve()) return false;
    for (size_t resource = 0; resource < batch_.resources.size(); ++resource) {
      const model::ResourceEntry& of = batch_.resources[resource];
      for (uint32_t scope = of.scope_begin; scope < of.scope_end; ++scope) {
        const model::ScopeEntry& entry = batch_.scopes[scope];
        for (uint32_t i = entry.item_begin; i < entry.item_end; ++i) {
          if (!ReadMetric(resource, scope, batch_.metrics[i])) return false;
        }
      }
      if (!AddTargetInfo(resource)) return false;
    }
    return Pay(0);
  }
  std::unique_ptr<OtlpSeriesWrite> Take() { return std::move(write_); }

 private:
  // In steps, so that most requests ask the shared budget once.
  bool Pay(size_t bytes) {
    constexpr size_t kStep = 64 << 10;
    owed_ += bytes;
    if (bytes != 0 && owed_ < kStep) return true;
    return lease_.GrowBy(std::exchange(owed_, 0));
  }

  bool Reserve() {
    size_t numbers = batch_.resources.size();
    size_t rows = 0, natives = 0, values = 0;
    for (const Metric& metric : batch_.metrics) {
      const size_t points = metric.point_end - metric.point_begin;
      switch (metric.type) {
        case MetricType::kGauge:
        case MetricType::kSum:
          numbers += points;
          break;
        case MetricType::kHistogram:
        case MetricType::kSummary:
          rows += points;
          values += 3 * points;
          break;
        case MetricType::kExponentialHistogram:
          natives += points;
          break;
      }
    }
    values += batch_.bounds.size() + batch_.quantiles.size();
    size_t buckets = 0;
    for (const model::ExponentialHistogramValue& value : batch_.exponentials) {
      buckets += value.positive.counts.size() + value.negative.counts.size();
    }
    if (!Pay(numbers * sizeof(OtlpSeriesWrite::Number) + rows * sizeof(OtlpSeriesWrite::Row) +
             values * sizeof(double) + natives * (sizeof(OtlpSeriesWrite::Native) + kNativeBytes) +
             buckets * sizeof(double))) {
      return false;
    }
    write_->numbers.reserve(numbers);
    write_->rows.reserve(rows);
    write_->values.reserve(values);
    write_->natives.reserve(natives);
    write_->histograms.Reserve(natives, buckets);
    return true;
  }

  bool ReadMetric(size_t resource, size_t scope, const Metric& metric) {
    const Mode mode = ModeOf(metric);
    const bool has_exemplars = HasExemplars(metric);
    const uint64_t description_hash = DescriptionHash(metric);
    std::shared_ptr<const MetricFamily> family;  // of the metric's points so far
    for (uint32_t i = metric.point_begin; i < metric.point_end; ++i) {
      const PointPlace place{batch_, resource, scope, metric, batch_.points[i]};
      const uint32_t among = (i - metric.point_begin) % kFoundTogether;
      if (among == 0) FindStreams(i, metric.point_end);
      const SeriesIdentity* identity = Find(place, found_[among]);
      if (identity == nullptr) {
        if (const std::string_view fault = FaultAround(place); !fault.empty()) {
          if (!Pay(sizeof(OtlpSeriesWrite::Refused))) return false;
          Refuse(metric, i, storage::SampleFate::kInvalidLabels,
                 fmt::format("its resource and scope give its series {}", fault));
          continue;
        }
      }
      if (family == nullptr) {
        if (identity == nullptr || identity->family()->description_hash != description_hash) {
          identity = nullptr;
          family = MakeFamily(place, OfResource(place).target, *owner_.claims_);
          if (!family->refusal.empty()) return RefuseMetric(metric, *family);
          if (!Pay(family->memory_bytes())) return false;
        } else {
          family = identity->family();
        }
        if (!family->is_stored) write_->families.push_back(family);
      }
      if (identity == nullptr) {
        identity = Make(place, family, i);
        if (identity == nullptr) {
          if (!Pay(sizeof(OtlpSeriesWrite::Refused))) return false;
          continue;
        }
        if (!Pay(identity->memory_bytes())) return false;
      }
      const OtlpSeriesWrite::Point point{identity, IntervalOf(metric, place.point), i,
                                         place.point.no_recorded_value ? Mode::kValue : mode};
      earliest_ms_ = std::min(earliest_ms_, point.at.time_ms);
      latest_ms_ = std::max(latest_ms_, point.at.time_ms);
      if (!AddPoint(place, point)) return false;
      if (has_exemplars && place.point.exemplars.size() > 0 && !AddExemplars(place, point)) {
        return false;
      }
    }
    return true;
  }

  // Not remembered: what is in its way may have gone when the next request comes.
  bool RefuseMetric(const Metric& metric, const MetricFamily& family) {
    for (uint32_t i = metric.point_begin; i < metric.point_end; ++i) {
      if (!Pay(sizeof(OtlpSeriesWrite::Refused))) return false;
      Refuse(metric, i, family.fate, family.refusal);
    }
    return true;
  }

  // What is known of the streams of the next points, up to `end`.
  void FindStreams(uint32_t begin, uint32_t end) {
    const uint32_t count = std::min(end - begin, kFoundTogether);
    std::array<model::StreamHash, kFoundTogether> streams;
    for (uint32_t i = 0; i < count; ++i) streams[i] = batch_.points[begin + i].stream;
    write_->view.Find(std::span(streams).first(count), found_);
  }

  // `last` is the identity that the stream had last; null: it has to be looked up. A point that
  // ends a histogram or summary has no bounds: those of the last one are meant.
  const SeriesIdentity* Find(const PointPlace& place, const SeriesIdentity* last) {
    if (last == nullptr) last = write_->view.Find(place.point.stream);
    if (last != nullptr &&
        (place.point.no_recorded_value || last->HasMarksOf(batch_, place.metric, place.point))) {
      return last;
    }
    return write_->view.Find(IdentityKeyOf(batch_, place.metric, place.point));
  }

  // Null: the point has been refused.
  const SeriesIdentity* Make(const PointPlace& place,
                             const std::shared_ptr<const MetricFamily>& family, uint32_t position) {
    uint64_t dropped = OfScope(place).dropped;
    model::LabelSet labels = model::PrometheusLabels(SourceOf(place).point, dropped);
    for (const model::LabelSet* around : {&OfResource(place).labels, &OfScope(place).labels}) {
      for (const model::Label& label : *around) labels.Set(label.name, label.value);
    }
    std::string packed = storage::PackLabels(labels);
    owner_.attributes_dropped_.fetch_add(dropped, std::memory_order_relaxed);
    const size_t series = SeriesOf(place);
    if (series > 1 && packed.size() > kPointLabelBytesMax / series) {
      Refuse(place.metric, position, storage::SampleFate::kInvalidLabels,
             fmt::format("{} series with {} bytes of labels each are too much for one point; send "
                         "fewer buckets, or fewer or shorter attributes",
                         series, packed.size()));
      return nullptr;
    }
    auto identity = std::make_shared<const SeriesIdentity>(place, family, std::move(packed));
    owner_.identities_made_.fetch_add(1, std::memory_order_relaxed);
    found_.fill(nullptr);  // Points that follow may be of this stream.
    const model::StreamHash key = IdentityKeyOf(batch_, place.metric, place.point);
    if (!(key == place.point.stream)) write_->view.Put(place.point.stream, identity);
    return write_->view.Put(key, std::move(identity));
  }

  // What the series of all points of a resource, or of a scope, have in common. Made once: a
  // request may have many of its attributes, and many points.
  struct Common {
    static constexpr size_t kNone = std::numeric_limits<size_t>::max();
    size_t of = kNone;
    model::LabelSet labels;
    uint64_t dropped = 0;
    uint64_t target = 0;     // of a resource
    std::string_view fault;  // why no series can have them
  };

  model::PointSource SourceOf(const PointPlace& place) const {
    return model::PointSource::Of(batch_, place.resource, place.scope, place.point);
  }
  const Common& OfResource(const PointPlace& place) {
    if (resource_.of != place.resource) {
      Make(resource_, place.resource, {.resource = SourceOf(place).resource});
      resource_.target = TargetHash(resource_.labels);
    }
    return resource_;
  }
  const Common& OfScope(const PointPlace& place) {
    if (scope_.of != place.scope) {
      model::PointSource source = SourceOf(place);
      source.resource = {};
      source.point = {};
      Make(scope_, place.scope, source);
    }
    return scope_;
  }
  static void Make(Common& common, size_t of, const model::PointSource& source) {
    common = {.of = of};
    common.labels = model::SeriesLabels(source, common.dropped);
    model::LabelSet named = common.labels;
    named.Set(model::kMetricNameLabel, "x");
    common.fault = storage::LabelsFault(named, storage::SeriesOptions());
  }
  std::string_view FaultAround(const PointPlace& place) {
    const std::string_view fault = OfResource(place).fault;
    return fault.empty() ? OfScope(place).fault : fault;
  }

  void Refuse(const Metric& metric, uint32_t position, storage::SampleFate fate,
              std::string_view why) {
    write_->refused.push_back({position, metric.type == MetricType::kExponentialHistogram, fate});
    if (!write_->first_refused.empty()) return;
    constexpr size_t kNameBytesMax = 256;
    write_->first_refused =
        fmt::format("metric '{}': {}", model::ValidUtf8(metric.name.substr(0, kNameBytesMax)), why);
  }

  bool AddPoint(const PointPlace& place, const OtlpSeriesWrite::Point& point) {
    switch (place.metric.type) {
      case MetricType::kGauge:
      case MetricType::kSum:
        write_->numbers.push_back(
            {point.identity->key(0), point, NumberOf(place.point), point.identity->slot(0)});
        return true;
      case MetricType::kHistogram:
        AddHistogram(place.point, point);
        return true;
      case MetricType::kSummary:
        AddSummary(place.point, point);
        return true;
      case MetricType::kExponentialHistogram:
        break;
    }
    return AddNative(place, point);
  }

  static double NumberOf(const MetricPoint& point) {
    if (point.no_recorded_value) return model::StaleMarker();
    return point.is_int ? static_cast<double>(point.as_int) : point.as_double;
  }

  // Each series of the point ends.
  void AddEnd(const OtlpSeriesWrite::Point& point) {
    std::vector<double>& values = write_->values;
    const auto begin = static_cast<uint32_t>(values.size());
    values.insert(values.end(), point.identity->size(), model::StaleMarker());
    write_->rows.push_back({point, begin, static_cast<uint32_t>(values.size()), 0});
  }

  void AddHistogram(const MetricPoint& from, const OtlpSeriesWrite::Point& point) {
    if (from.no_recorded_value) return AddEnd(point);
    const model::HistogramValue& histogram = batch_.histograms[from.index];
    std::vector<double>& values = write_->values;
    const auto begin = static_cast<uint32_t>(values.size());
    uint64_t up_to = 0;
    for (size_t i = 0; i < point.identity->marks().size(); ++i) {
      up_to += batch_.counts[histogram.counts.begin + i];
      values.push_back(static_cast<double>(up_to));
    }
    values.push_back(static_cast<double>(histogram.count));  // le="+Inf"
    values.push_back(static_cast<double>(histogram.count));
    if (histogram.has_sum) values.push_back(histogram.sum);
    write_->rows.push_back({point, begin, static_cast<uint32_t>(values.size()), 0});
  }

  void AddSummary(const MetricPoint& from, const OtlpSeriesWrite::Point& point) {
    if (from.no_recorded_value) return AddEnd(point);
    const model::SummaryValue& summary = batch_.summaries[from.index];
    std::vector<double>& values = write_->values;
    const auto begin = static_cast<uint32_t>(values.size());
    for (uint32_t i = summary.quantiles.begin; i < summary.quantiles.end; ++i) {
      values.push_back(batch_.quantiles[i].value);
    }
    values.push_back(static_cast<double>(summary.count));
    values.push_back(summary.sum);
    write_->rows.push_back(
        {point, begin, static_cast<uint32_t>(values.size()), summary.quantiles.size()});
  }

  bool AddNative(const PointPlace& place, const OtlpSeriesWrite::Point& point) {
    model::NativeHistogramList& histograms = write_->histograms;
    if (place.point.no_recorded_value) {
      histograms.Add(model::StaleHistogram());
    } else {
      const absl::StatusOr<model::NativeHistogramView> histogram =
          native_.Make(batch_, batch_.exponentials[place.point.index]);
      if (!histogram.ok()) {
        Refuse(place.metric, point.position, storage::SampleFate::kInvalidHistogram,
               base::Message(histogram.status()));
        return true;
      }
      const size_t before = histograms.memory_bytes();
      histograms.Add(*histogram);
      if (histograms.memory_bytes() > before && !Pay(histograms.memory_bytes() - before))
        return false;
    }
    write_->natives.push_back({point.identity->key(0), point, point.identity->slot(0)});
    return true;
  }

  // In the order of time, bucket by bucket: what a series is given in.
  bool AddExemplars(const PointPlace& place, const OtlpSeriesWrite::Point& point) {
    std::vector<OtlpSeriesWrite::Exemplar>& exemplars = write_->exemplars;
    const size_t before = exemplars.size();
    for (uint32_t i = place.point.exemplars.begin; i < place.point.exemplars.end; ++i) {
      const model::Exemplar& exemplar = batch_.exemplars[i];
      if (!Pay(sizeof(OtlpSeriesWrite::Exemplar) + kLabelsBytes)) return false;
      const std::vector<double>& bounds = point.identity->marks();
      // The bounds ascend; NaN is in the last bucket.
      const auto bucket =
          std::partition_point(bounds.begin(), bounds.end(),
                               [&](double bound) { return !(exemplar.value <= bound); }) -
          bounds.begin();
      exemplars.push_back({point.identity, static_cast<uint32_t>(bucket),
                           ExemplarTime(exemplar, point.at.time_ms), ExemplarOf(batch_, exemplar)});
    }
    std::stable_sort(exemplars.begin() + static_cast<std::ptrdiff_t>(before), exemplars.end(),
                     [](const auto& a, const auto& b) {
                       return std::pair(a.series, a.time_ms) < std::pair(b.series, b.time_ms);
                     });
    return true;
  }

  // Of the resource whose points were read last.
  bool AddTargetInfo(size_t resource) {
    const int64_t earliest_ms = std::exchange(earliest_ms_, kLatest);
    const int64_t latest_ms = std::exchange(latest_ms_, storage::kNever);
    if (latest_ms == storage::kNever || batch_.resource_raw_attributes[resource].size() == 0) {
      return true;
    }
    const model::StreamHash key = TargetInfoKey(batch_, resource);
    const SeriesIdentity* identity = write_->view.Find(key);
    if (identity == nullptr) {
      uint64_t dropped = 0;
      const model::LabelSet labels = TargetInfoLabels(batch_, resource, dropped);
      owner_.attributes_dropped_.fetch_add(dropped, std::memory_order_relaxed);
      identity =
          write_->view.Put(key, std::make_shared<const SeriesIdentity>(
                                    labels, labels.empty() ? owner_.no_info_ : owner_.info_));
      if (!Pay(identity->memory_bytes())) return false;
    }
    if (identity->family() == owner_.no_info_) return true;
    if (batch_.resources.size() > 1 && !targets_.insert(TargetKey(batch_, resource)).second) {
      return true;
    }
    if (!owner_.info_->is_stored && targets_.size() <= 1) write_->families.push_back(owner_.info_);
    VisitTargetInfoTimes(earliest_ms, latest_ms, [&](int64_t time_ms) {
      write_->numbers.push_back({identity->key(0),
                                 {identity, {.time_ms = time_ms}, OtlpSeriesWrite::kNobody},
                                 1,
                                 identity->slot(0)});
    });
    return true;
  }

  OtlpSeries& owner_;
  const MetricBatch& batch_;
  base::MemoryLease& lease_;
  std::unique_ptr<OtlpSeriesWrite> write_;
  model::NativeOfExponential native_;
  size_t owed_ = 0;
  Common resource_, scope_;                                    // at hand
  std::array<const SeriesIdentity*, kFoundTogether> found_{};  // by the streams of points at hand
  int64_t earliest_ms_ = kLatest;  // of the points of the resource at hand
  int64_t latest_ms_ = storage::kNever;
  absl::flat_hash_set<uint64_t> targets_;  // that have their target_info already
};

OtlpSeries::OtlpSeries(SeriesIdentityCache::Options options) : cache_(options) {
  auto info = std::make_shared<MetricFamily>();
  info->metadata = {
      .metric = std::string(kTargetInfo), .type = "gauge", .help = "Target metadata", .unit = ""};
  info_ = std::move(info);
}

absl::StatusOr<std::unique_ptr<SeriesWrite>> OtlpSeries::Read(
    const MetricBatch& batch, std::chrono::steady_clock::time_point now, base::MemoryLease& lease) {
  Reader reader(*this, batch, cache_.Open(now), lease);
  if (!reader.Read()) {
    return base::Unavailable("the server is short of memory; send the request again");
  }
  return reader.Take();
}

OtlpSeries::Counts OtlpSeries::counts() const {
  return {.identities_made = identities_made_.load(std::memory_order_relaxed),
          .attributes_dropped = attributes_dropped_.load(std::memory_order_relaxed),
          .identities = cache_.entries(),
          .identity_bytes = cache_.memory_bytes()};
}

}  // namespace slowburn::app
