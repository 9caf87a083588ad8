// tests/sim/reference_counts.h: what should be counted: a list of events per SLI and group, and
// sums by going through it.
//
// Room     tests/sim: written from DESIGN section 4, not from the code; includes nothing of slo/
// Uses     tests/sim
// Threads  one owner
// Units    slices of 10 s since the epoch; counts are events
// Source   DESIGN section 4, "The SLO core", "Exact meanings"
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/reference_exclusions.h"
#include "tests/sim/reference_metrics.h"
#include "tests/sim/slo_config.h"
#include "tests/sim/traffic.h"

namespace slowburn::sim {

struct Counts {
  uint64_t good = 0;
  uint64_t bad = 0;
  uint64_t total() const { return good + bad; }
  friend bool operator==(const Counts&, const Counts&) = default;
};

// Nothing: the event, a span or log record, is none of this SLI. Else whether it is good.
std::optional<bool> Judge(const SliConfig& sli, const Event& event, bool is_log);
// The values of its group_by; empty for an SLI without.
std::vector<std::string> GroupOf(const SliConfig& sli, const Event& event);

// An event as one SLI counts it.
struct CountedEvent {
  SliConfig sli;
  std::vector<std::string> group;  // where it counts; empty for an SLI without group_by
  int64_t second = 0;              // its time
  bool good = true;
};

class ReferenceCounts {
 public:
  struct Group {
    std::vector<std::string> values;   // empty: the total
    std::map<int64_t, Counts> slices;  // by slice
    int64_t last_second = 0;           // of the newest event
    std::optional<int64_t> first_slice() const;
    Counts lifetime() const;
  };

  void Add(const CountedEvent& event);
  // Of one commit.
  void Add(MetricShifts shifts, uint32_t groups_max);
  // In the order of their admission, the total first. One empty total where nothing was counted.
  const std::vector<Group>& groups(const SliConfig& sli) const;
  const std::map<SliConfig, std::vector<Group>>& slis() const { return slis_; }

  // Days before `fine_from` (unix days) are known by five minutes, each at its first slice.
  static int64_t PlaceOf(int64_t slice, int64_t fine_from);
  // Of [begin, end), by their places. Without those that are excluded.
  static Counts Sum(const Group& group, int64_t begin, int64_t end, int64_t fine_from,
                    const ExcludedSlices& excluded = {});

 private:
  // The group of these values, which is admitted when it is new; the total for none.
  Group& GroupOf(std::vector<Group>& groups, const std::vector<std::string>& values);

  std::map<SliConfig, std::vector<Group>> slis_;
};

using IdleGroups = std::map<SliConfig, std::set<std::vector<std::string>>>;

// Decides in which groups the events of one commit count. A group that is idle has no place; it
// comes back as a new one comes, while there is a place, and else both count in __overflow__, which
// takes none.
class Placement {
 public:
  // All must outlive it, and stay as they are.
  Placement(const ReferenceCounts& counts, const IdleGroups& idle, uint32_t groups_max)
      : counts_(counts), idle_(idle), groups_max_(groups_max) {}
  std::vector<std::string> Place(const SliConfig& sli, std::vector<std::string> values);

 private:
  bool IsIdle(const SliConfig& sli, const std::vector<std::string>& values) const;
  uint64_t& Places(const SliConfig& sli);

  const ReferenceCounts& counts_;
  const IdleGroups& idle_;
  const uint32_t groups_max_;
  std::map<SliConfig, uint64_t> places_;                                // taken
  std::set<std::pair<SliConfig, std::vector<std::string>>> have_come_;  // new or back
};

}  // namespace slowburn::sim
