// serve/internal/group_alerts.h: which alerts of the book are about which budget.
//
// Room     serve
// Uses     model/, slo/, serve/queries.h
// Threads  immutable once made
// Units    none
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "serve/queries.h"

namespace slowburn::serve::internal {

// An alert is about a group when its labels have the SLO's service and name and exactly the group's
// labels (names normalised); about the total when it has none of the group's label names. Made in
// O(alerts), asked in O(1).
class GroupAlerts {
 public:
  // `reading` must outlive it.
  explicit GroupAlerts(const SloReading& reading);

  // By name, severity and labels.
  const std::vector<const model::Alert*>& Of(const slo::SloSpec& spec,
                                             const slo::GroupStatus& group) const;

 private:
  std::unordered_map<std::string, std::vector<const model::Alert*>> by_group_;
  const std::vector<const model::Alert*> none_;
};

}  // namespace slowburn::serve::internal
