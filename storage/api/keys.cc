#include "storage/api/keys.h"

#include <algorithm>

#include "storage/api/internal/key_bytes.h"

namespace slowburn::storage {
namespace {

using internal::AllThatBeginWith;
using internal::AppendBigEndian;
using internal::HasPrefix;
using internal::kPrefixBytes;
using internal::Prefix;
using internal::TakeBigEndian;

constexpr size_t kDayBlockBytes = kPrefixBytes + 4 + 1 + 4 + 4;
constexpr size_t kHourBlockBytes = kDayBlockBytes + 1;
constexpr char kMetricStream = 'm';
constexpr char kMetricSource = 's';

std::string SliceBlockPrefix(uint32_t day, SliceBlockKey::Kind kind) {
  std::string key = Prefix();
  AppendBigEndian(day, key);
  key.push_back(static_cast<char>(kind));
  return key;
}

std::string SliceBlockPrefix(uint32_t day, SliceBlockKey::Kind kind, uint32_t sli, uint32_t group) {
  std::string key = SliceBlockPrefix(day, kind);
  AppendBigEndian(sli, key);
  AppendBigEndian(group, key);
  return key;
}

bool IsOfAnHour(SliceBlockKey::Kind kind) {
  return kind == SliceBlockKey::Kind::kHour || kind == SliceBlockKey::Kind::kLatencyHour;
}

std::string GroupTableKey(std::string_view table, uint32_t sli, uint32_t group) {
  std::string key = MetaKey(table);
  AppendBigEndian(sli, key);
  AppendBigEndian(group, key);
  return key;
}

}  // namespace

std::string LogKey(uint64_t sequence) {
  std::string key = Prefix();
  AppendBigEndian(sequence, key);
  return key;
}

std::optional<uint64_t> ReadLogKey(std::string_view key) {
  if (key.size() != kPrefixBytes + 8 || !HasPrefix(key)) return std::nullopt;
  key.remove_prefix(kPrefixBytes);
  return TakeBigEndian<uint64_t>(key);
}

std::string MetaKey(std::string_view name) { return Prefix().append(name); }

std::string ExclusionKey(std::string_view id) { return MetaKey("exclusion/").append(id); }

std::string SliKey(uint32_t sli) {
  std::string key = MetaKey("sli/");
  AppendBigEndian(sli, key);
  return key;
}

std::string GroupKey(uint32_t sli, uint32_t group) { return GroupTableKey("group/", sli, group); }

std::string GroupStateKey(uint32_t sli, uint32_t group) {
  return GroupTableKey("state/", sli, group);
}

std::string PastKey(uint32_t sli) {
  std::string key = MetaKey("past/");
  AppendBigEndian(sli, key);
  return key;
}

std::string EpochsKey(std::string_view slo) { return MetaKey("epochs/").append(slo); }

KeyRange MetaTable(std::string_view table) { return AllThatBeginWith(MetaKey(table)); }

KeyRange WholeFamily() { return AllThatBeginWith({internal::kKeyFormat}); }

std::string SliceBlockKey::Encode() const {
  std::string key = SliceBlockPrefix(day, kind, sli, group);
  if (IsOfAnHour(kind)) key.push_back(static_cast<char>(hour));
  return key;
}

std::optional<SliceBlockKey> SliceBlockKey::Decode(std::string_view key) {
  if (key.size() < kDayBlockBytes || !HasPrefix(key)) return std::nullopt;
  const size_t size = key.size();
  key.remove_prefix(kPrefixBytes);
  SliceBlockKey block;
  block.day = TakeBigEndian<uint32_t>(key);
  block.kind = static_cast<Kind>(TakeBigEndian<uint8_t>(key));
  block.sli = TakeBigEndian<uint32_t>(key);
  block.group = TakeBigEndian<uint32_t>(key);
  switch (block.kind) {
    case Kind::kDay:
    case Kind::kLatencyDay:
      if (size != kDayBlockBytes) return std::nullopt;
      return block;
    case Kind::kHour:
    case Kind::kLatencyHour:
      if (size != kHourBlockBytes) return std::nullopt;
      block.hour = TakeBigEndian<uint8_t>(key);
      if (block.hour > 23) return std::nullopt;
      return block;
  }
  return std::nullopt;
}

KeyRange SliceBlocksOfDay(uint32_t day, SliceBlockKey::Kind kind, uint32_t sli, uint32_t group) {
  return AllThatBeginWith(SliceBlockPrefix(day, kind, sli, group));
}

KeyRange SliceBlocksOfDay(uint32_t day, SliceBlockKey::Kind kind) {
  return AllThatBeginWith(SliceBlockPrefix(day, kind));
}

std::string AlertKey(std::string_view labels_text) { return Prefix().append(labels_text); }

std::string DedupBlockKey(int64_t newest_unix_nano, uint64_t sequence) {
  std::string key = DedupTimeKey(newest_unix_nano);
  AppendBigEndian(sequence, key);
  return key;
}

bool IsDedupBlockKey(std::string_view key) {
  return key.size() == kPrefixBytes + 2 * sizeof(uint64_t);
}

std::string DedupTimeKey(int64_t time_unix_nano) {
  std::string key = Prefix();
  // A time before 1970 is no time of ours; as 0 it is the first to be forgotten.
  AppendBigEndian(static_cast<uint64_t>(std::max<int64_t>(time_unix_nano, 0)), key);
  return key;
}

std::string LedgerKey() { return Prefix().append("ledger"); }

std::string StreamBlockKey(uint32_t block) {
  std::string key = Prefix();
  AppendBigEndian(block, key);
  return key;
}

std::optional<uint32_t> ReadStreamBlockKey(std::string_view key) {
  if (key.size() != kPrefixBytes + 4 || !HasPrefix(key)) return std::nullopt;
  key.remove_prefix(kPrefixBytes);
  return TakeBigEndian<uint32_t>(key);
}

KeyRange StreamBlocks() { return {Prefix(), Prefix().append(1, kMetricStream)}; }

std::string MetricStreamKey(uint64_t high, uint64_t low) {
  std::string key = Prefix().append(1, kMetricStream);
  AppendBigEndian(high, key);
  AppendBigEndian(low, key);
  return key;
}

std::string MetricSourceKey(uint32_t sli, uint64_t writer) {
  std::string key = Prefix().append(1, kMetricSource);
  AppendBigEndian(sli, key);
  AppendBigEndian(writer, key);
  return key;
}

KeyRange MetricStreamKeys() { return AllThatBeginWith(Prefix().append(1, kMetricStream)); }

KeyRange MetricSourceKeys() { return AllThatBeginWith(Prefix().append(1, kMetricSource)); }

}  // namespace slowburn::storage
