#include "collector/internal/stream_hasher.h"

#include <array>
#include <cstdint>
#include <cstring>

#define XXH_INLINE_ALL
#include <protozero/varint.hpp>
#include <xxhash.h>

#include "collector/internal/otlp_fields.h"
#include "collector/internal/wire_reader.h"

namespace slowburn::collector {
namespace {

using model::StreamHash;

StreamHash Hash(const void* data, size_t size) {
  const XXH128_hash_t hash = XXH3_128bits(data, size);
  return {hash.high64, hash.low64};
}
StreamHash Hash(std::string_view text) { return Hash(text.data(), text.size()); }
// Of numbers without a gap between them.
template <size_t n>
StreamHash Hash(const std::array<uint64_t, n>& words) {
  return Hash(words.data(), sizeof(words));
}

// As one number of 128 bits. (Two sums would be as good, but g++ 12 makes a vector of them and
// waits for both halves to reach memory: 1.3 x on a whole request.)
void AddTo(StreamHash& set, StreamHash attribute) {
  __extension__ using Wide = unsigned __int128;
  const Wide sum = (Wide{set.high} << 64 | set.low) + (Wide{attribute.high} << 64 | attribute.low);
  set.high = static_cast<uint64_t>(sum >> 64);
  set.low = static_cast<uint64_t>(sum);
}

// Whether `varint` is one, and as short as it can be.
bool IsShortestVarint(std::string_view varint) {
  const auto byte = [varint](size_t at) { return static_cast<uint8_t>(varint[at]); };
  if (varint.empty() || varint.size() > 10) return false;
  for (size_t i = 0; i + 1 < varint.size(); ++i) {
    if (byte(i) < 0x80) return false;
  }
  const uint8_t last = byte(varint.size() - 1);
  if (varint.size() == 10 && last > 1) return false;  // beyond 64 bits
  return last < 0x80 && (last != 0 || varint.size() == 1);
}

// Says no where it does not know: of lengths it knows those of one byte.
bool IsCanonical(std::string_view any_value) {
  if (any_value.empty()) return true;
  if (any_value.size() == 1) return false;
  switch (static_cast<uint8_t>(any_value[0])) {
    case tags::kAnyString:
    case tags::kAnyBytes:
    case tags::kAnyArray:
    case tags::kAnyKeyValueList: {
      const auto size = static_cast<uint8_t>(any_value[1]);
      return size < 0x80 && any_value.size() == size_t{2} + size;
    }
    case tags::kAnyBool:
      return any_value.size() == 2 && static_cast<uint8_t>(any_value[1]) <= 1;
    case tags::kAnyInt:
      return IsShortestVarint(any_value.substr(1));
    case tags::kAnyDouble:
      return any_value.size() == 9;
    default:
      return false;
  }
}

// What is hashed piece by piece, so that large values take no memory: the same hash as of the
// whole.
class PieceHasher {
 public:
  PieceHasher() { XXH3_128bits_reset(&state_); }

  void Add(std::string_view bytes) { XXH3_128bits_update(&state_, bytes.data(), bytes.size()); }
  void AddVarint(uint64_t value) {
    std::array<char, protozero::max_varint_length> bytes;
    Add({bytes.data(), static_cast<size_t>(protozero::add_varint_to_buffer(bytes.data(), value))});
  }
  StreamHash Finish() const {
    const XXH128_hash_t hash = XXH3_128bits_digest(&state_);
    return {hash.high64, hash.low64};
  }

 private:
  XXH3_state_t state_;
};

// The canonical encoding of an AnyValue: `head`, then the bytes of those of its fields that hold
// what counts.
struct CanonicalValue {
  std::array<char, 2 * protozero::max_varint_length> head_bytes;
  size_t head_size = 0;
  uint32_t member = 0;          // the tag of the one that counts: the last
  const char* begin = nullptr;  // where the fields of `member` begin that count
  size_t content_size = 0;      // of those together

