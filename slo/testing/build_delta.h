// slo/testing/build_delta.h: an SliDelta from counts, as a request would make it.
//
// Room     slo, tests only
// Uses     slo/
// Threads  none of its own
// Units    counts are events
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include <absl/status/status.h>

#include "base/status.h"
#include "slo/sli_delta.h"
#include "slo/sli_table.h"

namespace slowburn::slo {

// Some events of one SLI, group and slice.
struct Occurrence {
  SliId sli{};
  Slice slice = 0;
  SliCounts counts;
  std::vector<std::string> values;  // of group_by; empty for an SLI without
  uint8_t offset_seconds = 0;

  std::string Key() const {
    std::string key;
    for (const std::string& value : values) AppendGroupValue(key, value);
    return key;
  }
};

// Merges what lies in the same slice, in the order of first appearance.
inline SliDelta BuildDelta(std::span<const Occurrence> occurrences) {
  SliDelta delta;
  std::map<std::tuple<SliId, Slice, std::string>, uint32_t> entries;
  for (const Occurrence& occurrence : occurrences) {
    const std::string key = occurrence.Key();
    const auto [at, is_new] = entries.try_emplace({occurrence.sli, occurrence.slice, key}, 0);
    if (is_new) at->second = delta.Append(occurrence.sli, occurrence.slice, key);
    for (uint64_t i = 0; i < occurrence.counts.good; ++i)
      delta.Count(at->second, true, occurrence.offset_seconds);
    for (uint64_t i = 0; i < occurrence.counts.bad; ++i)
      delta.Count(at->second, false, occurrence.offset_seconds);
  }
  return delta;
}
inline SliDelta BuildDelta(std::initializer_list<Occurrence> occurrences) {
  return BuildDelta(std::span<const Occurrence>(occurrences.begin(), occurrences.size()));
}

// Plans and applies one delta at `now`.
inline absl::StatusOr<CountPlan> Commit(SliTable& table, const SliDelta& delta,
                                        std::chrono::sys_seconds now) {
  const SliDelta* deltas[] = {&delta};
  SB_ASSIGN_OR_RETURN(CountPlan plan, table.Plan(deltas, now));
  SB_RETURN_IF_ERROR(table.Apply(plan));
  return plan;
}

}  // namespace slowburn::slo
