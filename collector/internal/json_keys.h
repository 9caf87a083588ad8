// collector/internal/json_keys.h: the keys of OTLP/JSON.
//
// Room     collector/internal
// Uses     standard library
// Threads  constants
// Units    none
// Source   OTLP's .proto files; proto3 JSON mapping (lowerCamelCase)
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace slowburn::collector {

enum class JsonKey : uint8_t {
  kUnknown,
  kAggregationTemporality,
  kArrayValue,
  kAsDouble,
  kAsInt,
  kAttributes,
  kBody,
  kBoolValue,
  kBucketCounts,
  kBytesValue,
  kCode,
  kCount,
  kDataPoints,
  kDescription,
  kDescriptionKeys,
  kDoubleValue,
  kDroppedAttributesCount,
  kDroppedEventsCount,
  kDroppedLinksCount,
  kEndTimeUnixNano,
  kEntityRefs,
  kEventName,
  kEvents,
  kExemplars,
  kExplicitBounds,
  kExponentialHistogram,
  kFilteredAttributes,
  kFlags,
  kGauge,
  kHistogram,
  kIdKeys,
  kIntValue,
  kIsMonotonic,
  kKey,
  kKeyStrindex,
  kKind,
  kKvlistValue,
  kLinks,
  kLogRecords,
  kMax,
  kMessage,
  kMetadata,
  kMetrics,
  kMin,
  kName,
  kNegative,
  kObservedTimeUnixNano,
  kOffset,
  kParentSpanId,
  kPositive,
  kQuantile,
  kQuantileValues,
  kResource,
  kResourceLogs,
  kResourceMetrics,
  kResourceSpans,
  kScale,
  kSchemaUrl,
  kScope,
  kScopeLogs,
  kScopeMetrics,
  kScopeSpans,
  kSeverityNumber,
  kSeverityText,
  kSpanId,
  kSpans,
  kStartTimeUnixNano,
  kStatus,
  kStringValue,
  kStringValueStrindex,
  kSum,
  kSummary,
  kTimeUnixNano,
  kTraceId,
  kTraceState,
  kType,
  kUnit,
  kValue,
  kValues,
  kVersion,
  kZeroCount,
  kZeroThreshold,
};

namespace json_keys {

struct Name {
  JsonKey key;
  std::string_view text;
};

inline constexpr std::array kNames = std::to_array<Name>({
    {JsonKey::kAggregationTemporality, "aggregationTemporality"},
    {JsonKey::kArrayValue, "arrayValue"},
    {JsonKey::kAsDouble, "asDouble"},
    {JsonKey::kAsInt, "asInt"},
    {JsonKey::kAttributes, "attributes"},
    {JsonKey::kBody, "body"},
    {JsonKey::kBoolValue, "boolValue"},
    {JsonKey::kBucketCounts, "bucketCounts"},
    {JsonKey::kBytesValue, "bytesValue"},
    {JsonKey::kCode, "code"},
    {JsonKey::kCount, "count"},
    {JsonKey::kDataPoints, "dataPoints"},
    {JsonKey::kDescription, "description"},
    {JsonKey::kDescriptionKeys, "descriptionKeys"},
    {JsonKey::kDoubleValue, "doubleValue"},
    {JsonKey::kDroppedAttributesCount, "droppedAttributesCount"},
    {JsonKey::kDroppedEventsCount, "droppedEventsCount"},
    {JsonKey::kDroppedLinksCount, "droppedLinksCount"},
    {JsonKey::kEndTimeUnixNano, "endTimeUnixNano"},
    {JsonKey::kEntityRefs, "entityRefs"},
    {JsonKey::kEventName, "eventName"},
    {JsonKey::kEvents, "events"},
    {JsonKey::kExemplars, "exemplars"},
    {JsonKey::kExplicitBounds, "explicitBounds"},
    {JsonKey::kExponentialHistogram, "exponentialHistogram"},
    {JsonKey::kFilteredAttributes, "filteredAttributes"},
    {JsonKey::kFlags, "flags"},
    {JsonKey::kGauge, "gauge"},
    {JsonKey::kHistogram, "histogram"},
    {JsonKey::kIdKeys, "idKeys"},
    {JsonKey::kIntValue, "intValue"},
    {JsonKey::kIsMonotonic, "isMonotonic"},
    {JsonKey::kKey, "key"},
    {JsonKey::kKeyStrindex, "keyStrindex"},
    {JsonKey::kKind, "kind"},
    {JsonKey::kKvlistValue, "kvlistValue"},
    {JsonKey::kLinks, "links"},
    {JsonKey::kLogRecords, "logRecords"},
    {JsonKey::kMax, "max"},
    {JsonKey::kMessage, "message"},
    {JsonKey::kMetadata, "metadata"},
    {JsonKey::kMetrics, "metrics"},
    {JsonKey::kMin, "min"},
    {JsonKey::kName, "name"},
    {JsonKey::kNegative, "negative"},
    {JsonKey::kObservedTimeUnixNano, "observedTimeUnixNano"},
    {JsonKey::kOffset, "offset"},
    {JsonKey::kParentSpanId, "parentSpanId"},
    {JsonKey::kPositive, "positive"},
    {JsonKey::kQuantile, "quantile"},
    {JsonKey::kQuantileValues, "quantileValues"},
    {JsonKey::kResource, "resource"},
    {JsonKey::kResourceLogs, "resourceLogs"},
    {JsonKey::kResourceMetrics, "resourceMetrics"},
    {JsonKey::kResourceSpans, "resourceSpans"},
    {JsonKey::kScale, "scale"},
    {JsonKey::kSchemaUrl, "schemaUrl"},
    {JsonKey::kScope, "scope"},
    {JsonKey::kScopeLogs, "scopeLogs"},
    {JsonKey::kScopeMetrics, "scopeMetrics"},
    {JsonKey::kScopeSpans, "scopeSpans"},
    {JsonKey::kSeverityNumber, "severityNumber"},
    {JsonKey::kSeverityText, "severityText"},
    {JsonKey::kSpanId, "spanId"},
    {JsonKey::kSpans, "spans"},
    {JsonKey::kStartTimeUnixNano, "startTimeUnixNano"},
    {JsonKey::kStatus, "status"},
    {JsonKey::kStringValue, "stringValue"},
    {JsonKey::kStringValueStrindex, "stringValueStrindex"},
    {JsonKey::kSum, "sum"},
    {JsonKey::kSummary, "summary"},
    {JsonKey::kTimeUnixNano, "timeUnixNano"},
    {JsonKey::kTraceId, "traceId"},
    {JsonKey::kTraceState, "traceState"},
    {JsonKey::kType, "type"},
    {JsonKey::kUnit, "unit"},
    {JsonKey::kValue, "value"},
    {JsonKey::kValues, "values"},
    {JsonKey::kVersion, "version"},
    {JsonKey::kZeroCount, "zeroCount"},
    {JsonKey::kZeroThreshold, "zeroThreshold"},
});
inline constexpr size_t kKeys = kNames.size() + 1;  // kUnknown too
inline constexpr size_t kSizeMax = 24;              // three words of 8 bytes

constexpr uint64_t WordAt(std::string_view text, size_t begin) {
  uint64_t word = 0;
  for (size_t i = 0; i < 8 && begin + i < text.size(); ++i) {
    word |= uint64_t{static_cast<uint8_t>(text[begin + i])} << (8 * i);
  }
  return word;
}

inline uint64_t Load(const char* text) {
  uint64_t word;
  std::memcpy(&word, text, sizeof(word));
  return word;
}

// A key as three words of 8 bytes, which overlap unless it has 24: compared without a loop. Of a
// key with fewer than 8 bytes each is the same masked word.
struct Entry {
  uint64_t head = 0;
  uint64_t middle = 0;
  uint64_t tail = 0;
  uint64_t mask = 0;
  uint8_t middle_at = 0;
  uint8_t tail_at = 0;
  uint8_t size = 0xFF;  // 0xFF: no key
  JsonKey key = JsonKey::kUnknown;

  constexpr Entry() = default;
  constexpr Entry(JsonKey own_key, std::string_view text)
      : mask(text.size() < 8 ? (uint64_t{1} << (8 * text.size())) - 1 : ~uint64_t{0}),
        middle_at(text.size() < 16 ? 0 : 8),
        tail_at(static_cast<uint8_t>(text.size() < 8 ? 0 : text.size() - 8)),
        size(static_cast<uint8_t>(text.size())),
        key(own_key) {
    head = WordAt(text, 0);
    middle = WordAt(text, middle_at);
    tail = WordAt(text, tail_at);
  }

  // Whether `text` begins with it.
  bool IsAt(const char* text) const {
    const uint64_t difference =
        (Load(text) ^ head) | (Load(text + middle_at) ^ middle) | (Load(text + tail_at) ^ tail);
    return (difference & mask) == 0;
  }
};

// No two keys share both head and size.
constexpr size_t kSlotBits = 9;
constexpr size_t SlotOf(uint64_t head, size_t size, uint64_t seed) {
  return ((head + size * 0x9E3779B97F4A7C15ull) * seed) >> (64 - kSlotBits);
}

struct Table {
  uint64_t seed = 0;
  std::array<uint8_t, size_t{1} << kSlotBits> slots{};  // of entries; 0: none
  std::array<Entry, kKeys> entries{};
};

constexpr bool FillSlots(Table& table, uint64_t seed) {
  table.seed = seed;
  table.slots = {};
  for (size_t i = 0; i < kNames.size(); ++i) {
    const std::string_view text = kNames[i].text;
    uint8_t& slot = table.slots[SlotOf(WordAt(text, 0), text.size(), seed)];
    if (slot != 0) return false;
    slot = static_cast<uint8_t>(i + 1);
  }
  return true;
}

// Without collisions: the first odd seed that has none.
consteval Table MakeTable() {
  Table table;
  for (size_t i = 0; i < kNames.size(); ++i) {
    table.entries[i + 1] = Entry(kNames[i].key, kNames[i].text);
  }
  uint64_t seed = 0xD6E8FEB86659FD93ull;
  while (!FillSlots(table, seed)) seed = seed * 6364136223846793005ull + 1442695040888963406ull;
  return table;
}
inline constexpr Table kTable = MakeTable();

// A key as it stands between its comma and its value, "key": with quotes and colon, and 0xFF for
// each of its bytes.
struct QuotedKey {
  static constexpr size_t kRoom = 32;
  static_assert(kSizeMax + 3 <= kRoom);
  std::array<char, kRoom> text{};
  std::array<char, kRoom> mask{};
};

consteval std::array<QuotedKey, kKeys> QuoteKeys() {
  std::array<QuotedKey, kKeys> quoted;
  for (size_t i = 0; i < kNames.size(); ++i) {
    QuotedKey& key = quoted[i + 1];
    size_t size = 0;
    key.text[size++] = '"';
    for (const char c : kNames[i].text) key.text[size++] = c;
    key.text[size++] = '"';
    key.text[size++] = ':';
    for (size_t at = 0; at < size; ++at) key.mask[at] = '\xFF';
  }
  return quoted;
}
// By JsonKey.
inline constexpr std::array<QuotedKey, kKeys> kQuotedKeys = QuoteKeys();

}  // namespace json_keys

// The key that `text` is, or kUnknown. Eight bytes from its begin can be read, however long it is.
inline JsonKey FindJsonKey(std::string_view text) {
  using namespace json_keys;
  const size_t size = text.size();
  if (size > kSizeMax) return JsonKey::kUnknown;
  uint64_t head = Load(text.data());
  if (size < 8) head &= (uint64_t{1} << (8 * size)) - 1;
  const uint8_t slot = kTable.slots.data()[SlotOf(head, size, kTable.seed)];
  const Entry& entry = kTable.entries.data()[slot];
  return entry.size == size && entry.IsAt(text.data()) ? entry.key : JsonKey::kUnknown;
}

// Which key followed which in the last object of a kind: senders write all of a kind alike.
class JsonKeyOrder {
 public:
  const json_keys::Entry& After(JsonKey key) const {
    // Without the library's check of each index: keys are of their type.
    const JsonKey next = next_.data()[static_cast<size_t>(key)];
    return json_keys::kTable.entries.data()[static_cast<size_t>(next)];
  }
  void Set(JsonKey key, JsonKey next) { next_[static_cast<size_t>(key)] = next; }

 private:
  std::array<JsonKey, json_keys::kKeys> next_{};
};

}  // namespace slowburn::collector
