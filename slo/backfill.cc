#include "slo/backfill.h"

#include "base/status.h"

namespace slowburn::slo {

void Backfill::Count(const std::vector<std::string>& values, Slice slice, const SliCounts& counts) {
  const auto add = [&](Hours& hours) {
    hours.try_emplace(slice / kSlicesPerHour, kHourSlots)
        .first->second.Add(slice % kSlicesPerHour, counts);
  };
  add(total_);
  if (!values.empty()) add(groups_[values]);
}

std::vector<GroupAdmission> Backfill::UnknownGroups(const SliTable& table) const {
  std::vector<GroupAdmission> unknown;
  auto next = static_cast<uint32_t>(table.groups(sli_));
  for (const auto& [values, hours] : groups_) {
    if (!table.FindGroup(sli_, values).has_value())
      unknown.push_back({sli_, static_cast<GroupId>(next++), values});
  }
  return unknown;
}

absl::Status Backfill::Apply(SliTable& table) const {
  for (const auto& [hour, block] : total_)
    SB_RETURN_IF_ERROR(table.SetHour(sli_, kTotalGroup, hour, block));
  for (const auto& [values, hours] : groups_) {
    const std::optional<GroupId> group = table.FindGroup(sli_, values);
    if (!group.has_value())
      return base::Internal("a backfilled group of SLI {} was not admitted",
                            static_cast<uint32_t>(sli_));
    for (const auto& [hour, block] : hours)
      SB_RETURN_IF_ERROR(table.SetHour(sli_, *group, hour, block));
  }
  return table.Resum(sli_);
}

}  // namespace slowburn::slo
