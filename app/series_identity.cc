#include "app/series_identity.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <xxhash.h>

#include "base/status.h"
#include "model/attribute_text.h"
#include "model/label_matcher.h"
#include "model/prometheus_labels.h"
#include "storage/series/packed_labels.h"

namespace slowburn::app {
namespace {

using model::LabelSet;
using model::MetricBatch;
using model::MetricType;
using storage::SampleFate;

constexpr size_t kMessageBytesMax = 256;  // of a stranger's name in a message

SeriesIdentity::Shape ShapeOf(MetricType type) {
  switch (type) {
    case MetricType::kHistogram:
      return SeriesIdentity::Shape::kClassicHistogram;
    case MetricType::kSummary:
      return SeriesIdentity::Shape::kSummary;
    case MetricType::kGauge:
    case MetricType::kSum:
    case MetricType::kExponentialHistogram:
      break;
  }
  return SeriesIdentity::Shape::kSingle;
}

size_t SeriesBesideMarks(SeriesIdentity::Shape shape) {
  switch (shape) {
    case SeriesIdentity::Shape::kSingle:
      return 1;
    case SeriesIdentity::Shape::kSummary:
      return 2;
    case SeriesIdentity::Shape::kClassicHistogram:
      break;
  }
  return 3;
}

std::vector<double> MarksOf(const PointPlace& place) {
  std::vector<double> marks;
  const MetricBatch& batch = place.batch;
  if (place.metric.type == MetricType::kHistogram) {
    const model::IndexRange bounds = batch.histograms[place.point.index].bounds;
    for (uint32_t i = bounds.begin; i < bounds.end; ++i) {
      const bool is_last = std::isinf(batch.bounds[i]) && batch.bounds[i] > 0;
      if (!is_last) marks.push_back(batch.bounds[i]);
    }
  } else if (place.metric.type == MetricType::kSummary) {
    const model::IndexRange quantiles = batch.summaries[place.point.index].quantiles;
    for (uint32_t i = quantiles.begin; i < quantiles.end; ++i) {
      marks.push_back(batch.quantiles[i].quantile);
    }
  }
  return marks;
}

}  // namespace

size_t MetricFamily::memory_bytes() const {
  return sizeof(*this) + metadata.metric.capacity() + metadata.type.capacity() +
         metadata.help.capacity() + metadata.unit.capacity() + refusal.capacity();
}

uint64_t DescriptionHash(const model::Metric& metric) {
  return XXH3_64bits_withSeed(metric.description.data(), metric.description.size(),
                              static_cast<XXH64_hash_t>(metric.type_hint));
}

uint64_t TargetHash(const LabelSet& target) {
  const std::string text = target.Text();
  return XXH3_64bits(text.data(), text.size());
}

std::shared_ptr<const MetricFamily> MakeFamily(const PointPlace& place, uint64_t target,
                                               MetricTypeClaims& claims) {
  auto family = std::make_shared<MetricFamily>();
  family->description_hash = DescriptionHash(place.metric);
  absl::StatusOr<std::string> name = model::PrometheusName(place.metric);
  if (!name.ok()) {
    family->fate = SampleFate::kInvalidLabels;
    family->refusal = base::Message(name.status());
    return family;
  }
  const std::string_view type = model::PrometheusTypeName(place.metric);
  family->metadata = {.metric = *std::move(name),
                      .type = std::string(type),
                      .help = model::ValidUtf8(place.metric.description),
                      .unit = model::PrometheusUnit(place.metric.unit)};
  family->claim = claims.Take(target, family->metadata.metric, type);
  if (family->claim == nullptr) {
    family->fate = SampleFate::kConflict;
    family->refusal = fmt::format(
        "metric '{}' is a {}, and another one of this target that is called {} is not; rename one",
        model::ValidUtf8(place.metric.name.substr(0, kMessageBytesMax)), type,
        family->metadata.metric);
  }
  return family;
}

size_t SeriesOf(const PointPlace& place) {
  const SeriesIdentity::Shape shape = ShapeOf(place.metric.type);
  return MarksOf(place).size() + SeriesBesideMarks(shape);
}

SeriesIdentity::SeriesIdentity(const PointPlace& place, std::shared_ptr<const MetricFamily> family,
                               std::string packed)
    : family_(std::move(family)),
      shape_(ShapeOf(place.metric.type)),
      marks_(MarksOf(place)),
      series_(marks_.size() + SeriesBesideMarks(shape_)),
      packed_(std::move(packed)) {
  MakeKeys();
}

SeriesIdentity::SeriesIdentity(const LabelSet& labels, std::shared_ptr<const MetricFamily> family)
    : family_(std::move(family)),
      shape_(Shape::kSingle),
      series_(SeriesBesideMarks(shape_)),
      packed_(storage::PackLabels(labels)) {
  MakeKeys();
}

// Series with a mark differ in it alone: what is before and behind it is packed once.
void SeriesIdentity::MakeKeys() {
  packed_.shrink_to_fit();
  size_t i = 0;
  if (shape_ != Shape::kSingle && marked() > 0) {
    LabelSet before, behind;
    for (const model::Label& label : Labels(0)) {
      if (label.name != mark_label()) {
        (label.name < mark_label() ? before : behind).Set(label.name, label.value);
      }
    }
    const std::string head = storage::PackLabels(before), tail = storage::PackLabels(behind);
    for (; i < marked(); ++i) {
      const std::string mark = storage::PackLabels(LabelSet{{mark_label(), MarkText(i)}});
      series_[i].key = storage::KeyOfLabels(head + mark + tail);
    }
  }
  for (; i < series_.size(); ++i) {
    series_[i].key = storage::KeyOfLabels(storage::PackLabels(Labels(i)));
  }
}

std::string SeriesIdentity::MarkText(size_t i) const {
  return model::PlainDecimal(i < marks_.size() ? marks_[i]
                                               : std::numeric_limits<double>::infinity());
}

LabelSet SeriesIdentity::Labels(size_t i) const {
  LabelSet labels;
  storage::UnpackLabels(packed_, labels);
  const std::string& name = family_->metadata.metric;
  if (shape_ == Shape::kSingle) {
    labels.Set(model::kMetricNameLabel, name);
  } else if (i < marked()) {
    labels.Set(mark_label(), MarkText(i));
    labels.Set(model::kMetricNameLabel,
               shape_ == Shape::kClassicHistogram ? name + "_bucket" : name);
  } else {
    labels.Set(model::kMetricNameLabel, name + (i == marked() ? "_count" : "_sum"));
  }
  return labels;
}

size_t SeriesIdentity::memory_bytes() const {
  return sizeof(*this) + packed_.capacity() + marks_.capacity() * sizeof(double) +
         (series_.size() > 1 ? series_.size() * sizeof(Series) : 0);
}

// Bit by bit: what is written in two ways is two labels.
bool SeriesIdentity::HasMarksOf(const MetricBatch& batch, const model::Metric& metric,
                                const model::MetricPoint& point) const {
  const auto same = [](double a, double b) {
    return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
  };
  if (metric.type == MetricType::kHistogram) {
    const model::IndexRange bounds = batch.histograms[point.index].bounds;
    return std::equal(marks_.begin(), marks_.end(), batch.bounds.begin() + bounds.begin,
                      batch.bounds.begin() + bounds.end, same);
  }
  if (metric.type == MetricType::kSummary) {
    const model::IndexRange quantiles = batch.summaries[point.index].quantiles;
    return std::equal(
        marks_.begin(), marks_.end(), batch.quantiles.begin() + quantiles.begin,
        batch.quantiles.begin() + quantiles.end,
        [&](double a, const model::SummaryValue::Quantile& b) { return same(a, b.quantile); });
  }
  return true;
}

model::StreamHash IdentityKeyOf(const MetricBatch& batch, const model::Metric& metric,
                                const model::MetricPoint& point) {
  const auto with = [&](const auto* values, size_t bytes) {
    const XXH128_hash_t hash = XXH3_128bits_withSeed(values, bytes, point.stream.low);
    return model::StreamHash{point.stream.high ^ hash.high64, hash.low64};
  };
  if (metric.type == MetricType::kHistogram) {
    const model::IndexRange bounds = batch.histograms[point.index].bounds;
    return with(batch.bounds.data() + bounds.begin, bounds.size() * sizeof(double));
  }
  if (metric.type == MetricType::kSummary) {
    const model::IndexRange quantiles = batch.summaries[point.index].quantiles;
    std::vector<double> marks;
    for (uint32_t i = quantiles.begin; i < quantiles.end; ++i) {
      marks.push_back(batch.quantiles[i].quantile);
    }
    return with(marks.data(), marks.size() * sizeof(double));
  }
  return point.stream;
}

}  // namespace slowburn::app
