#include "storage/api/series_keys.h"

#include <utility>

#include "storage/api/internal/key_bytes.h"

namespace slowburn::storage {
namespace {

using internal::AllThatBeginWith;
using internal::AppendBigEndian;
using internal::HasPrefix;
using internal::kPrefixBytes;
using internal::Prefix;
using internal::TakeBigEndian;

constexpr size_t kBlockBytes = 6;

std::string Table(char letter) { return Prefix() + letter; }

template <typename T>
std::string TableKey(char letter, T number) {
  std::string key = Table(letter);
  AppendBigEndian(number, key);
  return key;
}

template <typename T>
std::optional<T> ReadTableKey(std::string_view key, char letter) {
  if (key.size() != kPrefixBytes + 1 + sizeof(T) || !HasPrefix(key) ||
      key[kPrefixBytes] != letter) {
    return std::nullopt;
  }
  key.remove_prefix(kPrefixBytes + 1);
  return TakeBigEndian<T>(key);
}

void AppendEscaped(std::string_view text, std::string& key) {
  for (const char c : text) {
    key.push_back(c);
    if (c == '\0') key.push_back('\xff');
  }
}

void AppendText(std::string_view text, std::string& key) {
  AppendEscaped(text, key);
  key.append("\0\1", 2);
}

std::optional<std::string> TakeText(std::string_view& key) {
  std::string text;
  while (key.size() >= 2) {
    if (key[0] != '\0') {
      text.push_back(key[0]);
      key.remove_prefix(1);
      continue;
    }
    const char next = key[1];
    key.remove_prefix(2);
    if (next == '\1') return text;
    if (next != '\xff') return std::nullopt;
    text.push_back('\0');
  }
  return std::nullopt;
}

std::string DayPrefix(uint32_t day) {
  std::string key = Prefix();
  AppendBigEndian(day, key);
  return key;
}

std::string LabelPrefix(uint32_t day, std::string_view name) {
  std::string key = DayPrefix(day);
  AppendText(name, key);
  return key;
}

std::string ChunksPrefix(uint32_t day, uint64_t series, ChunkKey::Kind kind) {
  std::string key = DayPrefix(day);
  AppendBigEndian(series, key);
  key.push_back(static_cast<char>(kind));
  return key;
}

}  // namespace

std::string SeriesRecordKey(uint64_t series) { return TableKey('l', series); }
std::string SeriesHashKey(uint64_t high, uint64_t low) {
  std::string key = TableKey('h', high);
  AppendBigEndian(low, key);
  return key;
}
std::string OpenSeriesKey(uint64_t series) { return TableKey('o', series); }
std::string MetricMetadataKey(std::string_view metric) { return Table('m').append(metric); }
std::string SeriesDayKey(uint32_t day) { return TableKey('d', day); }
std::string SeriesStateKey() { return Table('s'); }
KeyRange OpenSeriesKeys() { return AllThatBeginWith(Table('o')); }
KeyRange MetricMetadataKeys() { return AllThatBeginWith(Table('m')); }
KeyRange SeriesDayKeys() { return AllThatBeginWith(Table('d')); }

std::optional<uint64_t> ReadOpenSeriesKey(std::string_view key) {
  return ReadTableKey<uint64_t>(key, 'o');
}
std::optional<std::string_view> ReadMetricMetadataKey(std::string_view key) {
  if (key.size() <= kPrefixBytes || !HasPrefix(key) || key[kPrefixBytes] != 'm') {
    return std::nullopt;
  }
  return key.substr(kPrefixBytes + 1);
}
std::optional<uint32_t> ReadSeriesDayKey(std::string_view key) {
  return ReadTableKey<uint32_t>(key, 'd');
}

std::string PostingsKey::Encode() const {
  std::string key = LabelPrefix(day, name);
  AppendText(value, key);
  for (size_t byte = kBlockBytes; byte-- > 0;) {
    key.push_back(static_cast<char>((block >> (8 * byte)) & 0xFF));
  }
  return key;
}

std::optional<PostingsKey> PostingsKey::Decode(std::string_view key) {
  if (key.size() < kPrefixBytes + 4 || !HasPrefix(key)) return std::nullopt;
  key.remove_prefix(kPrefixBytes);
  PostingsKey postings;
  postings.day = TakeBigEndian<uint32_t>(key);
  auto name = TakeText(key);
  if (!name) return std::nullopt;
  auto value = TakeText(key);
  if (!value || key.size() != kBlockBytes) return std::nullopt;
  postings.name = *std::move(name);
  postings.value = *std::move(value);
  for (const char byte : key) {
    postings.block = (postings.block << 8) | static_cast<unsigned char>(byte);
  }
  return postings;
}

KeyRange PostingsOfDay(uint32_t day) { return AllThatBeginWith(DayPrefix(day)); }

KeyRange PostingsOfLabel(uint32_t day, std::string_view name, std::string_view value_prefix) {
  std::string key = LabelPrefix(day, name);
  AppendEscaped(value_prefix, key);
  return AllThatBeginWith(std::move(key));
}

KeyRange PostingsOfValue(uint32_t day, std::string_view name, std::string_view value) {
  std::string key = LabelPrefix(day, name);
  AppendText(value, key);
  return AllThatBeginWith(std::move(key));
}

std::string ChunkKey::Encode() const {
  std::string key = ChunksPrefix(day, series, kind);
  AppendBigEndian(static_cast<uint64_t>(start_ms), key);
  return key;
}

std::optional<ChunkKey> ChunkKey::Decode(std::string_view key) {
  if (key.size() != kPrefixBytes + 4 + 8 + 1 + 8 || !HasPrefix(key)) return std::nullopt;
  key.remove_prefix(kPrefixBytes);
  ChunkKey chunk;
  chunk.day = TakeBigEndian<uint32_t>(key);
  chunk.series = TakeBigEndian<uint64_t>(key);
  const auto kind = TakeBigEndian<uint8_t>(key);
  if (kind != 'f' && kind != 'h' && kind != 'x') return std::nullopt;
  chunk.kind = static_cast<Kind>(kind);
  chunk.start_ms = static_cast<int64_t>(TakeBigEndian<uint64_t>(key));
  if (chunk.start_ms < 0) return std::nullopt;
  return chunk;
}

KeyRange ChunksOfDay(uint32_t day) { return AllThatBeginWith(DayPrefix(day)); }

KeyRange ChunksOfSeries(uint32_t day, uint64_t series, ChunkKey::Kind kind) {
  return AllThatBeginWith(ChunksPrefix(day, series, kind));
}

}  // namespace slowburn::storage
