// slo/testing/counted_events.h: a slow, obvious model of the counts: a list of events per group.
//
// Room     slo, tests only
// Uses     slo/
// Threads  one owner
// Units    slices; counts are events
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "slo/sli_table.h"
#include "slo/testing/build_delta.h"

namespace slowburn::slo {

// What one SLI has counted. Groups stand in the order of their ids, the total first.
class CountedEvents {
 public:
  struct Group {
    std::vector<std::string> values;
    std::vector<std::pair<Slice, SliCounts>> events;
    std::chrono::sys_seconds last_event{};
    bool is_idle = false;  // as the table says
    bool IsOverflow() const {
      return !values.empty() && std::all_of(values.begin(), values.end(), [](const auto& value) {
        return value == kOverflowGroup;
      });
    }
  };

  explicit CountedEvents(size_t names) : names_(names), groups_(1) {}

  size_t names() const { return names_; }  // of group_by
  const std::vector<Group>& groups() const { return groups_; }

  void SetIdle(size_t group, bool is_idle) { groups_[group].is_idle = is_idle; }
  // Groups that take a place among groups_max, the total included.
  size_t places() const {
    return static_cast<size_t>(
        std::count_if(groups_.begin(), groups_.end(),
                      [](const Group& group) { return !group.is_idle && !group.IsOverflow(); }));
  }

  void Count(const Occurrence& occurrence, uint32_t groups_max) {
    Append(groups_[0], occurrence);
    if (names_ > 0) Append(GroupOf(occurrence.values, groups_max), occurrence);
  }
  // As a backfill: forgets what lies in the hour.
  void ForgetHour(uint32_t hour) {
    for (Group& group : groups_) {
      std::erase_if(group.events,
                    [&](const auto& event) { return event.first / kSlicesPerHour == hour; });
    }
  }
  // Of [begin, end). Days before `hours_kept_from` are known by five minutes, each at its first
  // slice.
  SliCounts Sum(size_t group, Slice begin, Slice end, uint32_t hours_kept_from) const {
    SliCounts sum;
    for (const auto& [slice, counts] : groups_[group].events) {
      const bool coarse = slice / kSlicesPerDay < hours_kept_from;
      const Slice at = coarse ? slice - slice % kSlicesPerDaySlot : slice;
      if (at >= begin && at < end) sum += counts;
    }
    return sum;
  }

 private:
  static void Append(Group& group, const Occurrence& occurrence) {
    group.events.emplace_back(occurrence.slice, occurrence.counts);
    group.last_event =
        std::max(group.last_event,
                 SliceStart(occurrence.slice) + std::chrono::seconds(occurrence.offset_seconds));
  }
  Group& GroupOf(std::vector<std::string> values, uint32_t groups_max) {
    for (int attempt = 0;; ++attempt) {
      bool is_known = false;
      for (size_t i = 1; i < groups_.size(); ++i) {
        if (groups_[i].values != values) continue;
        is_known = true;
        if (groups_[i].is_idle && attempt == 0 && places() > groups_max) break;
        groups_[i].is_idle = false;
        return groups_[i];
      }
      if (!is_known && (attempt == 1 || places() <= groups_max)) break;
      values.assign(names_, std::string(kOverflowGroup));
    }
    groups_.emplace_back();
    groups_.back().values = std::move(values);
    return groups_.back();
  }

  size_t names_;
  std::vector<Group> groups_;
};

}  // namespace slowburn::slo
