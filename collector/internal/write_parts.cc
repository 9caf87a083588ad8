#include "collector/internal/write_parts.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "base/status.h"

namespace slowburn::collector {
namespace {

using model::NativeHistogram;
using model::SeriesBatch;

constexpr uint32_t Bytes(uint32_t number) { return FieldTag(number, WireType::kBytes); }
constexpr uint32_t Varint(uint32_t number) { return FieldTag(number, WireType::kVarint); }
constexpr uint32_t Fixed(uint32_t number) { return FieldTag(number, WireType::kFixed64); }

double Double(uint64_t bits) { return std::bit_cast<double>(bits); }

int64_t ZigZag(uint64_t bits) { return static_cast<int64_t>((bits >> 1) ^ (0 - (bits & 1))); }
int32_t ZigZag32(uint64_t bits) {
  const auto narrow = static_cast<uint32_t>(bits);
  return static_cast<int32_t>((narrow >> 1) ^ (0 - (narrow & 1)));
}

// One that there is not stays one, and is refused for it.
int8_t SchemaOf(int32_t schema) { return static_cast<int8_t>(std::clamp(schema, -128, 127)); }

// One histogram. A vector that doubles may take twice what is in it, and as much again while it is
// copied: so each element is charged four times.
class HistogramDecoder {
 public:
  HistogramDecoder(SeriesBatch::Histogram& histogram, DecodeCost& cost)
      : histogram_(histogram), cost_(cost) {}

  void Decode(std::string_view message) {
    WireReader reader(message);
    while (reader.Next()) DecodeField(reader);
  }

 private:
  // Of whole counts the wire has each less the one before; here they are absolute.
  struct Counts {
    std::vector<double>& values;
    uint64_t last = 0;
  };

  void DecodeField(WireReader& reader);
  void DecodeBuckets(WireReader& reader);
  void AddSpan(std::string_view message, std::vector<NativeHistogram::Span>& spans);
  void AddDouble(uint64_t bits, std::vector<double>& values);
  void AddDoubles(std::string_view packed, std::vector<double>& values);
  void AddDelta(uint64_t bits, Counts& counts);
  void AddDeltas(std::string_view packed, Counts& counts);

