#include "app/latency_store.h"

#include <memory>

#include "base/status.h"
#include "storage/api/keys.h"

namespace slowburn::app {
namespace {

using slo::kLatencyHoursPerDay;
using Kind = storage::SliceBlockKey::Kind;

}  // namespace

std::string LatencyStore::HourKey(slo::SliId sli, slo::GroupId group, uint32_t hour) {
  return storage::SliceBlockKey{.day = hour / kLatencyHoursPerDay,
                                .kind = Kind::kLatencyHour,
                                .sli = static_cast<uint32_t>(sli),
                                .group = static_cast<uint32_t>(group),
                                .hour = static_cast<uint8_t>(hour % kLatencyHoursPerDay)}
      .Encode();
}

std::string LatencyStore::DayKey(slo::SliId sli, slo::GroupId group, uint32_t day) {
  return storage::SliceBlockKey{.day = day,
                                .kind = Kind::kLatencyDay,
                                .sli = static_cast<uint32_t>(sli),
                                .group = static_cast<uint32_t>(group)}
      .Encode();
}

absl::StatusOr<std::optional<slo::LatencyBlock>> LatencyStore::Read(const std::string& key,
                                                                    uint32_t slots) const {
  SB_ASSIGN_OR_RETURN(const std::optional<std::string> bytes,
                      snapshot_ != nullptr ? snapshot_->Get(storage::Family::kSlices, key)
                                           : store_.Get(storage::Family::kSlices, key));
  if (!bytes.has_value()) return std::nullopt;
  SB_ASSIGN_OR_RETURN(slo::LatencyBlock block, slo::LatencyBlock::Decode(*bytes, slots));
  return block;
}

absl::StatusOr<std::optional<slo::LatencyBlock>> LatencyStore::ReadHour(slo::SliId sli,
                                                                        slo::GroupId group,
                                                                        uint32_t hour) const {
  return Read(HourKey(sli, group, hour), slo::kLatencySlotsPerHour);
}

absl::StatusOr<std::optional<slo::LatencyBlock>> LatencyStore::ReadDay(slo::SliId sli,
                                                                       slo::GroupId group,
                                                                       uint32_t day) const {
  return Read(DayKey(sli, group, day), kLatencyHoursPerDay);
}

absl::StatusOr<bool> LatencyStore::HasHours(slo::SliId sli, slo::GroupId group,
                                            uint32_t day) const {
  const storage::KeyRange range = storage::SliceBlocksOfDay(
      day, Kind::kLatencyHour, static_cast<uint32_t>(sli), static_cast<uint32_t>(group));
  std::unique_ptr<storage::Snapshot> newest;
  if (snapshot_ == nullptr) newest = store_.TakeSnapshot();
  const storage::Snapshot& snapshot = snapshot_ != nullptr ? *snapshot_ : *newest;
  bool found = false;
  SB_RETURN_IF_ERROR(snapshot.Scan(storage::Family::kSlices, range.begin, range.end,
                                   [&](std::string_view, std::string_view) {
                                     found = true;
                                     return false;
                                   }));
  return found;
}

}  // namespace slowburn::app
