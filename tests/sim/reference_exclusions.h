// tests/sim/reference_exclusions.h: which time counts for nothing, for which SLOs.
//
// Room     tests/sim: includes nothing of slo/ or app/
// Uses     Abseil's civil time and time zones
// Threads  values
// Units    unix seconds; slices of 10 s
// Source   docs/exclusions.md
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <absl/time/civil_time.h>

namespace slowburn::sim {

// How an exclusion repeats: a rule of docs/exclusions.md, as far as it is drawn.
struct ReferenceRule {
  std::string frequency;  // "DAILY", "WEEKLY", "MONTHLY", "YEARLY"
  int interval = 1;
  std::vector<int> months;              // BYMONTH, of a yearly rule
  std::vector<absl::Weekday> weekdays;  // BYDAY
  // Of such weekdays of the month, of the year where it is yearly and names no month; from the end
  // where negative.
  int nth = 0;
  std::vector<int> month_days;          // BYMONTHDAY, from the end where negative
  int position = 0;                     // BYSETPOS; 0: none
  int count = 0;                        // 0: without end
  std::optional<absl::CivilDay> until;  // all of that day

  std::string Text() const;  // "FREQ=WEEKLY;BYDAY=SU"
};

// [begin, end), or such stretches again and again.
struct ReferenceExclusion {
  int64_t begin = 0;
  int64_t end = 0;
  std::vector<std::string> slos;              // "service-0/slo-1", "service-0/*"; none: every one
  std::map<std::string, std::string> labels;  // that the SLO must have

  // Of one that repeats, in place of the first two.
  std::optional<ReferenceRule> rule;
  absl::CivilSecond start;  // on the clocks of `time_zone`
  std::string time_zone;
  int64_t duration = 0;

  bool AppliesTo(const std::string& service, const std::string& id,
                 const std::map<std::string, std::string>& of_slo) const;
  // All of its stretches, for years to come.
  std::vector<std::pair<int64_t, int64_t>> Stretches() const;
};
using ExclusionMap = std::map<std::string, ReferenceExclusion>;  // by id

// Made, or removed: nothing.
struct ReferenceExclusionChange {
  std::string id;
  std::optional<ReferenceExclusion> exclusion;
};

// The slices that count for nothing: those that an exclusion touches.
class ExcludedSlices {
 public:
  void Add(const ReferenceExclusion& exclusion);
  bool empty() const { return ranges_.empty(); }
  bool Has(int64_t slice) const;
  // How many of [begin, end) it has.
  int64_t Count(int64_t begin, int64_t end) const;

 private:
  std::map<int64_t, int64_t> ranges_;  // begin -> end, apart from each other
};

}  // namespace slowburn::sim
