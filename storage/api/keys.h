// storage/api/keys.h: the keys of each family, built and read in one place.
//
// Room     storage/api
// Uses     standard library
// Threads  pure functions
// Units    day = unix days; hour = 0..23 of the day; numbers in keys are big-endian, so that byte
// order is their order Source   docs/format/keys.md
//
// Every key: format byte 0x01, tenant u16 (0), then what the function says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace slowburn::storage {

// Family kLog: sequence u64.
std::string LogKey(uint64_t sequence);
std::optional<uint64_t> ReadLogKey(std::string_view key);

// Family kMeta: a name ("checkpoint_seq"), or a table name, '/', and numbers u32 each, or an id.
std::string MetaKey(std::string_view name);
std::string ExclusionKey(std::string_view id);            // "exclusion/" id  -> ExclusionChange
std::string SliKey(uint32_t sli);                         // "sli/" sli        -> SliRegistration
std::string GroupKey(uint32_t sli, uint32_t group);       // "group/" sli group -> GroupAdmission
std::string GroupStateKey(uint32_t sli, uint32_t group);  // "state/" sli group -> GroupState
std::string EpochsKey(std::string_view slo);              // "epochs/" id     -> SloEpochs
std::string PastKey(uint32_t sli);                        // "past/" sli       -> SliPast

// [begin, end) of all keys of a meta table: "sli/", "group/", "state/", "exclusion/", "epochs/",
// "past/".
struct KeyRange {
  std::string begin;
  std::string end;
};
KeyRange MetaTable(std::string_view table);
// All keys of a family.
KeyRange WholeFamily();

// Family kSlices: day u32, kind u8, sli u32, group u32, and for blocks of an hour the hour u8.
struct SliceBlockKey {
  enum class Kind : uint8_t {
    kHour = 'h',  // counts
    kDay = 'd',
    kLatencyHour = 'l',  // latency histograms
    kLatencyDay = 'L',
  };
  uint32_t day = 0;
  Kind kind = Kind::kHour;
  uint32_t sli = 0;
  uint32_t group = 0;
  uint8_t hour = 0;  // kHour and kLatencyHour only

  std::string Encode() const;
  static std::optional<SliceBlockKey> Decode(std::string_view key);
};
// All blocks of one kind, SLI and group on one day.
KeyRange SliceBlocksOfDay(uint32_t day, SliceBlockKey::Kind kind, uint32_t sli, uint32_t group);
// All blocks of one kind on days before `day` cannot be one range, because the day comes first;
// this is one day's blocks of a kind.
KeyRange SliceBlocksOfDay(uint32_t day, SliceBlockKey::Kind kind);

// Family kAlerts: the alert's label text (model::LabelSet::Text).
std::string AlertKey(std::string_view labels_text);

// Family kDedup: the newest time u64 (unix nanoseconds) in the block, and the log's newest sequence
// u64 when it was made -> DedupBlock: the oldest come first.
std::string DedupBlockKey(int64_t newest_unix_nano, uint64_t sequence);
// Before format 7 also: time u64, hash 16 bytes -> DedupEntry.
bool IsDedupBlockKey(std::string_view key);
std::string DedupTimeKey(int64_t time_unix_nano);  // the least key at or after this time

// Family kLedger: one key.
std::string LedgerKey();

// Family kStreams: block u32 -> StreamBlock.
std::string StreamBlockKey(uint32_t block);
std::optional<uint32_t> ReadStreamBlockKey(std::string_view key);
KeyRange StreamBlocks();
// Also there: 'm', and the StreamKey's two numbers u64 -> MetricStream; 's', SLI u32, writer u64 ->
// MetricSource. Blocks have ids so small that they come first.
std::string MetricStreamKey(uint64_t high, uint64_t low);
std::string MetricSourceKey(uint32_t sli, uint64_t writer);
KeyRange MetricStreamKeys();
KeyRange MetricSourceKeys();

}  // namespace slowburn::storage
