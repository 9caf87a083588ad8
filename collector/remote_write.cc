#include "collector/remote_write.h"

#include <xxhash.h>

#include "base/status.h"
#include "collector/internal/write_parts.h"

namespace slowburn::collector {
namespace {

using model::SeriesBatch;

constexpr uint32_t Bytes(uint32_t number) { return FieldTag(number, WireType::kBytes); }
constexpr uint32_t Varint(uint32_t number) { return FieldTag(number, WireType::kVarint); }

void DecodeSeries(std::string_view message, WriteParts& parts) {
  parts.BeginSeries(message);
  // Labels come first and together; if others came after them, all of it is the key, and then only
  // the slow path ever knows the series.
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
        parts.AddSample(reader.Bytes());
        break;
      case Bytes(3):
        parts.AddExemplar(reader.Bytes());
        break;
      case Bytes(4):
        parts.AddHistogram(reader.Bytes());
        break;
      default:
        reader.Skip();
    }
  }
  const std::string_view key = is_apart ? message : message.substr(0, labels_end);
  const XXH128_hash_t hash = XXH3_128bits(key.data(), key.size());
  parts.EndSeries(hash.high64, hash.low64);
}

void DecodeMetadata(std::string_view message, SeriesBatch::Metadata& metadata) {
  metadata.type = MetricTypeName(0);
  WireReader reader(message);
  while (reader.Next()) {
    switch (reader.tag()) {
      case Varint(1):
        metadata.type = MetricTypeName(reader.Varint());
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

absl::Status Decode(std::string_view body, WriteParts& parts) {
  WireReader reader(body);
  while (reader.Next()) {
    switch (reader.tag()) {
      case Bytes(1):
        DecodeSeries(reader.Bytes(), parts);
        break;
      case Bytes(3):
        DecodeMetadata(reader.Bytes(), parts.AddMetadata());
        break;
      case Bytes(5):  // Where 2.0 has its series.
        return base::InvalidArgument(
            "the body has series as io.prometheus.write.v2.Request has them, and came as "
            "prometheus.WriteRequest; name its message in Content-Type");
      default:
        reader.Skip();
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status DecodeRemoteWrite(std::string_view body, SeriesBatch& batch,
                               base::MemoryLease* lease) {
  return DecodeWrite(body, "prometheus.WriteRequest", batch, [&] {
    WriteParts parts(body, batch, lease);
    return Decode(body, parts);
  });
}

}  // namespace slowburn::collector
