// tests/sim/checks.h: whether the program is as the reference says.
//
// Room     tests/sim
// Uses     tests/sim, app/
// Threads  one owner
// Units    as the parts
// Source   faults 5.4: the invariants by their numbers
#pragma once

#include <string>

#include "app/commit_step.h"
#include "tests/sim/peers.h"
#include "tests/sim/random.h"
#include "tests/sim/reference.h"

namespace slowburn::sim {

// Thrown by whoever finds that an invariant does not hold.
struct Violation {
  std::string invariant;  // "3 exactness"
  std::string what;       // expected and found
};

// An alert's labels as the reference writes them.
std::string AlertKey(const model::LabelSet& labels);

// 3: every SLO and group: counts, windows, states, tiers, budgets; some ranges besides.
void CheckBudgets(const app::Core& core, const Reference& reference, Random& random);
// 5: the book.
void CheckAlerts(const app::Core& core, const Reference& reference);
// 5: what the Alertmanager knows, just after it was told.
void CheckAlertmanager(const AlertmanagerModel& alertmanager, const Reference& reference,
                       base::UnixNanos now);
// 7
void CheckLedger(const app::CommitStep& step, const Reference& reference);
// 4, 12: a fresh program with the SLOs in force and the same events, in another order and in other
// requests, has the same counts and states.
struct FreshStart {
  bool is_compared = false;
  uint64_t points = 0;  // of metrics, in another order
};
FreshStart CheckFreshStart(const app::Core& core, const Reference& reference, Random& random);

}  // namespace slowburn::sim
