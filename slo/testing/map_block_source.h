// slo/testing/map_block_source.h: a BlockSource over maps, with a count of reads and a way to break
// them.
//
// Room     slo, tests only
// Uses     base/, slo/
// Threads  one owner
// Units    as slo/block_source.h
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "base/status.h"
#include "slo/block_source.h"
#include "slo/testing/print_counts.h"

namespace slowburn::slo {

// Holds encoded bytes, as a store does, so that tests go through Encode and Decode.
class MapBlockSource final : public BlockSource {
 public:
  absl::StatusOr<std::optional<SliceBlock>> ReadHour(SliId sli, GroupId group,
                                                     uint32_t hour) const override {
    return Read(hours_, sli, group, hour, kHourSlots);
  }
  absl::StatusOr<std::optional<SliceBlock>> ReadDay(SliId sli, GroupId group,
                                                    uint32_t day) const override {
    ++day_reads_;
    return Read(days_, sli, group, day, kDaySlots);
  }

  void PutHour(SliId sli, GroupId group, uint32_t hour, const SliceBlock& block) {
    hours_[{hour, sli, group}] = block.Encode();
  }
  void PutDay(SliId sli, GroupId group, uint32_t day, const SliceBlock& block) {
    days_[{day, sli, group}] = block.Encode();
  }
  // Deletes the hour blocks of [from_day, until_day).
  void DropHours(uint32_t from_day, uint32_t until_day) {
    hours_.erase(hours_.lower_bound({from_day * 24, SliId{}, GroupId{}}),
                 hours_.lower_bound({until_day * 24, SliId{}, GroupId{}}));
  }

  // After this many more reads every read is refused, until it is called with nothing.
  void FailAfter(std::optional<size_t> reads) {
    reads_left_ = reads.value_or(std::numeric_limits<size_t>::max());
  }

  size_t reads() const { return reads_; }  // hours and days
  size_t day_reads() const { return day_reads_; }
  void ResetReads() { reads_ = day_reads_ = 0; }

 private:
  using Key = std::tuple<uint32_t, SliId, GroupId>;  // hour or day first, so that time is a range
  absl::StatusOr<std::optional<SliceBlock>> Read(const std::map<Key, std::string>& blocks,
                                                 SliId sli, GroupId group, uint32_t at,
                                                 uint32_t slots) const {
    ++reads_;
    if (reads_left_ == 0) return base::DataLoss("block {} is broken by the test", at);
    if (reads_left_ != std::numeric_limits<size_t>::max()) --reads_left_;
    const auto found = blocks.find({at, sli, group});
    if (found == blocks.end()) return std::nullopt;
    auto block = SliceBlock::Decode(found->second, slots);
    if (!block.ok()) return block.status();
    return *std::move(block);
  }

  std::map<Key, std::string> hours_;
  std::map<Key, std::string> days_;
  mutable size_t reads_ = 0;
  mutable size_t day_reads_ = 0;
  mutable size_t reads_left_ = std::numeric_limits<size_t>::max();
};

}  // namespace slowburn::slo
