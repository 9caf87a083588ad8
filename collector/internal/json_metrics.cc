#include "collector/internal/json_enums.h"
#include "collector/internal/json_export.h"
#include "collector/internal/json_raw_attributes.h"
#include "collector/internal/metric_assembler.h"
#include "collector/internal/stream_hasher.h"
#include "collector/internal/trace_ids.h"
#include "collector/otlp_json.h"

// The walk over the JSON; what points and metrics mean is the assembler's, as for protobuf.

namespace slowburn::collector {
namespace {

using model::AttributeRange;
using model::AttributeScope;
using model::ExponentialHistogramValue;
using model::HistogramValue;
using model::IndexRange;
using model::MetricPoint;
using model::MetricType;
using model::SummaryValue;

class JsonMetrics final : public JsonExport<JsonReader> {
 public:
  JsonMetrics(JsonReader& reader, const model::AttributeProjection& projection, DecodeCost& cost,
              model::MetricBatch& batch)
      : JsonExport({JsonKey::kResourceMetrics, JsonKey::kScopeMetrics, JsonKey::kMetrics}, reader,
                   projection, cost, batch),
        batch_(batch),
        parts_(batch, slots_, rejected_, cost),
        raw_attributes_(reader, projection, parts_.raw_attributes, slots_),
        resource_raw_(batch.resource_raw_attributes, cost),
        scope_raw_(batch.scope_raw_attributes, cost) {}

 private:
  // asInt and asDouble are a oneof.
  struct Number {
    JsonKey member = JsonKey::kUnknown;
    int64_t as_int = 0;
    double as_double = 0;
  };

  Position Here() const override { return {parts_.metric_count(), parts_.ordinal()}; }
  void ReturnTo(Position position) override;
  void ReadItem() override;
  AttributeRange ReadEnvelopeAttributes(AttributeScope scope, IndexRange& raw) override;
  void EndScope(IndexRange raw) override { scope_raw_.Append(raw); }
  void EndResource(IndexRange raw) override {
    resource_raw_.Append(raw);
    FinishStreamsOfLastResource(batch_);
  }

  void ReadMetadata();
  void ReadData(MetricType type);
  void ReadPoint(MetricType type);
  bool ReadNumberPoint(MetricPoint& point);
  void ReadHistogram(MetricPoint& point);
  void ReadExponential(MetricPoint& point);
  void ReadBuckets(ExponentialHistogramValue::Buckets& buckets);
  void ReadSummary(MetricPoint& point);
  void ReadQuantiles(SummaryValue& value);
  bool ReadCommonField(JsonKey key, MetricPoint& point);
  void ReadExemplars(MetricPoint& point);
  void ReadExemplar();
  void ReadNumber(JsonKey key, Number& number);
  bool ReadOptional(double& value);
  IndexRange ReadCounts();
  IndexRange ReadBounds();

