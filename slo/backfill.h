// slo/backfill.h: counts of the past, written as a whole: for an SLI whose history is known from
// elsewhere.
//
// Room     slo
// Uses     slo/
// Threads  as the table it writes to
// Units    slices; counts are events
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <absl/status/status.h>

#include "slo/sli_table.h"

namespace slowburn::slo {

// Collects counts per group and slice, then replaces the hours they lie in. Applying the same
// backfill again changes nothing. Hours are replaced whole, total included, so give every group of
// the hours you touch.
class Backfill {
 public:
  explicit Backfill(SliId sli) : sli_(sli) {}

  // `values` as in group_by; empty for an SLI without. Adds to what this backfill has for the
  // slice.
  void Count(const std::vector<std::string>& values, Slice slice, const SliCounts& counts);
  // Groups of this backfill that the table does not have; the caller admits them (durably) before
  // Apply.
  std::vector<GroupAdmission> UnknownGroups(const SliTable& table) const;
  absl::Status Apply(SliTable& table) const;

 private:
  using Hours = std::map<uint32_t, SliceBlock>;
  SliId sli_;
  Hours total_;
  std::map<std::vector<std::string>, Hours> groups_;
};

}  // namespace slowburn::slo
