// slo/latency_table.h: the latencies of every group: the hours at hand in memory, the rest in the
// store.
//
// Room     slo
// Uses     slo/
// Threads  one thread at a time; readers copy hours under the caller's lock
// Units    five-minute slots, unix hours, bytes
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include <absl/container/flat_hash_map.h>
#include <absl/status/statusor.h>

#include "slo/latency_source.h"
#include "slo/sli_delta.h"

namespace slowburn::slo {

// An hour that is in memory: never older than what the store has of it.
struct ResidentLatencyHour {
  uint32_t hour = 0;
  bool dirty = false;  // newer than the store
  LatencyBlock block{kLatencySlotsPerHour};
};

// A commit prepares its changes, makes them durable, then applies them; replay applies the same
// changes. In memory are the hours that changed since the last checkpoint, and this hour and the
// one before of groups that record.
class LatencyTable {
 public:
  struct Options {
    // At most about so much: the changes of one commit may go beyond. Above it hours are read again
    // where they are needed, and where all of it is newer than the store, changes are dropped until
    // the next checkpoint.
    uint64_t memory_bytes_max = 256 << 20;
  };
  // `source` must outlive the table.
  LatencyTable(Options options, const LatencySource& source) : options_(options), source_(source) {}

  // Makes the hours resident that `changes` touch, so that Apply cannot fail for them, and takes
  // out those for which there is no room or whose hour cannot be read: an SLI goes on counting
  // without its percentiles. Returns how many events these were.
  uint64_t Prepare(std::vector<LatencyChange>& changes);
  // kDataLoss when an hour that Prepare has not seen cannot be read.
  absl::Status Apply(std::span<const LatencyChange> changes);

  // A copy of the group's resident hours of [begin, end), ascending.
  std::vector<ResidentLatencyHour> CopyHours(SliId sli, GroupId group, uint32_t begin,
                                             uint32_t end) const;

  // --- checkpoint
  bool HasChanges() const { return !dirty_.empty(); }
  // In the order in which they changed first.
  void VisitChanged(
      const std::function<void(SliId, GroupId, const ResidentLatencyHour&)>& visit) const;
  // The changed hours are in the store. Those before the one before `now_hour` leave memory.
  void MarkClean(uint32_t now_hour);

  uint64_t memory_bytes() const { return memory_bytes_; }

 private:
  struct GroupKey {
    SliId sli{};
    GroupId group{};
    friend bool operator==(const GroupKey&, const GroupKey&) = default;
    template <typename H>
    friend H AbslHashValue(H hash, const GroupKey& key) {
      return H::combine(std::move(hash), static_cast<uint32_t>(key.sli),
                        static_cast<uint32_t>(key.group));
    }
  };
  using Hours = std::vector<ResidentLatencyHour>;  // ascending

  static ResidentLatencyHour* Find(Hours& hours, uint32_t hour);
  bool HasRoom() const;
  absl::StatusOr<LatencyBlock> ReadHour(const GroupKey& key, uint32_t hour) const;
  absl::StatusOr<ResidentLatencyHour*> Resident(const GroupKey& key, uint32_t hour);
  absl::Status PrepareOne(const LatencyChange& change);
  absl::Status ApplyTo(const GroupKey& key, const LatencyChange& change);
  template <typename Keep>
  void Evict(Keep&& keep);

  Options options_;
  const LatencySource& source_;
  absl::flat_hash_map<GroupKey, Hours> groups_;       // each with an hour at least
  std::vector<std::pair<GroupKey, uint32_t>> dirty_;  // the hours that are dirty
  uint64_t memory_bytes_ = 0;
  bool is_evicted_ = false;  // what was clean at the last checkpoint has left already
};

}  // namespace slowburn::slo
