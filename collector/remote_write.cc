#include "collector/remote_write.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include <xxhash.h>

#include "base/status.h"
#include "collector/internal/decode_cost.h"
#include "collector/internal/wire_reader.h"

namespace slowburn::collector {
namespace {

using model::NativeHistogram;
using model::SeriesBatch;

constexpr uint32_t Bytes(uint32_t number) { return FieldTag(number, WireType::kBytes); }
constexpr uint32_t Varint(uint32_t number) { return FieldTag(number, WireType::kVarint); }
constexpr uint32_t Fixed(uint32_t number) { return FieldTag(number, WireType::kFixed64); }

double Double(uint64_t bits) { return std::bit_cast<double>(bits); }

int64_t ZigZag(uint64_t bits) { return static_cast<int64_t>((bits >> 1) ^ (0 - (bits & 1))); }

// One that there is not stays one, and is refused for it.
int8_t SchemaOf(int64_t schema) {
  return static_cast<int8_t>(std::clamp<int64_t>(schema, -128, 127));
}

std::string_view TypeName(uint64_t type) {
  constexpr std::array<std::string_view, 8> kNames = {
      "unknown", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset"};
  return type < kNames.size() ? kNames[type] : kNames[0];
}

class WriteDecoder {
 public:
  WriteDecoder(std::string_view body, SeriesBatch& batch)
      : cost_(body.size(), nullptr),
        batch_(batch),
        series_(batch.series, cost_),
        samples_(batch.samples, cost_),
        exemplars_(batch.exemplars, cost_),
        metadata_(batch.metadata, cost_) {}

  void Decode(std::string_view body) {
    WireReader reader(body);
    while (reader.Next()) {
      switch (reader.tag()) {
        case Bytes(1):
          DecodeSeries(reader.Bytes());
          break;
        case Bytes(3):
          DecodeMetadata(reader.Bytes());
          break;
        default:
          reader.Skip();
      }
    }
  }

 private:
  void DecodeSeries(std::string_view message) {
    SeriesBatch::Series& series = series_.Append();
    series.message = message;
    // Labels come first and together; if others came after them, all of it is the key, and then
    // only the slow path ever knows the series.
    size_t labels_end = 0;
    bool is_apart = false;
    WireReader reader(message);
    while (reader.Next()) {
      switch (reader.tag()) {
        case Bytes(1): {
          const std::string_view label = reader.Bytes();
          const auto end = static_cast<size_t>(label.data() + label.size() - message.data());
          is_apart = is_apart || end - reader.field().size() != labels_end;
          labels_end = end;
          break;
        }
        case Bytes(2):
          samples_.Append(DecodeSample(reader.Bytes()));
          break;
        case Bytes(3):
          DecodeExemplar(reader.Bytes());
          break;
        case Bytes(4):
          DecodeHistogram(reader.Bytes());
          break;
        default:
          reader.Skip();
      }
    }
    const std::string_view key = is_apart ? message : message.substr(0, labels_end);
    const XXH128_hash_t hash = XXH3_128bits(key.data(), key.size());
    SeriesBatch::Series& made = series_.back();
    made.labels_hash_high = hash.high64;
    made.labels_hash_low = hash.low64;
    made.samples_end = samples_.size();
    made.histograms_end = static_cast<uint32_t>(batch_.histograms.size());
    made.exemplars_end = exemplars_.size();
  }

  static model::Sample DecodeSample(std::string_view message) {
    model::Sample sample;
    WireReader reader(message);
    while (reader.Next()) {
      switch (reader.tag()) {
        case Fixed(1):
          sample.value = Double(reader.Fixed64());
          break;
        case Varint(2):
          sample.time_ms = static_cast<int64_t>(reader.Varint());
          break;
        default:
          reader.Skip();
      }
    }
    return sample;
  }

  void DecodeExemplar(std::string_view message) {
    SeriesBatch::Exemplar& exemplar = exemplars_.Append();
    exemplar.message = message;
    WireReader reader(message);
    while (reader.Next()) {
      switch (reader.tag()) {
        case Fixed(2):
          exemplar.value = Double(reader.Fixed64());
          break;
        case Varint(3):
          exemplar.time_ms = static_cast<int64_t>(reader.Varint());
          break;
        default:
          reader.Skip();
      }
    }
  }

  void DecodeMetadata(std::string_view message) {
    SeriesBatch::Metadata& metadata = metadata_.Append();
    metadata.type = TypeName(0);
    WireReader reader(message);
    while (reader.Next()) {
      switch (reader.tag()) {
        case Varint(1):
          metadata.type = TypeName(reader.Varint());
          break;
        case Bytes(2):
          metadata.metric = reader.Bytes();
          break;
        case Bytes(4):
          metadata.help = reader.Bytes();
          break;
        case Bytes(5):
          metadata.unit = reader.Bytes();
          break;
        default:
          reader.Skip();
      }
    }
  }

  void DecodeHistogram(std::string_view message);
  void DecodeHistogramField(WireReader& reader, SeriesBatch::Histogram& histogram);
  void DecodeSpan(std::string_view message, std::vector<NativeHistogram::Span>& spans);
  void AppendDoubles(std::string_view packed, std::vector<double>& values);
  void AppendDeltas(std::string_view packed, std::vector<double>& counts);

  DecodeCost cost_;
  SeriesBatch& batch_;
  PaidVector<SeriesBatch::Series> series_;
  PaidVector<model::Sample> samples_;
  PaidVector<SeriesBatch::Exemplar> exemplars_;
  PaidVector<SeriesBatch::Metadata> metadata_;
};

void WriteDecoder::DecodeHistogram(std::string_view message) {
  // A vector that doubles may take twice what is in it, and as much again while it is copied.
  cost_.Charge(4 * sizeof(SeriesBatch::Histogram));
  SeriesBatch::Histogram& histogram = batch_.histograms.emplace_back();
  WireReader reader(message);
  while (reader.Next()) DecodeHistogramField(reader, histogram);
}

void WriteDecoder::DecodeHistogramField(WireReader& reader, SeriesBatch::Histogram& histogram) {
  NativeHistogram& value = histogram.value;
  switch (reader.tag()) {
    case Varint(1):
      value.count = static_cast<double>(reader.Varint());
      break;
    case Fixed(2):
      value.count = Double(reader.Fixed64());
      value.is_float = true;
      break;
    case Fixed(3):
      value.sum = Double(reader.Fixed64());
      break;
    case Varint(4):
      value.schema = SchemaOf(ZigZag(reader.Varint()));
      break;
    case Fixed(5):
      value.zero_threshold = Double(reader.Fixed64());
      break;
    case Varint(6):
      value.zero_count = static_cast<double>(reader.Varint());
      break;
    case Fixed(7):
      value.zero_count = Double(reader.Fixed64());
      value.is_float = true;
      break;
    case Bytes(8):
      DecodeSpan(reader.Bytes(), value.negative_spans);
      break;
    case Bytes(9):
      AppendDeltas(reader.Bytes(), value.negative_counts);
      break;
    case Bytes(10):
      AppendDoubles(reader.Bytes(), value.negative_counts);
      break;
    case Bytes(11):
      DecodeSpan(reader.Bytes(), value.positive_spans);
      break;
    case Bytes(12):
      AppendDeltas(reader.Bytes(), value.positive_counts);
      break;
    case Bytes(13):
      AppendDoubles(reader.Bytes(), value.positive_counts);
      break;
    case Varint(14):
      value.reset_hint = static_cast<NativeHistogram::ResetHint>(reader.Varint() & 3);
      break;
    case Varint(15):
      histogram.time_ms = static_cast<int64_t>(reader.Varint());
      break;
    case Bytes(16):
      AppendDoubles(reader.Bytes(), value.custom_bounds);
      break;
    default:
      reader.Skip();
  }
}

void WriteDecoder::DecodeSpan(std::string_view message, std::vector<NativeHistogram::Span>& spans) {
  cost_.Charge(4 * sizeof(NativeHistogram::Span));
  NativeHistogram::Span& span = spans.emplace_back();
  WireReader reader(message);
  while (reader.Next()) {
    switch (reader.tag()) {
      case Varint(1):
        span.offset = static_cast<int32_t>(ZigZag(reader.Varint()));
        break;
      case Varint(2):
        span.length = static_cast<uint32_t>(reader.Varint());
        break;
      default:
        reader.Skip();
    }
  }
}

void WriteDecoder::AppendDoubles(std::string_view packed, std::vector<double>& values) {
  if (packed.size() % sizeof(double) != 0) throw protozero::invalid_length_exception{};
  if (packed.empty()) return;
  cost_.Charge(4 * packed.size());
  const size_t before = values.size();
  values.resize(before + packed.size() / sizeof(double));
  std::memcpy(values.data() + before, packed.data(), packed.size());
}

// Of whole counts the wire has each less the one before; here they are absolute.
void WriteDecoder::AppendDeltas(std::string_view packed, std::vector<double>& counts) {
  const char* at = packed.data();
  const char* const end = at + packed.size();
  uint64_t count = 0;
  while (at != end) {
    cost_.Charge(4 * sizeof(double));
    count += static_cast<uint64_t>(ZigZag(protozero::decode_varint(&at, end)));
    counts.push_back(static_cast<double>(static_cast<int64_t>(count)));
  }
}

bool ReadLabel(std::string_view message, model::LabelSet& labels) {
  std::string_view name;
  std::string_view value;
  WireReader reader(message);
  while (reader.Next()) {
    switch (reader.tag()) {
      case Bytes(1):
        name = reader.Bytes();
        break;
      case Bytes(2):
        value = reader.Bytes();
        break;
      default:
        reader.Skip();
    }
  }
  if (name.empty() || labels.Has(name)) return false;
  labels.Set(name, value);
  return true;
}

}  // namespace

absl::Status DecodeRemoteWrite(std::string_view body, SeriesBatch& batch) {
  batch.Clear();
  try {
    WriteDecoder(body, batch).Decode(body);
    return absl::OkStatus();
  } catch (const protozero::exception& error) {
    batch.Clear();
    return base::InvalidArgument(
        "the body is no prometheus.WriteRequest ({}); send remote write 1.0, snappy-compressed",
        error.what());
  } catch (const CostExceeded&) {
    batch.Clear();
    return absl::ResourceExhaustedError(
        fmt::format("what the body of {} bytes holds takes more memory than a request may; send "
                    "fewer series in one request",
                    body.size()));
  }
}

bool ReadRemoteWriteLabels(std::string_view message, model::LabelSet& labels) {
  labels = {};
  try {
    WireReader reader(message);
    // A series has its labels in field 1, and so has an exemplar.
    while (reader.Next()) {
      if (reader.tag() != Bytes(1)) {
        reader.Skip();
      } else if (!ReadLabel(reader.Bytes(), labels)) {
        return false;
      }
    }
    return true;
  } catch (const protozero::exception&) {
    return false;
  }
}

}  // namespace slowburn::collector
