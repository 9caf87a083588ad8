// serve/internal/slo_json.h: SLO statuses as the JSON of /api/slo/v1/slos.
//
// Room     serve
// Uses     slo/, serve/
// Threads  pure functions
// Units    ratios 0..1, times in unix seconds, windows in Prometheus duration text
// Source   DESIGN section 6, "The HTTP surface", and section 4, "Exact meanings"
#pragma once

#include <vector>

#include <boost/json.hpp>

#include "serve/internal/budget_figures.h"
#include "serve/internal/group_alerts.h"
#include "serve/queries.h"

namespace slowburn::serve::internal {

// Of one reading, which must outlive it.
class SloJson {
 public:
  explicit SloJson(const SloReading& reading)
      : reading_(reading), alerts_(reading), members_(reading) {}

  // {"id","service","name","objective","window","budgeting","groups":[...]}, the total first among
  // the groups; of a calendar window "window_start" and "window_end" too, of a composite
  // "composite".
  boost::json::object Summary(const slo::SloStatus& status) const;

  // The above, plus what its owner wrote, the alert policy with the live values of `group` (one of
  // the status), and the contributors: the groups with most bad events in the window, at most 10.
  boost::json::object Detail(const slo::SloStatus& status, const slo::GroupStatus& group) const;

 private:
  const SloReading& reading_;
  const GroupAlerts alerts_;
  const CompositeMembers members_;
};

// [{"epoch","since","until","sli","good","bad"}], oldest first; "until" of the present one is null.
boost::json::array EpochsJson(const std::vector<EpochReading>& epochs);

// {"points":[{"t","good","bad","error_ratio","budget_remaining_ratio"}]}, and "excluded_seconds"
// where there are any
boost::json::object HistoryJson(const std::vector<slo::HistoryPoint>& points);

// The group that `group` selects (an empty selector: the total), or null.
const slo::GroupStatus* FindGroup(const slo::SloSpec& spec, const slo::SloStatus& status,
                                  const GroupSelector& group);

}  // namespace slowburn::serve::internal