  model::MetricBatch& batch_;
  MetricAssembler parts_;
  JsonRawAttributes raw_attributes_;
  PaidVector<IndexRange> resource_raw_;
  PaidVector<IndexRange> scope_raw_;
  JsonKeyOrder point_order_;
};

void JsonMetrics::ReturnTo(Position position) {
  parts_.ReturnTo(position.items, position.ordinal);
  resource_raw_.DropFrom(static_cast<uint32_t>(batch_.resources.size()));
  scope_raw_.DropFrom(static_cast<uint32_t>(batch_.scopes.size()));
}

// --- Metrics ----------------------------------------------------------------------------------

MetricType TypeOf(JsonKey key) {
  switch (key) {
    case JsonKey::kSum:
      return MetricType::kSum;
    case JsonKey::kHistogram:
      return MetricType::kHistogram;
    case JsonKey::kExponentialHistogram:
      return MetricType::kExponentialHistogram;
    case JsonKey::kSummary:
      return MetricType::kSummary;
    default:
      return MetricType::kGauge;
  }
}

void JsonMetrics::ReadItem() {
  parts_.BeginMetric();
  model::Metric& metric = parts_.metric();
  JsonKey data = JsonKey::kUnknown;  // which member of the oneof is there
  for (JsonObject object(reader_); object.Next();) {
    const JsonKey key = object.key();
    switch (key) {
      case JsonKey::kName:
        metric.name = reader_.String();
        break;
      case JsonKey::kDescription:
        metric.description = reader_.String();
        break;
      case JsonKey::kUnit:
        metric.unit = reader_.String();
        break;
      case JsonKey::kMetadata:
        ReadMetadata();
        break;
      case JsonKey::kGauge:
      case JsonKey::kSum:
      case JsonKey::kHistogram:
      case JsonKey::kExponentialHistogram:
      case JsonKey::kSummary:
        if (key == data) {
          parts_.DropPoints();
          data = JsonKey::kUnknown;
        }
        if (reader_.TakeNull()) break;
        if (data != JsonKey::kUnknown) reader_.FailOneof();
        data = key;
        ReadData(TypeOf(key));
        break;
      default:
        reader_.Skip();
    }
  }
  parts_.EndMetric();
}

void JsonMetrics::ReadMetadata() {
  parts_.metric().type_hint = model::TypeHint::kNone;
  const IndexRange metadata = raw_attributes_.Read();
  for (uint32_t i = metadata.begin; i < metadata.end; ++i) {
    parts_.NoteMetadata(batch_.raw_attributes[i]);
  }
  parts_.raw_attributes.DropFrom(metadata.begin);
}

// The five data messages have the same fields where they have them.
void JsonMetrics::ReadData(MetricType type) {
  parts_.SetType(type);
  const bool has_temporality = type != MetricType::kGauge && type != MetricType::kSummary;
  auto temporality = model::Temporality::kNone;
  bool is_monotonic = false;
  for (JsonObject object(reader_); object.Next();) {
    if (object.key() == JsonKey::kDataPoints) {
      parts_.DropPoints();
      parts_.SetType(type);
      for (JsonArray array(reader_); array.Next();) ReadPoint(type);
    } else if (object.key() == JsonKey::kAggregationTemporality && has_temporality) {
      temporality = ToTemporality(reader_.Enum(kTemporalityNames));
    } else if (object.key() == JsonKey::kIsMonotonic && type == MetricType::kSum) {
      is_monotonic = reader_.Bool();
    } else {
      reader_.Skip();
    }
  }
  parts_.metric().temporality = temporality;
  parts_.metric().is_monotonic = is_monotonic;
}

// --- Points -----------------------------------------------------------------------------------

void JsonMetrics::ReadPoint(MetricType type) {
  MetricPoint& point = parts_.BeginPoint();
  bool has_value = true;
  switch (type) {
    case MetricType::kGauge:
    case MetricType::kSum:
      has_value = ReadNumberPoint(point);
      break;
    case MetricType::kHistogram:
      ReadHistogram(point);
      break;
    case MetricType::kExponentialHistogram:
      ReadExponential(point);
      break;
    case MetricType::kSummary:
      ReadSummary(point);
      break;
  }
  parts_.EndPoint(has_value);
}

// What all points have. False, and nothing read, when `key` is none of that.
bool JsonMetrics::ReadCommonField(JsonKey key, MetricPoint& point) {
  switch (key) {
    case JsonKey::kStartTimeUnixNano:
      point.start_time_unix_nano = reader_.Uint64();
      return true;
    case JsonKey::kTimeUnixNano:
      point.time_unix_nano = reader_.Uint64();
      return true;
    case JsonKey::kFlags:
      point.no_recorded_value = (reader_.Uint32() & kNoRecordedValue) != 0;
      return true;
    case JsonKey::kAttributes:
      slots_.DropFrom(point.attributes.begin);
      point.stream = {};
      point.raw_attributes = raw_attributes_.Read(AttributeScope::kItem, &point.stream);
      return true;
    default:
      return false;
  }
}

// Whether it has a number.
bool JsonMetrics::ReadNumberPoint(MetricPoint& point) {
  Number number;
  for (JsonObject object(reader_); object.Next(point_order_);) {
    const JsonKey key = object.key();
    if (ReadCommonField(key, point)) continue;
    switch (key) {
      case JsonKey::kAsInt:
      case JsonKey::kAsDouble:
        ReadNumber(key, number);
        break;
      case JsonKey::kExemplars:
        ReadExemplars(point);
        break;
      default:
        reader_.Skip();
    }
  }
  point.is_int = number.member == JsonKey::kAsInt;
  if (point.is_int) {
    point.as_int = number.as_int;
  } else {
    point.as_double = number.as_double;
  }
  return number.member != JsonKey::kUnknown;
}

void JsonMetrics::ReadNumber(JsonKey key, Number& number) {
  if (key == number.member) number.member = JsonKey::kUnknown;
  if (reader_.TakeNull()) return;
  if (number.member != JsonKey::kUnknown) reader_.FailOneof();
  number.member = key;
  if (key == JsonKey::kAsInt) {
    number.as_int = reader_.Int64();
  } else {
    number.as_double = reader_.Double();
  }
}

bool JsonMetrics::ReadOptional(double& value) {
  if (reader_.TakeNull()) {
    value = 0;
    return false;
  }
  value = reader_.Double();
  return true;
}

IndexRange JsonMetrics::ReadCounts() {
  IndexRange range{parts_.counts.size(), 0};
  for (JsonArray array(reader_); array.Next();) parts_.counts.Append(reader_.Uint64());
  range.end = parts_.counts.size();
  return range;
}

IndexRange JsonMetrics::ReadBounds() {
  IndexRange range{parts_.bounds.size(), 0};
  for (JsonArray array(reader_); array.Next();) parts_.bounds.Append(reader_.Double());
  range.end = parts_.bounds.size();
  return range;
}

void JsonMetrics::ReadHistogram(MetricPoint& point) {
  HistogramValue& value = parts_.BeginHistogram();
  for (JsonObject object(reader_); object.Next(point_order_);) {
    if (ReadCommonField(object.key(), point)) continue;
    switch (object.key()) {
      case JsonKey::kCount:
        value.count = reader_.Uint64();
        break;
      case JsonKey::kSum:
        value.has_sum = ReadOptional(value.sum);
        break;
      case JsonKey::kMin:
        value.has_min = ReadOptional(value.min);
        break;
      case JsonKey::kMax:
        value.has_max = ReadOptional(value.max);
        break;
      case JsonKey::kBucketCounts:
        value.counts = ReadCounts();
        break;
      case JsonKey::kExplicitBounds:
        value.bounds = ReadBounds();
        break;
      case JsonKey::kExemplars:
        ReadExemplars(point);
        break;
      default:
        reader_.Skip();
    }
  }
}

void JsonMetrics::ReadExponential(MetricPoint& point) {
  ExponentialHistogramValue& value = parts_.BeginExponential();
  for (JsonObject object(reader_); object.Next(point_order_);) {
    if (ReadCommonField(object.key(), point)) continue;
    switch (object.key()) {
      case JsonKey::kCount:
        value.count = reader_.Uint64();
        break;
      case JsonKey::kSum:
        value.has_sum = ReadOptional(value.sum);
        break;
      case JsonKey::kMin:
        value.has_min = ReadOptional(value.min);
        break;
      case JsonKey::kMax:
        value.has_max = ReadOptional(value.max);
        break;
      case JsonKey::kScale:
        value.scale = reader_.Int32();
        break;
      case JsonKey::kZeroCount:
        value.zero_count = reader_.Uint64();
        break;
      case JsonKey::kZeroThreshold:
        value.zero_threshold = reader_.Double();
        break;
      case JsonKey::kPositive:
        ReadBuckets(value.positive);
        break;
      case JsonKey::kNegative:
        ReadBuckets(value.negative);
        break;
      case JsonKey::kExemplars:
        ReadExemplars(point);
        break;
      default:
        reader_.Skip();
    }
  }
}

void JsonMetrics::ReadBuckets(ExponentialHistogramValue::Buckets& buckets) {
  buckets = {};
  if (reader_.TakeNull()) return;
  for (JsonObject object(reader_); object.Next();) {
    switch (object.key()) {
      case JsonKey::kOffset:
        buckets.offset = reader_.Int32();
        break;
      case JsonKey::kBucketCounts:
        buckets.counts = ReadCounts();
        break;
      default:
        reader_.Skip();
    }
  }
}

void JsonMetrics::ReadSummary(MetricPoint& point) {
  SummaryValue& value = parts_.BeginSummary();
  for (JsonObject object(reader_); object.Next(point_order_);) {
    if (ReadCommonField(object.key(), point)) continue;
    switch (object.key()) {
      case JsonKey::kCount:
        value.count = reader_.Uint64();
        break;
      case JsonKey::kSum:
        value.sum = reader_.Double();
        break;
      case JsonKey::kQuantileValues:
        ReadQuantiles(value);
        break;
      default:
        reader_.Skip();
    }
  }
}

void JsonMetrics::ReadQuantiles(SummaryValue& value) {
  value.quantiles.begin = parts_.quantiles.size();
  for (JsonArray array(reader_); array.Next();) {
    SummaryValue::Quantile& quantile = parts_.quantiles.Append();
    for (JsonObject object(reader_); object.Next();) {
      switch (object.key()) {
        case JsonKey::kQuantile:
          quantile.quantile = reader_.Double();
          break;
        case JsonKey::kValue:
          quantile.value = reader_.Double();
          break;
        default:
          reader_.Skip();
      }
    }
  }
  value.quantiles.end = parts_.quantiles.size();
}

// --- Exemplars --------------------------------------------------------------------------------

void JsonMetrics::ReadExemplars(MetricPoint& point) {
  parts_.exemplars.DropFrom(point.exemplars.begin);
  for (JsonArray array(reader_); array.Next();) ReadExemplar();
}

// One without value is invalid (V5) and left out; it is no item, so nobody counts it.
void JsonMetrics::ReadExemplar() {
  const uint32_t raw_begin = parts_.raw_attributes.size();
  model::Exemplar& exemplar = parts_.exemplars.Append();
  Number number;
  for (JsonObject object(reader_); object.Next();) {
    const JsonKey key = object.key();
    switch (key) {
      case JsonKey::kTimeUnixNano:
        exemplar.time_unix_nano = reader_.Uint64();
        break;
      case JsonKey::kAsInt:
      case JsonKey::kAsDouble:
        ReadNumber(key, number);
        break;
      case JsonKey::kTraceId:
        exemplar.trace_id = reader_.Id();
        break;
      case JsonKey::kSpanId:
        exemplar.span_id = reader_.Id();
        break;
      case JsonKey::kFilteredAttributes:
        exemplar.raw_attributes = raw_attributes_.Read();
        break;
      default:
        reader_.Skip();
    }
  }
  if (!IsTraceId(exemplar.trace_id)) exemplar.trace_id = {};
  if (!IsSpanId(exemplar.span_id)) exemplar.span_id = {};
  exemplar.value =
      number.member == JsonKey::kAsInt ? static_cast<double>(number.as_int) : number.as_double;
  if (number.member != JsonKey::kUnknown) return;
  parts_.raw_attributes.DropFrom(raw_begin);
  parts_.exemplars.DropFrom(parts_.exemplars.size() - 1);
}

AttributeRange JsonMetrics::ReadEnvelopeAttributes(AttributeScope scope, IndexRange& raw) {
  AttributeRange range{slots_.size(), 0};
  raw = raw_attributes_.Read(scope, nullptr);
  range.end = slots_.size();
  return range;
}

}  // namespace

absl::Status DecodeMetricsJson(std::string& body, const model::AttributeProjection& projection,
                               model::MetricBatch& batch, base::MemoryLease* lease) {
  return DecodeJson<JsonMetrics>(body, projection, batch, lease);
}

}  // namespace slowburn::collector
