// slo/alert_conditions.h: the alerts of one budget: whom they are about and what they say.
//
// Room     slo: pure
// Uses     model/, slo/
// Threads  pure functions
// Units    as slo/slo_status.h
// Source   DESIGN section 4, "Exact meanings": alert labels and annotations
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/alert.h"
#include "slo/slo_spec.h"
#include "slo/slo_status.h"

namespace slowburn::slo {

// An alert's identity, without what it says: labels, tier, incident, rank. `values` are the
// group's; empty for the total. Tiers of one severity and one set of labels are one alert. Burn
// rates of one budget are one incident, and so are the shares of it that are left: there the
// higher severity silences the lower one. Every other alert stands on its own.
model::AlertCondition AlertIdentity(const SloSpec& slo, const std::vector<std::string>& values,
                                    const AlertTier& tier);
model::AlertCondition AlertIdentity(const SloSpec& slo, const std::vector<std::string>& values,
                                    const StateAlert& alert);

// The condition of a tier that burns. `tier` counts in the policy's tiers; `external_url` is where
// its link leads.
// Whether an alert with these labels can have this tier as the SLO stands now: its severity, labels
// and scope are those, the tier (or alert on the budget's state) is there and not disabled.
bool CanAsk(const SloSpec& slo, const model::LabelSet& labels, std::string_view tier);

model::AlertCondition BurnRateCondition(const SloSpec& slo, const GroupStatus& status, size_t tier,
                                        std::string_view external_url);

// The condition of a state alert that holds.
model::AlertCondition StateCondition(const SloSpec& slo, const GroupStatus& status,
                                     const StateAlert& alert, std::string_view external_url);

}  // namespace slowburn::slo
