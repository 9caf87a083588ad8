// tests/sim/reference_exclusions.h: which time counts for nothing, for which SLOs.
//
// Room     tests/sim: includes nothing of slo/ or app/
// Uses     tests/sim
// Threads  values
// Units    unix seconds; slices of 10 s
// Source   docs/exclusions.md
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace slowburn::sim {

// [begin, end)
struct ReferenceExclusion {
  int64_t begin = 0;
  int64_t end = 0;
  std::vector<std::string> slos;  // "service-0/slo-1", "service-0/*"; none: every one

  bool AppliesTo(const std::string& service, const std::string& id) const {
    return slos.empty() || std::any_of(slos.begin(), slos.end(), [&](const std::string& one) {
             return one == id || one == service + "/*";
           });
  }
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
  void Add(const ReferenceExclusion& exclusion) {
    ranges_.emplace_back(exclusion.begin / 10, (exclusion.end + 9) / 10);
  }
  bool Has(int64_t slice) const {
    return std::any_of(ranges_.begin(), ranges_.end(), [slice](const auto& range) {
      return range.first <= slice && slice < range.second;
    });
  }
  // How many of [begin, end) it has.
  int64_t Count(int64_t begin, int64_t end) const {
    std::vector<std::pair<int64_t, int64_t>> sorted = ranges_;
    std::sort(sorted.begin(), sorted.end());
    int64_t count = 0;
    for (const auto& [from, to] : sorted) {
      begin = std::max(begin, from);
      count += std::max<int64_t>(std::min(end, to) - begin, 0);
      begin = std::max(begin, std::min(end, to));
    }
    return count;
  }

 private:
  std::vector<std::pair<int64_t, int64_t>> ranges_;
};

}  // namespace slowburn::sim
