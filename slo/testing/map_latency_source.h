// slo/testing/map_latency_source.h: a LatencySource over maps, with a count of reads and a way to
// break them.
//
// Room     slo, tests only
// Uses     base/, slo/
// Threads  one owner
// Units    as slo/latency_source.h
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "base/status.h"
#include "slo/latency_source.h"
#include "slo/latency_table.h"

namespace slowburn::slo {

// Holds encoded bytes, as a store does, so that tests go through Encode and Decode.
class MapLatencySource final : public LatencySource {
 public:
  absl::StatusOr<std::optional<LatencyBlock>> ReadHour(SliId sli, GroupId group,
                                                       uint32_t hour) const override {
    return Read(hours_, sli, group, hour, kLatencySlotsPerHour);
  }
  absl::StatusOr<std::optional<LatencyBlock>> ReadDay(SliId sli, GroupId group,
                                                      uint32_t day) const override {
    return Read(days_, sli, group, day, kLatencyHoursPerDay);
  }
  absl::StatusOr<bool> HasHours(SliId sli, GroupId group, uint32_t day) const override {
    const auto at = hours_.lower_bound({sli, group, day * kLatencyHoursPerDay});
    return at != hours_.end() && at->first < Key{sli, group, (day + 1) * kLatencyHoursPerDay};
  }

  void PutHour(SliId sli, GroupId group, uint32_t hour, const LatencyBlock& block) {
    hours_[{sli, group, hour}] = block.Encode();
  }
  void PutDay(SliId sli, GroupId group, uint32_t day, const LatencyBlock& block) {
    days_[{sli, group, day}] = block.Encode();
  }
  // Writes what changed, as a checkpoint does.
  void Checkpoint(LatencyTable& table, uint32_t now_hour) {
    table.VisitChanged([&](SliId sli, GroupId group, const ResidentLatencyHour& hour) {
      PutHour(sli, group, hour.hour, hour.block);
    });
    table.MarkClean(now_hour);
  }
  // Deletes the hour blocks of days before `day`.
  void DropHours(uint32_t day) {
    std::erase_if(hours_, [&](const auto& entry) {
      return std::get<uint32_t>(entry.first) < day * kLatencyHoursPerDay;
    });
  }
  void BreakHour(SliId sli, GroupId group, uint32_t hour) { hours_[{sli, group, hour}] = "broken"; }

  size_t reads() const { return reads_; }

 private:
  using Key = std::tuple<SliId, GroupId, uint32_t>;
  absl::StatusOr<std::optional<LatencyBlock>> Read(const std::map<Key, std::string>& blocks,
                                                   SliId sli, GroupId group, uint32_t at,
                                                   uint32_t slots) const {
    ++reads_;
    const auto found = blocks.find({sli, group, at});
    if (found == blocks.end()) return std::nullopt;
    SB_ASSIGN_OR_RETURN(LatencyBlock block, LatencyBlock::Decode(found->second, slots));
    return block;
  }

  std::map<Key, std::string> hours_;
  std::map<Key, std::string> days_;
  mutable size_t reads_ = 0;
};

}  // namespace slowburn::slo
