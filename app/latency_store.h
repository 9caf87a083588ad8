// app/latency_store.h: latency blocks in the store, as slo reads them.
//
// Room     app
// Uses     slo/, storage/api
// Threads  thread-safe
// Units    as slo/latency_source.h
#pragma once

#include <optional>
#include <string>

#include "slo/latency_source.h"
#include "storage/api/store.h"

namespace slowburn::app {

class LatencyStore final : public slo::LatencySource {
 public:
  // `store` must outlive it.
  explicit LatencyStore(const storage::Store& store) : store_(store) {}
  // Reads as of `snapshot`, which must outlive it.
  LatencyStore(const storage::Store& store, const storage::Snapshot& snapshot)
      : store_(store), snapshot_(&snapshot) {}

  absl::StatusOr<std::optional<slo::LatencyBlock>> ReadHour(slo::SliId sli, slo::GroupId group,
                                                            uint32_t hour) const override;
  absl::StatusOr<std::optional<slo::LatencyBlock>> ReadDay(slo::SliId sli, slo::GroupId group,
                                                           uint32_t day) const override;
  absl::StatusOr<bool> HasHours(slo::SliId sli, slo::GroupId group, uint32_t day) const override;

  static std::string HourKey(slo::SliId sli, slo::GroupId group, uint32_t hour);
  static std::string DayKey(slo::SliId sli, slo::GroupId group, uint32_t day);

 private:
  absl::StatusOr<std::optional<slo::LatencyBlock>> Read(const std::string& key,
                                                        uint32_t slots) const;
  const storage::Store& store_;
  const storage::Snapshot* snapshot_ = nullptr;  // null: the newest state
};

}  // namespace slowburn::app
