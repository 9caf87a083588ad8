#include "collector/otlp_metrics.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "collector/internal/envelope_decoder.h"
#include "collector/internal/metric_assembler.h"
#include "collector/internal/otlp_fields.h"
#include "collector/internal/stream_hasher.h"
#include "collector/internal/trace_ids.h"
#include "collector/internal/wire_reader.h"

// The walk over the wire; what points and metrics mean is the assembler's.
//
// What a point costs (decode_cost.h): a number is at least 20 bytes on the wire and 72 in memory,
// an attribute 32, and 24 more if it is read. Points as SDKs write them stay below 3 x, buckets of
// exponential histograms apart: small counts take 8 bytes for 1.

namespace slowburn::collector {
namespace {

using model::AttributeScope;
using model::ExponentialHistogramValue;
using model::HistogramValue;
using model::IndexRange;
using model::MetricPoint;
using model::MetricType;
using model::RawAttribute;
using model::SummaryValue;

double Double(uint64_t bits) { return std::bit_cast<double>(bits); }

int32_t ZigZag(uint64_t varint) {
  const auto bits = static_cast<uint32_t>(varint);
  return static_cast<int32_t>((bits >> 1) ^ (0u - (bits & 1)));
}

template <typename T>
void AppendPacked(std::string_view packed, PaidVector<T>& values) {
  if (packed.size() % sizeof(T) != 0) throw protozero::invalid_length_exception{};
  if (packed.empty()) return;
  std::memcpy(values.AppendMany(packed.size() / sizeof(T)), packed.data(), packed.size());
}

void AppendPackedVarints(std::string_view packed, PaidVector<uint64_t>& values) {
  const char* at = packed.data();
  const char* const end = at + packed.size();
  const auto count =
      std::count_if(at, end, [](char byte) { return (static_cast<uint8_t>(byte) & 0x80) == 0; });
  if (count > 0) {
    uint64_t* out = values.AppendMany(static_cast<size_t>(count));
    for (uint64_t* const last = out + count; out != last; ++out) {
      *out = protozero::decode_varint(&at, end);
    }
  }
  if (at != end) throw protozero::end_of_buffer_exception{};
}

class MetricDecoder : public EnvelopeDecoder<MetricDecoder, model::MetricBatch> {
 public:
  static constexpr const char* kMessageName = "ExportMetricsServiceRequest";
  static constexpr const char* kResourceItems = "resource metrics";
  static constexpr const char* kScopeItems = "scope metrics";

  MetricDecoder(std::string_view body, const model::AttributeProjection& projection,
                model::MetricBatch& batch, base::MemoryLease* lease)
      : EnvelopeDecoder(body, projection, batch, lease),
        parts_(batch, attributes_, rejected_, cost_),
        resource_raw_(batch.resource_raw_attributes, cost_),
        scope_raw_(batch.scope_raw_attributes, cost_) {}

  uint32_t ItemCount() const { return parts_.metric_count(); }
  void DecodeItem(std::string_view message);

  void BeginResourceItems() { resource_ = Envelope(); }
  void EndResourceItems(bool is_kept) {
    if (!is_kept) return parts_.raw_attributes.DropFrom(resource_.begin);
    resource_raw_.Append(resource_.raw);
    FinishStreamsOfLastResource(batch_);
  }
  void BeginScopeItems() { scope_ = Envelope(); }
  void EndScopeItems(bool is_kept) {
    if (!is_kept) return parts_.raw_attributes.DropFrom(scope_.begin);
    scope_raw_.Append(scope_.raw);
  }
  void KeepEnvelopeAttribute(AttributeScope scope, std::string_view key_value) {
    AppendRaw(SplitMerged(key_value),
              scope == AttributeScope::kResource ? resource_.raw : scope_.raw);
  }

 private:
  // The attributes of the resource, or scope, that is open, and what was there before it.
  struct OpenEnvelope {
    uint32_t begin = 0;
    IndexRange raw;
  };
  OpenEnvelope Envelope() const { return {parts_.raw_attributes.size(), {}}; }

  void DecodeData(MetricType type, std::string_view message);
  void DecodePoint(MetricType type, std::string_view message);
  bool DecodeNumber(std::string_view message, MetricPoint& point);
  void DecodeHistogram(std::string_view message, MetricPoint& point);
  void DecodeExponential(std::string_view message, MetricPoint& point);
  void DecodeBuckets(std::string_view message, ExponentialHistogramValue::Buckets& buckets);
  void DecodeSummary(std::string_view message, MetricPoint& point);
  void DecodeQuantile(std::string_view message);
  void DecodeExemplar(std::string_view message);

