#include "app/block_store.h"

#include <atomic>
#include <bit>

#include "base/logging.h"
#include "base/status.h"
#include "storage/api/keys.h"

namespace slowburn::app {
namespace {

constexpr uint32_t kHoursPerDay = 24;

// The engine only shows that it cannot know, and nobody else may ever ask. It asks again each
// slice, of every group: the 1st, 2nd, 4th, 8th ... are told.
absl::Status Unreadable(const absl::Status& error) {
  static std::atomic<uint64_t> failures = 0;
  if (const uint64_t now = ++failures; std::has_single_bit(now)) {
    base::Log(base::LogLevel::kError,
              "counts cannot be read: their SLOs are invalid, and alerts of these stay as they are",
              {{"error", base::Message(error)}, {"failures", now}});
  }
  return error;
}

}  // namespace

std::string BlockStore::HourKey(slo::SliId sli, slo::GroupId group, uint32_t hour) {
  return storage::SliceBlockKey{.day = hour / kHoursPerDay,
                                .kind = storage::SliceBlockKey::Kind::kHour,
                                .sli = static_cast<uint32_t>(sli),
                                .group = static_cast<uint32_t>(group),
                                .hour = static_cast<uint8_t>(hour % kHoursPerDay)}
      .Encode();
}

std::string BlockStore::DayKey(slo::SliId sli, slo::GroupId group, uint32_t day) {
  return storage::SliceBlockKey{.day = day,
                                .kind = storage::SliceBlockKey::Kind::kDay,
                                .sli = static_cast<uint32_t>(sli),
                                .group = static_cast<uint32_t>(group)}
      .Encode();
}

absl::StatusOr<std::optional<slo::SliceBlock>> BlockStore::Read(const std::string& key,
                                                                uint32_t slots) const {
  const auto bytes = snapshot_ != nullptr ? snapshot_->Get(storage::Family::kSlices, key)
                                          : store_.Get(storage::Family::kSlices, key);
  if (!bytes.ok()) return Unreadable(bytes.status());
  if (!bytes->has_value()) return std::nullopt;
  auto block = slo::SliceBlock::Decode(**bytes, slots);
  if (!block.ok()) return Unreadable(block.status());
  return *std::move(block);
}

absl::StatusOr<std::optional<slo::SliceBlock>> BlockStore::ReadHour(slo::SliId sli,
                                                                    slo::GroupId group,
                                                                    uint32_t hour) const {
  return Read(HourKey(sli, group, hour), slo::kHourSlots);
}

absl::StatusOr<std::optional<slo::SliceBlock>> BlockStore::ReadDay(slo::SliId sli,
                                                                   slo::GroupId group,
                                                                   uint32_t day) const {
  return Read(DayKey(sli, group, day), slo::kDaySlots);
}

}  // namespace slowburn::app
