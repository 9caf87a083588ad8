// storage/api/series_keys.h: the keys of the families that hold time series.
//
// Room     storage/api
// Uses     standard library
// Threads  pure functions
// Units    day = unix days; times are unix milliseconds, not before 1970; numbers in keys are
// big-endian Source   docs/format/keys.md, docs/format/series.md
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/api/keys.h"

namespace slowburn::storage {

// Family kSeries: a letter, and then
std::string SeriesRecordKey(uint64_t series);            // 'l' series u64   -> SeriesRecord
std::string SeriesHashKey(uint64_t high, uint64_t low);  // 'h' 2 x u64      -> series ids
std::string OpenSeriesKey(uint64_t series);              // 'o' series u64   -> OpenSeries
std::string MetricMetadataKey(std::string_view metric);  // 'm' the metric   -> its metadata
std::string SeriesDayKey(uint32_t day);                  // 'd' day u32      -> DaySummary
std::string SeriesStateKey();                            // 's'              -> SeriesState
KeyRange OpenSeriesKeys();
KeyRange MetricMetadataKeys();
KeyRange SeriesDayKeys();
std::optional<uint64_t> ReadOpenSeriesKey(std::string_view key);
std::optional<std::string_view> ReadMetricMetadataKey(std::string_view key);
std::optional<uint32_t> ReadSeriesDayKey(std::string_view key);

// Family kPostings: day u32, label name, value, block u48: the series of one day that have the
// label, of ids 65,536 * block and the 65,535 after it. Text in keys keeps its order: a byte 00 is
// 00 ff, and 00 01 ends it. The empty name and value stand for every series of the day.
struct PostingsKey {
  uint32_t day = 0;
  std::string name;
  std::string value;
  uint64_t block = 0;

  std::string Encode() const;
  static std::optional<PostingsKey> Decode(std::string_view key);
};
KeyRange PostingsOfDay(uint32_t day);
KeyRange PostingsOfLabel(uint32_t day, std::string_view name, std::string_view value_prefix);
KeyRange PostingsOfValue(uint32_t day, std::string_view name, std::string_view value);

// Family kChunks: day u32, series u64, kind u8, start u64: the first sample's time.
struct ChunkKey {
  enum class Kind : uint8_t { kFloats = 'f', kHistograms = 'h', kExemplars = 'x' };
  uint32_t day = 0;
  uint64_t series = 0;
  Kind kind = Kind::kFloats;
  int64_t start_ms = 0;

  std::string Encode() const;
  static std::optional<ChunkKey> Decode(std::string_view key);
};
KeyRange ChunksOfDay(uint32_t day);
KeyRange ChunksOfSeries(uint32_t day, uint64_t series, ChunkKey::Kind kind);

}  // namespace slowburn::storage