  void DecodePointAttribute(std::string_view key_value, MetricPoint& point);
  KeyValueParts SplitMerged(std::string_view key_value);
  void AppendRaw(KeyValueParts parts, IndexRange& range) {
    parts_.raw_attributes.Reopen(range);
    RawAttribute& raw = parts_.raw_attributes.Append();
    raw.key = parts.key;
    raw.value = parts.any_value;
    ++range.end;
  }

  MetricAssembler parts_;
  PaidVector<IndexRange> resource_raw_;
  PaidVector<IndexRange> scope_raw_;
  OpenEnvelope resource_;
  OpenEnvelope scope_;
};

void MetricDecoder::DecodeItem(std::string_view message) {
  const Element here{"metric", message.data()};
  At(here);
  parts_.BeginMetric();
  model::Metric& metric = parts_.metric();
  WireReader reader(message);
  while (reader.Next()) {
    switch (reader.tag()) {
      case tags::kMetricName:
        metric.name = reader.Bytes();
        break;
      case tags::kMetricDescription:
        metric.description = reader.Bytes();
        break;
      case tags::kMetricUnit:
        metric.unit = reader.Bytes();
        break;
      case tags::kMetricMetadata: {
        const KeyValueParts parts = SplitMerged(reader.Bytes());
        parts_.NoteMetadata({parts.key, parts.any_value});
        break;
      }
      case tags::kMetricGauge:
        DecodeData(MetricType::kGauge, reader.Bytes());
        break;
      case tags::kMetricSum:
        DecodeData(MetricType::kSum, reader.Bytes());
        break;
      case tags::kMetricHistogram:
        DecodeData(MetricType::kHistogram, reader.Bytes());
        break;
      case tags::kMetricExponentialHistogram:
        DecodeData(MetricType::kExponentialHistogram, reader.Bytes());
        break;
      case tags::kMetricSummary:
        DecodeData(MetricType::kSummary, reader.Bytes());
        break;
      default:
        reader.Skip();
    }
    At(here);
  }
  parts_.EndMetric();
}

// The five data messages have the same fields where they have them.
void MetricDecoder::DecodeData(MetricType type, std::string_view message) {
  const bool has_temporality = type != MetricType::kGauge && type != MetricType::kSummary;
  const Element here{"metric data", message.data()};
  At(here);
  parts_.SetType(type);
  WireReader reader(message);
  while (reader.Next()) {
    if (reader.tag() == tags::kDataPoints) {
      DecodePoint(type, reader.Bytes());
      At(here);
    } else if (reader.tag() == tags::kDataTemporality && has_temporality) {
      parts_.metric().temporality = ToTemporality(static_cast<int32_t>(reader.Varint()));
    } else if (reader.tag() == tags::kDataIsMonotonic && type == MetricType::kSum) {
      parts_.metric().is_monotonic = reader.Varint() != 0;
    } else {
      reader.Skip();
    }
  }
}

void MetricDecoder::DecodePoint(MetricType type, std::string_view message) {
  At({"data point", message.data()});
  MetricPoint& point = parts_.BeginPoint();
  bool has_value = true;
  switch (type) {
    case MetricType::kGauge:
    case MetricType::kSum:
      has_value = DecodeNumber(message, point);
      break;
    case MetricType::kHistogram:
      DecodeHistogram(message, point);
      break;
    case MetricType::kExponentialHistogram:
      DecodeExponential(message, point);
      break;
    case MetricType::kSummary:
      DecodeSummary(message, point);
      break;
  }
  parts_.EndPoint(has_value);
}

// Whether it has a number.
bool MetricDecoder::DecodeNumber(std::string_view message, MetricPoint& point) {
  bool has_value = false;
  WireReader reader(message);
  while (reader.Next()) {
    switch (reader.tag()) {
      case tags::kPointStartTime:
        point.start_time_unix_nano = reader.Fixed64();
        break;
      case tags::kPointTime:
        point.time_unix_nano = reader.Fixed64();
        break;
      case tags::kNumberAsDouble:
        point.as_double = Double(reader.Fixed64());
        point.is_int = false;
        has_value = true;
        break;
      case tags::kNumberAsInt:
        point.as_int = static_cast<int64_t>(reader.Fixed64());
        point.is_int = true;
        has_value = true;
        break;
      case tags::kNumberAttributes:
        DecodePointAttribute(reader.Bytes(), point);
        break;
      case tags::kNumberExemplars:
        DecodeExemplar(reader.Bytes());
        break;
      case tags::kNumberFlags:
        point.no_recorded_value = (reader.Varint() & kNoRecordedValue) != 0;
        break;
      default:
        reader.Skip();
    }
  }
  return has_value;
}

void MetricDecoder::DecodeHistogram(std::string_view message, MetricPoint& point) {
  HistogramValue& value = parts_.BeginHistogram();
  value.counts = {parts_.counts.size(), parts_.counts.size()};
  value.bounds = {parts_.bounds.size(), parts_.bounds.size()};
  WireReader reader(message);
  while (reader.Next()) {
    switch (reader.tag()) {
      case tags::kPointStartTime:
        point.start_time_unix_nano = reader.Fixed64();
        break;
      case tags::kPointTime:
        point.time_unix_nano = reader.Fixed64();
        break;
      case tags::kHistogramCount:
        value.count = reader.Fixed64();
        break;
      case tags::kHistogramSum:
        value.sum = Double(reader.Fixed64());
        value.has_sum = true;
        break;
      case tags::kHistogramMin:
        value.min = Double(reader.Fixed64());
        value.has_min = true;
        break;
      case tags::kHistogramMax:
        value.max = Double(reader.Fixed64());
        value.has_max = true;
        break;
      case tags::kHistogramBucketCounts:
        AppendPacked(reader.Bytes(), parts_.counts);
        break;
      case tags::kHistogramBucketCount:
        parts_.counts.Append(reader.Fixed64());
        break;
      case tags::kHistogramBounds:
        AppendPacked(reader.Bytes(), parts_.bounds);
        break;
      case tags::kHistogramBound:
        parts_.bounds.Append(Double(reader.Fixed64()));
        break;
      case tags::kHistogramAttributes:
        DecodePointAttribute(reader.Bytes(), point);
        break;
      case tags::kHistogramExemplars:
        DecodeExemplar(reader.Bytes());
        break;
      case tags::kHistogramFlags:
        point.no_recorded_value = (reader.Varint() & kNoRecordedValue) != 0;
        break;
      default:
        reader.Skip();
    }
  }
  value.counts.end = parts_.counts.size();
  value.bounds.end = parts_.bounds.size();
}

void MetricDecoder::DecodeExponential(std::string_view message, MetricPoint& point) {
  ExponentialHistogramValue& value = parts_.BeginExponential();
  WireReader reader(message);
  while (reader.Next()) {
    switch (reader.tag()) {
      case tags::kPointStartTime:
        point.start_time_unix_nano = reader.Fixed64();
        break;
      case tags::kPointTime:
        point.time_unix_nano = reader.Fixed64();
        break;
      case tags::kExponentialCount:
        value.count = reader.Fixed64();
        break;
      case tags::kExponentialSum:
        value.sum = Double(reader.Fixed64());
        value.has_sum = true;
        break;
      case tags::kExponentialMin:
        value.min = Double(reader.Fixed64());
        value.has_min = true;
        break;
      case tags::kExponentialMax:
        value.max = Double(reader.Fixed64());
        value.has_max = true;
        break;
      case tags::kExponentialScale:
        value.scale = ZigZag(reader.Varint());
        break;
      case tags::kExponentialZeroCount:
        value.zero_count = reader.Fixed64();
        break;
      case tags::kExponentialZeroThreshold:
        value.zero_threshold = Double(reader.Fixed64());
        break;
      case tags::kExponentialPositive:
        DecodeBuckets(reader.Bytes(), value.positive);
        break;
      case tags::kExponentialNegative:
        DecodeBuckets(reader.Bytes(), value.negative);
        break;
      case tags::kExponentialAttributes:
        DecodePointAttribute(reader.Bytes(), point);
        break;
      case tags::kExponentialExemplars:
        DecodeExemplar(reader.Bytes());
        break;
      case tags::kExponentialFlags:
        point.no_recorded_value = (reader.Varint() & kNoRecordedValue) != 0;
        break;
      default:
        reader.Skip();
    }
  }
}

// Once more for each repetition of `positive` or `negative`: they are merged.
void MetricDecoder::DecodeBuckets(std::string_view message,
                                  ExponentialHistogramValue::Buckets& buckets) {
  parts_.counts.Reopen(buckets.counts);
  WireReader reader(message);
  while (reader.Next()) {
    switch (reader.tag()) {
      case tags::kBucketsOffset:
        buckets.offset = ZigZag(reader.Varint());
        break;
      case tags::kBucketsCounts:
        AppendPackedVarints(reader.Bytes(), parts_.counts);
        break;
      case tags::kBucketsCount:
        parts_.counts.Append(reader.Varint());
        break;
      default:
        reader.Skip();
    }
  }
  buckets.counts.end = parts_.counts.size();
}

void MetricDecoder::DecodeSummary(std::string_view message, MetricPoint& point) {
  SummaryValue& value = parts_.BeginSummary();
  value.quantiles.begin = parts_.quantiles.size();
  WireReader reader(message);
  while (reader.Next()) {
    switch (reader.tag()) {
      case tags::kPointStartTime:
        point.start_time_unix_nano = reader.Fixed64();
        break;
      case tags::kPointTime:
        point.time_unix_nano = reader.Fixed64();
        break;
      case tags::kSummaryCount:
        value.count = reader.Fixed64();
        break;
      case tags::kSummarySum:
        value.sum = Double(reader.Fixed64());
        break;
      case tags::kSummaryQuantiles:
        DecodeQuantile(reader.Bytes());
        break;
      case tags::kSummaryAttributes:
        DecodePointAttribute(reader.Bytes(), point);
        break;
      case tags::kSummaryFlags:
        point.no_recorded_value = (reader.Varint() & kNoRecordedValue) != 0;
        break;
      default:
        reader.Skip();
    }
  }
  value.quantiles.end = parts_.quantiles.size();
}

void MetricDecoder::DecodeQuantile(std::string_view message) {
  SummaryValue::Quantile& quantile = parts_.quantiles.Append();
  WireReader reader(message);
  while (reader.Next()) {
    switch (reader.tag()) {
      case tags::kQuantileQuantile:
        quantile.quantile = Double(reader.Fixed64());
        break;
      case tags::kQuantileValue:
        quantile.value = Double(reader.Fixed64());
        break;
      default:
        reader.Skip();
    }
  }
}

// One without value is invalid (V5) and left out; it is no item, so nobody counts it.
void MetricDecoder::DecodeExemplar(std::string_view message) {
  model::Exemplar& exemplar = parts_.exemplars.Append();
  const uint32_t raw_begin = parts_.raw_attributes.size();
  bool has_value = false;
  WireReader reader(message);
  while (reader.Next()) {
    switch (reader.tag()) {
      case tags::kExemplarTime:
        exemplar.time_unix_nano = reader.Fixed64();
        break;
      case tags::kExemplarAsDouble:
        exemplar.value = Double(reader.Fixed64());
        has_value = true;
        break;
      case tags::kExemplarAsInt:
        exemplar.value = static_cast<double>(static_cast<int64_t>(reader.Fixed64()));
        has_value = true;
        break;
      case tags::kExemplarTraceId:
        exemplar.trace_id = reader.Bytes();
        break;
      case tags::kExemplarSpanId:
        exemplar.span_id = reader.Bytes();
        break;
      case tags::kExemplarAttributes:
        AppendRaw(SplitMerged(reader.Bytes()), exemplar.raw_attributes);
        break;
      default:
        reader.Skip();
    }
  }
  if (!IsTraceId(exemplar.trace_id)) exemplar.trace_id = {};
  if (!IsSpanId(exemplar.span_id)) exemplar.span_id = {};
  if (has_value) return;
  parts_.raw_attributes.DropFrom(raw_begin);
  parts_.exemplars.DropFrom(parts_.exemplars.size() - 1);
}

void MetricDecoder::DecodePointAttribute(std::string_view key_value, MetricPoint& point) {
  KeyValueParts parts;
  if (SplitUsualKeyValue(key_value, parts)) {
    AddUsualAttribute(key_value, parts.any_value, point.stream);
  } else {
    parts = SplitMerged(key_value);
    AddAttribute(parts.key, parts.any_value, point.stream);
  }
  AppendRaw(parts, point.raw_attributes);
  const int slot = projection_.Find(AttributeScope::kItem, parts.key);
  if (slot == model::AttributeProjection::kNone) return;
  model::SlotValue& kept = attributes_.Append();
  kept.slot = static_cast<uint32_t>(slot);
  ReadAnyValue(parts.any_value, kept.value);
}

// A `value` that the wire repeats is merged, which for protobuf is to write them one after the
// other.
KeyValueParts MetricDecoder::SplitMerged(std::string_view key_value) {
  KeyValueParts parts = SplitKeyValue(key_value);
  if (parts.values <= 1) return parts;
  // An arena's blocks may be four times what is asked for.
  cost_.Charge(4 * key_value.size());
  char* const merged = batch_.bytes.Allocate(key_value.size());
  size_t size = 0;
  WireReader reader(key_value);
  while (reader.Next()) {
    if (reader.tag() != tags::kKeyValueValue) {
      reader.Skip();
      continue;
    }
    const std::string_view value = reader.Bytes();
    std::memcpy(merged + size, value.data(), value.size());
    size += value.size();
  }
  parts.any_value = {merged, size};
  return parts;
}

}  // namespace

absl::Status DecodeMetrics(std::string_view body, const model::AttributeProjection& projection,
                           model::MetricBatch& batch, base::MemoryLease* lease) {
  return MetricDecoder::Run(body, projection, batch, lease);
}

}  // namespace slowburn::collector