  SeriesBatch::Histogram& histogram_;
  DecodeCost& cost_;
  Counts negative_{histogram_.value.negative_counts};
  Counts positive_{histogram_.value.positive_counts};
};

void HistogramDecoder::DecodeField(WireReader& reader) {
  NativeHistogram& value = histogram_.value;
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
      value.schema = SchemaOf(ZigZag32(reader.Varint()));
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
    case Varint(14):
      value.reset_hint = static_cast<NativeHistogram::ResetHint>(reader.Varint() & 3);
      break;
    case Varint(15):
      histogram_.time_ms = static_cast<int64_t>(reader.Varint());
      break;
    default:
      DecodeBuckets(reader);
  }
}

// Numbers come packed, or one by one.
void HistogramDecoder::DecodeBuckets(WireReader& reader) {
  NativeHistogram& value = histogram_.value;
  switch (reader.tag()) {
    case Bytes(8):
      return AddSpan(reader.Bytes(), value.negative_spans);
    case Bytes(9):
      return AddDeltas(reader.Bytes(), negative_);
    case Varint(9):
      return AddDelta(reader.Varint(), negative_);
    case Bytes(10):
      return AddDoubles(reader.Bytes(), value.negative_counts);
    case Fixed(10):
      return AddDouble(reader.Fixed64(), value.negative_counts);
    case Bytes(11):
      return AddSpan(reader.Bytes(), value.positive_spans);
    case Bytes(12):
      return AddDeltas(reader.Bytes(), positive_);
    case Varint(12):
      return AddDelta(reader.Varint(), positive_);
    case Bytes(13):
      return AddDoubles(reader.Bytes(), value.positive_counts);
    case Fixed(13):
      return AddDouble(reader.Fixed64(), value.positive_counts);
    case Bytes(16):
      return AddDoubles(reader.Bytes(), value.custom_bounds);
    case Fixed(16):
      return AddDouble(reader.Fixed64(), value.custom_bounds);
    default:
      reader.Skip();
  }
}

void HistogramDecoder::AddSpan(std::string_view message,
                               std::vector<NativeHistogram::Span>& spans) {
  cost_.Charge(4 * sizeof(NativeHistogram::Span));
  NativeHistogram::Span& span = spans.emplace_back();
  WireReader reader(message);
  while (reader.Next()) {
    switch (reader.tag()) {
      case Varint(1):
        span.offset = ZigZag32(reader.Varint());
        break;
      case Varint(2):
        span.length = static_cast<uint32_t>(reader.Varint());
        break;
      default:
        reader.Skip();
    }
  }
}

void HistogramDecoder::AddDouble(uint64_t bits, std::vector<double>& values) {
  cost_.Charge(4 * sizeof(double));
  values.push_back(Double(bits));
}

void HistogramDecoder::AddDoubles(std::string_view packed, std::vector<double>& values) {
  if (packed.size() % sizeof(double) != 0) throw protozero::invalid_length_exception{};
  if (packed.empty()) return;
  cost_.Charge(4 * packed.size());
  const size_t before = values.size();
  values.resize(before + packed.size() / sizeof(double));
  std::memcpy(values.data() + before, packed.data(), packed.size());
}

void HistogramDecoder::AddDelta(uint64_t bits, Counts& counts) {
  cost_.Charge(4 * sizeof(double));
  counts.last += static_cast<uint64_t>(ZigZag(bits));
  counts.values.push_back(static_cast<double>(static_cast<int64_t>(counts.last)));
}

void HistogramDecoder::AddDeltas(std::string_view packed, Counts& counts) {
  const char* at = packed.data();
  const char* const end = at + packed.size();
  while (at != end) AddDelta(protozero::decode_varint(&at, end), counts);
}

}  // namespace

void WriteParts::EndSeries(uint64_t labels_hash_high, uint64_t labels_hash_low) {
  SeriesBatch::Series& series = series_.back();
  series.labels_hash_high = labels_hash_high;
  series.labels_hash_low = labels_hash_low;
  series.samples_end = samples_.size();
  series.histograms_end = static_cast<uint32_t>(batch_.histograms.size());
  series.exemplars_end = exemplars_.size();
}

void WriteParts::AddSample(std::string_view message) {
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
  samples_.Append(sample);
}

void WriteParts::AddHistogram(std::string_view message) {
  cost_.Charge(4 * sizeof(SeriesBatch::Histogram));
  HistogramDecoder(batch_.histograms.emplace_back(), cost_).Decode(message);
}

void WriteParts::AddExemplar(std::string_view message) {
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

std::string_view MetricTypeName(uint64_t type) {
  constexpr std::array<std::string_view, 8> kNames = {
      "unknown", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset"};
  return type < kNames.size() ? kNames[type] : kNames[0];
}

absl::Status DecodeWrite(std::string_view body, std::string_view message_name, SeriesBatch& batch,
                         absl::FunctionRef<absl::Status()> decode) {
  batch.Clear();
  absl::Status status;
  try {
    status = decode();
  } catch (const protozero::exception& broken) {
    status = base::InvalidArgument("the body of {} bytes is no {}: {}; send it again whole",
                                   body.size(), message_name, broken.what());
  } catch (const CostExceeded&) {
    status = absl::ResourceExhaustedError(
        fmt::format("what the body of {} bytes holds takes more memory than a request may; send "
                    "fewer series in one request",
                    body.size()));
  } catch (const MemoryRefused&) {
    status = base::Unavailable(
        "the memory for requests does not suffice to decode this one now; send it again later");
  }
  if (!status.ok()) batch.Clear();
  return status;
}

}  // namespace slowburn::collector
