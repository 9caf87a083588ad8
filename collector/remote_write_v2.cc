#include "collector/remote_write_v2.h"

#include <array>
#include <optional>
#include <span>
#include <vector>

#include <xxhash.h>

#include "base/status.h"
#include "collector/internal/label_refs.h"
#include "collector/internal/write_parts.h"

namespace slowburn::collector {
namespace {

using model::SeriesBatch;

constexpr uint32_t Bytes(uint32_t number) { return FieldTag(number, WireType::kBytes); }
constexpr uint32_t Varint(uint32_t number) { return FieldTag(number, WireType::kVarint); }

constexpr uint32_t kSymbols = Bytes(4);
constexpr uint32_t kTimeSeries = Bytes(5);

// What keeps the keys of labels, those of what is none, and those of 1.0 apart.
constexpr XXH128_hash_t kLabelsMark = {2, 0};
constexpr uint64_t kFaultyMark = 3;

constexpr uint64_t kHistogram = 3;
constexpr uint64_t kSummary = 5;

struct MetadataRefs {
  uint64_t type = 0;
  uint32_t help = 0;
  uint32_t unit = 0;
};

// Adds to what was there: protobuf merges a message that comes twice.
void ReadMetadata(std::string_view message, MetadataRefs& metadata) {
  WireReader reader(message);
  while (reader.Next()) {
    switch (reader.tag()) {
      case Varint(1):
        metadata.type = reader.Varint();
        break;
      case Varint(3):
        metadata.help = static_cast<uint32_t>(reader.Varint());
        break;
      case Varint(4):
        metadata.unit = static_cast<uint32_t>(reader.Varint());
        break;
      default:
        reader.Skip();
    }
  }
}

// Of the series of a classic histogram or summary, which have their own names.
std::string_view FamilyName(std::string_view name, uint64_t type) {
  if (type != kHistogram && type != kSummary) return name;
  for (const std::string_view suffix : {"_bucket", "_sum", "_count"}) {
    if (name.size() > suffix.size() && name.ends_with(suffix)) {
      name.remove_suffix(suffix.size());
      break;
    }
  }
  return name;
}

// Symbols may come behind the series that refer to them, so they are read first.
class RequestDecoder {
 public:
  RequestDecoder(std::string_view body, SeriesBatch& batch, base::MemoryLease* lease)
      : batch_(batch),
        parts_(body, batch, lease),
        symbols_(batch.symbols, parts_.cost()),
        written_out_left_(WrittenOutBytesMax(body.size())) {}

  absl::Status Decode(std::string_view body) {
    SB_RETURN_IF_ERROR(DecodeSymbols(body));
    WireReader reader(body);
    while (reader.Next()) {
      if (reader.tag() == kTimeSeries) {
        DecodeSeries(reader.Bytes());
      } else {
        reader.Skip();
      }
    }
    return absl::OkStatus();
  }

 private:
  absl::Status DecodeSymbols(std::string_view body);
  void DecodeSeries(std::string_view message);
  XXH128_hash_t KeyOfSeries(std::string_view message);
  void CountExemplar(std::string_view message);
  void AddMetadata(const MetadataRefs& refs, bool is_classic);
  std::optional<uint32_t> NameRef() const;

  std::string_view TextOf(uint32_t ref) const {
    return ref < batch_.symbols.size() ? batch_.symbols[ref].text : std::string_view();
  }
  void WriteOut(size_t bytes) {
    if (bytes > written_out_left_) throw CostExceeded();
    written_out_left_ -= bytes;
  }

