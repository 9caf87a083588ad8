// slo/sli_delta.h: what one request adds to the counts.
//
// Room     slo
// Uses     model/, slo/
// Threads  a value with one owner
// Units    counts are events
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/signal.h"
#include "slo/latency_block.h"
#include "slo/latency_delta.h"
#include "slo/slice.h"

namespace slowburn::slo {

// A group's value is cut to so many bytes of clean UTF-8. Four more than that of the raw text
// decide it: cleaning never shortens, and a character has at most four.
inline constexpr uint32_t kGroupValueBytesMax = 256;
inline constexpr uint32_t kRawGroupValueBytesMax = kGroupValueBytesMax + 4;

// The values of group_by, in its order, as one string: each value after its length in four bytes.
// Raw: as the client sent them.
void AppendGroupValue(std::string& key, std::string_view value);
std::vector<std::string> SplitGroupKey(std::string_view key);

// At most one entry per (SLI, group key, slice).
class SliDelta {
 public:
  SliDelta() = default;
  explicit SliDelta(model::Signal signal) : signal_(signal) {}

  struct Entry {
    SliId sli{};
    Slice slice = 0;
    uint32_t key_begin = 0;  // of the raw group key; empty for an SLI without group_by
    uint32_t key_size = 0;
    uint8_t last_offset_seconds = 0;  // the latest event, after the slice's begin
    SliCounts counts;
  };

  model::Signal signal() const { return signal_; }  // of the request
  const std::vector<Entry>& entries() const { return entries_; }
  std::string_view key(const Entry& entry) const {
    return {keys_.data() + entry.key_begin, entry.key_size};
  }
  bool empty() const { return entries_.empty(); }
  size_t memory_bytes() const {
    return entries_.capacity() * sizeof(Entry) + keys_.capacity() +
           latencies_.capacity() * sizeof(LatencyCount);
  }

  // Appends an entry that is not there yet; returns its index.
  uint32_t Append(SliId sli, Slice slice, std::string_view key);
  void Count(uint32_t entry, bool good, uint8_t offset_seconds) {
    Entry& e = entries_[entry];
    (good ? e.counts.good : e.counts.bad) += 1;
    if (offset_seconds > e.last_offset_seconds) e.last_offset_seconds = offset_seconds;
  }
  // Many at once; they may be negative.
  void Count(uint32_t entry, const SliCounts& counts, uint8_t offset_seconds) {
    Entry& e = entries_[entry];
    e.counts += counts;
    if (offset_seconds > e.last_offset_seconds) e.last_offset_seconds = offset_seconds;
  }
  // Leaves out the entries that came to nothing and have no latencies.
  void DropEmpty();

  // How long the events of entries lasted whose SLI has a latency: by entry, then by bucket, at
  // most one of each.
  const std::vector<LatencyCount>& latencies() const { return latencies_; }
  void set_latencies(std::vector<LatencyCount> latencies) { latencies_ = std::move(latencies); }

 private:
  model::Signal signal_ = model::Signal::kTraces;
  std::vector<Entry> entries_;
  std::string keys_;
  std::vector<LatencyCount> latencies_;
};

// What a commit does to the counts: made by SliTable::Plan, kept in the log, applied alike when
// live and on replay.
struct SliceChange {
  SliId sli{};
  GroupId group{};
  Slice slice = 0;
  uint8_t last_offset_seconds = 0;
  SliCounts counts;
};
struct GroupAdmission {
  SliId sli{};
  GroupId group{};
  std::vector<std::string> values;
};
// Of a group, it is one of the SLI's total as well.
struct LatencyChange {
  SliId sli{};
  GroupId group{};
  LatencySlot slot = 0;
  LatencyHistogram histogram;
};
struct CountPlan {
  std::vector<GroupAdmission> admissions;
  std::vector<SliceChange> changes;
  std::vector<LatencyChange> latencies;
  // Events older than max_late, which are not counted, by model::Signal.
  std::array<uint64_t, model::kSignals.size()> too_late{};
  uint64_t overflowed = 0;         // events counted in __overflow__
  uint64_t latencies_dropped = 0;  // events counted without their latency
};

}  // namespace slowburn::slo
