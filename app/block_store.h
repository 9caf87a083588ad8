// app/block_store.h: slice blocks in the store, as the SLO engine reads them.
//
// Room     app
// Uses     slo/, storage/api
// Threads  thread-safe
// Units    as slo/block_source.h
#pragma once

#include "slo/block_source.h"
#include "storage/api/store.h"

namespace slowburn::app {

class BlockStore final : public slo::BlockSource {
 public:
  // `store` must outlive it.
  explicit BlockStore(const storage::Store& store) : store_(store) {}
  // Reads as of `snapshot`, which must outlive it.
  BlockStore(const storage::Store& store, const storage::Snapshot& snapshot)
      : store_(store), snapshot_(&snapshot) {}

  absl::StatusOr<std::optional<slo::SliceBlock>> ReadHour(slo::SliId sli, slo::GroupId group,
                                                          uint32_t hour) const override;
  absl::StatusOr<std::optional<slo::SliceBlock>> ReadDay(slo::SliId sli, slo::GroupId group,
                                                         uint32_t day) const override;

  static std::string HourKey(slo::SliId sli, slo::GroupId group, uint32_t hour);
  static std::string DayKey(slo::SliId sli, slo::GroupId group, uint32_t day);

 private:
  absl::StatusOr<std::optional<slo::SliceBlock>> Read(const std::string& key, uint32_t slots) const;
  const storage::Store& store_;
  const storage::Snapshot* snapshot_ = nullptr;  // null: the newest state
};

}  // namespace slowburn::app
