// serve/slo_alert_rules.h: the alerts of SLOs, shown as if Prometheus rules made them.
//
// Room     serve
// Uses     serve/
// Threads  thread-safe
// Units    as serve/rule_source.h
#pragma once

#include <vector>

#include "serve/queries.h"
#include "serve/rule_source.h"

namespace slowburn::serve {

// A group for each SLO, named by its id, in it a rule for each name and severity of its alerts. The
// query says over our own series when it would fire; the alerts are those of the book.
class SloAlertRules final : public RuleSource {
 public:
  // `queries` must outlive it.
  explicit SloAlertRules(const Queries& queries) : queries_(queries) {}

  std::vector<RuleGroupReading> RuleGroups() const override;

 private:
  const Queries& queries_;
};

}  // namespace slowburn::serve
