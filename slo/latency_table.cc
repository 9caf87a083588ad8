#include "slo/latency_table.h"

#include <algorithm>
#include <optional>

#include "base/status.h"

namespace slowburn::slo {
namespace {

uint32_t HourOf(LatencySlot slot) { return slot / kLatencySlotsPerHour; }

uint64_t BytesOf(const ResidentLatencyHour& hour) {
  return sizeof(hour) - sizeof(hour.block) + hour.block.memory_bytes();
}

}  // namespace

ResidentLatencyHour* LatencyTable::Find(Hours& hours, uint32_t hour) {
  const auto at = std::ranges::lower_bound(hours, hour, {}, &ResidentLatencyHour::hour);
  return at != hours.end() && at->hour == hour ? &*at : nullptr;
}

// An hour whose block is gone is known by its day, as a whole.
absl::StatusOr<LatencyBlock> LatencyTable::ReadHour(const GroupKey& key, uint32_t hour) const {
  SB_ASSIGN_OR_RETURN(std::optional<LatencyBlock> stored,
                      source_.ReadHour(key.sli, key.group, hour));
  if (stored.has_value()) return *std::move(stored);
  LatencyBlock block(kLatencySlotsPerHour);
  SB_ASSIGN_OR_RETURN(const std::optional<LatencyBlock> day,
                      source_.ReadDay(key.sli, key.group, hour / kLatencyHoursPerDay));
  if (day.has_value()) block.Merge(0, day->At(hour % kLatencyHoursPerDay));
  return block;
}

absl::StatusOr<ResidentLatencyHour*> LatencyTable::Resident(const GroupKey& key, uint32_t hour) {
  if (const auto group = groups_.find(key); group != groups_.end()) {
    if (ResidentLatencyHour* resident = Find(group->second, hour)) return resident;
  }
  ResidentLatencyHour resident{.hour = hour};
  SB_ASSIGN_OR_RETURN(resident.block, ReadHour(key, hour));
  memory_bytes_ += BytesOf(resident);
  Hours& hours = groups_[key];
  const auto at = std::ranges::lower_bound(hours, hour, {}, &ResidentLatencyHour::hour);
  return &*hours.insert(at, std::move(resident));
}

bool LatencyTable::HasRoom() const { return memory_bytes_ < options_.memory_bytes_max; }

absl::Status LatencyTable::PrepareOne(const LatencyChange& change) {
  SB_RETURN_IF_ERROR(Resident({change.sli, change.group}, HourOf(change.slot)).status());
  if (change.group == kTotalGroup) return absl::OkStatus();
  return Resident({change.sli, kTotalGroup}, HourOf(change.slot)).status();
}

uint64_t LatencyTable::Prepare(std::vector<LatencyChange>& changes) {
  if (changes.empty()) return 0;
  if (!HasRoom() && !is_evicted_) {
    Evict([](const ResidentLatencyHour& hour) { return hour.dirty; });
    is_evicted_ = true;
  }
  uint64_t dropped = 0;
  std::erase_if(changes, [&](const LatencyChange& change) {
    if (HasRoom() && PrepareOne(change).ok()) return false;
    dropped += change.histogram.count();
    return true;
  });
  return dropped;
}

absl::Status LatencyTable::ApplyTo(const GroupKey& key, const LatencyChange& change) {
  const uint32_t hour = HourOf(change.slot);
  SB_ASSIGN_OR_RETURN(ResidentLatencyHour* const resident, Resident(key, hour));
  memory_bytes_ -= BytesOf(*resident);
  resident->block.Merge(change.slot % kLatencySlotsPerHour, change.histogram);
  memory_bytes_ += BytesOf(*resident);
  if (!resident->dirty) dirty_.emplace_back(key, hour);
  resident->dirty = true;
  return absl::OkStatus();
}

absl::Status LatencyTable::Apply(std::span<const LatencyChange> changes) {
  for (const LatencyChange& change : changes) {
    SB_RETURN_IF_ERROR(ApplyTo({change.sli, change.group}, change));
    if (change.group != kTotalGroup) SB_RETURN_IF_ERROR(ApplyTo({change.sli, kTotalGroup}, change));
  }
  return absl::OkStatus();
}

std::vector<ResidentLatencyHour> LatencyTable::CopyHours(SliId sli, GroupId group, uint32_t begin,
                                                         uint32_t end) const {
  std::vector<ResidentLatencyHour> copies;
  const auto found = groups_.find(GroupKey{sli, group});
  if (found == groups_.end()) return copies;
  for (const ResidentLatencyHour& hour : found->second) {
    if (hour.hour >= begin && hour.hour < end) copies.push_back(hour);
  }
  return copies;
}

void LatencyTable::VisitChanged(
    const std::function<void(SliId, GroupId, const ResidentLatencyHour&)>& visit) const {
  for (const auto& [key, hour] : dirty_) {
    const Hours& hours = groups_.find(key)->second;
    visit(key.sli, key.group,
          *std::ranges::lower_bound(hours, hour, {}, &ResidentLatencyHour::hour));
  }
}

template <typename Keep>
void LatencyTable::Evict(Keep&& keep) {
  for (auto group = groups_.begin(); group != groups_.end();) {
    Hours& hours = group->second;
    std::erase_if(hours, [&](const ResidentLatencyHour& hour) {
      if (keep(hour)) return false;
      memory_bytes_ -= BytesOf(hour);
      return true;
    });
    if (hours.empty()) {
      groups_.erase(group++);
    } else {
      ++group;
    }
  }
}

void LatencyTable::MarkClean(uint32_t now_hour) {
  if (dirty_.empty()) return;
  for (const auto& [key, hour] : dirty_) Find(groups_.find(key)->second, hour)->dirty = false;
  dirty_.clear();
  is_evicted_ = false;
  Evict([&](const ResidentLatencyHour& hour) { return hour.hour + 1 >= now_hour; });
}

}  // namespace slowburn::slo