  std::string_view head() const { return {head_bytes.data(), head_size}; }
  size_t size() const { return head_size + content_size; }
  void PutVarint(uint64_t value) {
    char* const at = head_bytes.data() + head_size;
    head_size += static_cast<size_t>(protozero::add_varint_to_buffer(at, value));
  }
};

bool HasContent(uint32_t member) {
  return member == tags::kAnyString || member == tags::kAnyBytes || member == tags::kAnyArray ||
         member == tags::kAnyKeyValueList;
}

CanonicalValue Canonical(std::string_view any_value) {
  CanonicalValue value;
  uint64_t number = 0;
  WireReader reader(any_value);
  while (reader.Next()) {
    switch (reader.tag()) {
      case tags::kAnyString:
      case tags::kAnyBytes:
        value.content_size = reader.Bytes().size();
        value.begin = reader.field().data();
        break;
      case tags::kAnyArray:
      case tags::kAnyKeyValueList: {  // Messages: one that is repeated is merged.
        const size_t size = reader.Bytes().size();
        if (value.member != reader.tag()) {
          value.content_size = 0;
          value.begin = reader.field().data();
        }
        value.content_size += size;
        break;
      }
      case tags::kAnyBool:
        number = reader.Varint() != 0 ? 1 : 0;
        break;
      case tags::kAnyInt:
        number = reader.Varint();
        break;
      case tags::kAnyDouble:
        number = reader.Fixed64();
        break;
      case tags::kAnyStringIndex:  // absent (V12)
        reader.Skip();
        break;
      default:
        reader.Skip();
        continue;
    }
    value.member = reader.tag();
  }
  if (!HasContent(value.member)) value.content_size = 0;

  switch (value.member) {
    case 0:
    case tags::kAnyStringIndex:
      break;
    case tags::kAnyBool:
    case tags::kAnyInt:
      value.PutVarint(value.member);
      value.PutVarint(number);
      break;
    case tags::kAnyDouble:
      value.PutVarint(value.member);
      std::memcpy(value.head_bytes.data() + value.head_size, &number, sizeof(number));
      value.head_size += sizeof(number);
      break;
    default:
      value.PutVarint(value.member);
      value.PutVarint(value.content_size);
  }
  return value;
}

// What every KeyValue begins with.
void AddKey(std::string_view key, size_t any_value_size, PieceHasher& hasher) {
  hasher.AddVarint(tags::kKeyValueKey);
  hasher.AddVarint(key.size());
  hasher.Add(key);
  hasher.AddVarint(tags::kKeyValueValue);
  hasher.AddVarint(any_value_size);
}

// The rare ones are out of line: a PieceHasher is a large frame, and its code would be everywhere.

// `any_value` is canonical.
[[gnu::noinline]] StreamHash HashLargeKeyValue(std::string_view key, std::string_view any_value) {
  PieceHasher hasher;
  AddKey(key, any_value.size(), hasher);
  hasher.Add(any_value);
  return hasher.Finish();
}

// `any_value` is canonical.
StreamHash HashKeyValue(std::string_view key, std::string_view any_value) {
  std::array<char, 256> small;
  if (key.size() < 0x80 && any_value.size() < 0x80 &&
      4 + key.size() + any_value.size() <= small.size()) {
    small[0] = static_cast<char>(tags::kKeyValueKey);
    small[1] = static_cast<char>(key.size());
    key.copy(&small[2], key.size());
    char* const value = &small[2 + key.size()];
    value[0] = static_cast<char>(tags::kKeyValueValue);
    value[1] = static_cast<char>(any_value.size());
    any_value.copy(value + 2, any_value.size());
    return Hash(small.data(), 4 + key.size() + any_value.size());
  }
  return HashLargeKeyValue(key, any_value);
}

// `any_value` may be encoded in any way.
[[gnu::noinline]] StreamHash HashOtherKeyValue(std::string_view key, std::string_view any_value) {
  const CanonicalValue value = Canonical(any_value);
  PieceHasher hasher;
  AddKey(key, value.size(), hasher);
  hasher.Add(value.head());
  WireReader reader(any_value);
  for (size_t left = value.content_size; left > 0 && reader.Next();) {
    const bool counts = reader.tag() == value.member;
    if (!counts) {
      reader.Skip();
      continue;
    }
    const std::string_view content = reader.Bytes();
    if (reader.field().data() < value.begin) continue;
    hasher.Add(content);
    left -= content.size();
  }
  return hasher.Finish();
}

StreamHash HashAttributes(const model::MetricBatch& batch, model::IndexRange range) {
  StreamHash set;
  for (uint32_t i = range.begin; i < range.end; ++i) {
    AddAttribute(batch.raw_attributes[i].key, batch.raw_attributes[i].value, set);
  }
  return set;
}

StreamHash HashScope(StreamHash resource, const model::ScopeEntry& scope, StreamHash attributes) {
  const StreamHash name = Hash(scope.scope_name);
  const StreamHash version = Hash(scope.scope_version);
  const StreamHash hash =
      Hash(std::array{resource.high, resource.low, attributes.high, attributes.low, name.high,
                      name.low, version.high, version.low});
  if (scope.schema_url.empty()) return hash;
  const StreamHash schema = Hash(scope.schema_url);
  return Hash(std::array{hash.high, hash.low, schema.high, schema.low});
}

StreamHash HashMetric(StreamHash scope, const model::Metric& metric) {
  const StreamHash name = Hash(metric.name);
  const StreamHash unit = Hash(metric.unit);
  const uint64_t kind = static_cast<uint64_t>(metric.type) << 16 |
                        static_cast<uint64_t>(metric.temporality) << 8 |
                        (metric.is_monotonic ? 1u : 0u);
  return Hash(std::array{scope.high, scope.low, name.high, name.low, unit.high, unit.low, kind});
}

}  // namespace

void AddAttribute(std::string_view key, std::string_view any_value, StreamHash& set) {
  AddTo(set,
        IsCanonical(any_value) ? HashKeyValue(key, any_value) : HashOtherKeyValue(key, any_value));
}

void FinishStreamsOfLastResource(model::MetricBatch& batch) {
  const model::ResourceEntry& resource = batch.resources.back();
  const StreamHash resource_hash = HashAttributes(batch, batch.resource_raw_attributes.back());
  for (uint32_t s = resource.scope_begin; s < resource.scope_end; ++s) {
    const model::ScopeEntry& scope = batch.scopes[s];
    const StreamHash scope_hash =
        HashScope(resource_hash, scope, HashAttributes(batch, batch.scope_raw_attributes[s]));
    for (uint32_t m = scope.item_begin; m < scope.item_end; ++m) {
      const model::Metric& metric = batch.metrics[m];
      const StreamHash metric_hash = HashMetric(scope_hash, metric);
      for (uint32_t p = metric.point_begin; p < metric.point_end; ++p) {
        StreamHash& stream = batch.points[p].stream;
        stream = Hash(std::array{metric_hash.high, metric_hash.low, stream.high, stream.low});
      }
    }
  }
}

namespace stream_hasher {

void AddCanonical(std::string_view key_value, StreamHash& set) { AddTo(set, Hash(key_value)); }

void AddOther(std::string_view key_value, std::string_view any_value, StreamHash& set) {
  if (IsCanonical(any_value)) return AddCanonical(key_value, set);
  const size_t key_size = key_value.size() - any_value.size() - 4;
  AddTo(set, HashOtherKeyValue(key_value.substr(2, key_size), any_value));
}

}  // namespace stream_hasher
}  // namespace slowburn::collector