  SeriesBatch& batch_;
  WriteParts parts_;
  PaidVector<SeriesBatch::Symbol> symbols_;
  size_t written_out_left_;
  LabelRefs refs_;           // of the series at hand
  LabelRefs exemplar_refs_;  // of its exemplar
  // By the symbol of a metric's name: where its newest metadata are, plus 1. Empty until needed.
  std::vector<uint32_t> metadata_of_;
};

absl::Status RequestDecoder::DecodeSymbols(std::string_view body) {
  batch_.has_symbols = true;
  WireReader reader(body);
  while (reader.Next()) {
    switch (reader.tag()) {
      case kSymbols: {
        const std::string_view text = reader.Bytes();
        const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
        symbols_.Append({text, hash.high64, hash.low64});
        break;
      }
      case Bytes(1):  // Where 1.0 has its series.
        return base::InvalidArgument(
            "the body has series as prometheus.WriteRequest has them, and came as "
            "io.prometheus.write.v2.Request; name its message in Content-Type");
      default:
        reader.Skip();
    }
  }
  if (!batch_.symbols.empty() && !batch_.symbols.front().text.empty()) {
    return base::InvalidArgument(
        "the first symbol is \"{}\", and must be \"\" (remote write 2.0): all references may be "
        "shifted by one",
        model::ValidUtf8(batch_.symbols.front().text.substr(0, 100)));
  }
  return absl::OkStatus();
}

void RequestDecoder::DecodeSeries(std::string_view message) {
  parts_.BeginSeries(message);
  refs_.Clear();
  std::optional<MetadataRefs> metadata;
  bool is_classic = true;
  WireReader reader(message);
  while (reader.Next()) {
    switch (reader.tag()) {
      case LabelRefs::kPackedTag:
        refs_.AddPacked(reader.Bytes());
        break;
      case LabelRefs::kTag:
        refs_.Add(reader.Varint());
        break;
      case Bytes(2):
        parts_.AddSample(reader.Bytes());
        break;
      case Bytes(3):
        is_classic = false;
        parts_.AddHistogram(reader.Bytes());
        break;
      case Bytes(4): {
        const std::string_view exemplar = reader.Bytes();
        parts_.AddExemplar(exemplar);
        CountExemplar(exemplar);
        break;
      }
      case Bytes(5):
        if (!metadata) metadata.emplace();
        ReadMetadata(reader.Bytes(), *metadata);
        break;
      default:
        reader.Skip();
    }
  }
  const XXH128_hash_t key = KeyOfSeries(message);
  parts_.EndSeries(key.high64, key.low64);
  if (metadata) AddMetadata(*metadata, is_classic);
}

XXH128_hash_t RequestDecoder::KeyOfSeries(std::string_view message) {
  std::array<XXH128_hash_t, 1 + LabelRefs::kMax> texts;
  size_t count = 0;
  texts[count++] = kLabelsMark;
  size_t bytes = 0;
  bool is_faulty = refs_.is_odd() || refs_.is_too_many();
  if (!is_faulty) {
    for (const uint32_t ref : refs_.refs()) {
      if (ref >= batch_.symbols.size()) {
        is_faulty = true;
        break;
      }
      const SeriesBatch::Symbol& symbol = batch_.symbols[ref];
      texts[count++] = {symbol.hash_low, symbol.hash_high};
      bytes += symbol.text.size();
    }
  }
  if (is_faulty) {
    XXH128_hash_t hash = XXH3_128bits(message.data(), message.size());
    hash.low64 ^= kFaultyMark;
    return hash;
  }
  WriteOut(bytes);
  return XXH3_128bits(texts.data(), count * sizeof(XXH128_hash_t));
}

void RequestDecoder::CountExemplar(std::string_view message) {
  exemplar_refs_.Read(message);
  size_t bytes = 0;
  for (const uint32_t ref : exemplar_refs_.refs()) bytes += TextOf(ref).size();
  WriteOut(bytes);
}

std::optional<uint32_t> RequestDecoder::NameRef() const {
  const std::span<const uint32_t> refs = refs_.refs();
  for (size_t i = 0; i + 1 < refs.size(); i += 2) {
    if (TextOf(refs[i]) == "__name__" && refs[i + 1] < batch_.symbols.size()) return refs[i + 1];
  }
  return std::nullopt;
}

void RequestDecoder::AddMetadata(const MetadataRefs& refs, bool is_classic) {
  const std::optional<uint32_t> name = NameRef();
  const SeriesBatch::Metadata metadata{
      .metric = name ? FamilyName(TextOf(*name), is_classic ? refs.type : 0) : std::string_view(),
      .type = MetricTypeName(refs.type),
      .help = TextOf(refs.help),
      .unit = TextOf(refs.unit)};
  const bool says_nothing = refs.type == 0 && metadata.help.empty() && metadata.unit.empty();
  if (metadata.metric.empty() || says_nothing) return;
  if (metadata_of_.empty()) {
    parts_.cost().Charge(batch_.symbols.size() * sizeof(uint32_t));
    metadata_of_.resize(batch_.symbols.size());
  }
  uint32_t& place = metadata_of_[*name];
  if (place != 0) {
    // All are texts of symbols, and the metric the begin of one and the same: where they are tells,
    // so that no long text is read again for each series.
    const SeriesBatch::Metadata& known = batch_.metadata[place - 1];
    if (known.type == metadata.type && known.help.data() == metadata.help.data() &&
        known.unit.data() == metadata.unit.data() &&
        known.metric.size() == metadata.metric.size()) {
      return;
    }
  }
  WriteOut(metadata.metric.size() + metadata.help.size() + metadata.unit.size());
  parts_.AddMetadata() = metadata;
  place = parts_.metadata_size();
}

}  // namespace

absl::Status DecodeRemoteWriteV2(std::string_view body, SeriesBatch& batch,
                                 base::MemoryLease* lease) {
  return DecodeWrite(body, "io.prometheus.write.v2.Request", batch,
                     [&] { return RequestDecoder(body, batch, lease).Decode(body); });
}

}  // namespace slowburn::collector
