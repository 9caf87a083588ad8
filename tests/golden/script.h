// tests/golden/script.h: one .slotest file, read.
//
// Room     tests
// Uses     base/, slo/
// Threads  values
// Units    times are seconds since the beginning of the script
// Source   docs/slotest.md
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <absl/status/statusor.h>

#include "slo/alert_policy.h"
#include "slo/budgeting.h"
#include "slo/composite.h"
#include "slo/objective.h"
#include "slo/slice.h"
#include "slo/state_alert.h"
#include "slo/window.h"

namespace slowburn::golden {

struct SloLine {
  int line = 0;
  std::string service;
  std::string name;
  slo::Objective objective = slo::Objective::Parse("99%").value();
  slo::Window window = slo::Window::Rolling(std::chrono::seconds(0));
  slo::Budgeting budgeting;
  std::optional<slo::CompositeSli> composite;  // instead of events of its own
  std::string policy = "sre-workbook";
  bool policy_written = false;
  std::vector<slo::AlertTier> tiers;  // instead of a named policy
  std::vector<slo::StateAlert> state_alerts;
  std::optional<std::chrono::nanoseconds> latency;
  std::string group_by;  // empty: ungrouped

  std::string id() const { return service + "/" + name; }
};

// `counts` in each `every` of [from, to).
struct FeedLine {
  int line = 0;
  std::string slo;
  std::chrono::seconds from{0};
  std::chrono::seconds to{0};
  std::chrono::seconds every{10};
  std::string group;  // empty: the SLO is not grouped
  slo::SliCounts counts;
  std::optional<std::chrono::seconds> arriving;  // all at once, instead of as it happens
};

// A maintenance window of one SLO, and how it repeats.
struct ExcludeLine {
  int line = 0;
  std::string slo;
  std::chrono::seconds from{0};
  std::chrono::seconds to{0};
  std::string rule;  // RFC 5545; empty: once
};

// --- what an expect line may ask

// A number as it was written: what it is compared with is rounded to as many decimals.
struct WrittenNumber {
  double value = 0;
  int decimals = 0;
};
// "ok", "burning", "exhausted", "no_data", "invalid".
struct StateIs {
  std::string state;
};
// "page", "ticket", "critical", "warning", "inactive".
struct BurnAlertIs {
  std::string severity;
};
// "SLOBudgetLow" is "firing", "pending" or "inactive".
struct AlertIs {
  std::string name;
  std::string severity;  // empty: whichever
  std::string state;
};
// "quiet", "burning", "warming", "suppressed", "too_coarse", "unreachable".
struct TierIs {
  std::string tier;
  std::string state;
};
struct BudgetIs {
  std::optional<WrittenNumber> ratio;  // nothing: "none"
};
struct BurnIs {
  std::chrono::seconds window{0};
  std::optional<WrittenNumber> rate;  // nothing: "none"
};
struct CountsAre {
  slo::SliCounts counts;
  std::chrono::seconds window{0};
};
struct GroupsAre {
  uint64_t groups = 0;
};
struct TooLateAre {
  uint64_t events = 0;
};
using Clause = std::variant<StateIs, BurnAlertIs, AlertIs, TierIs, BudgetIs, BurnIs, CountsAre,
                            GroupsAre, TooLateAre>;

struct ExpectLine {
  int line = 0;
  std::string slo;
  std::chrono::seconds at{0};
  std::string group;  // empty: the total
  std::vector<Clause> clauses;
};

struct Script {
  std::string file;
  // 2026-01-05 00:00 UTC, a Monday: scripts begin on a slice, an hour, a day and a week.
  std::chrono::sys_seconds start{std::chrono::seconds(1'767'571'200)};
  uint32_t groups_max = 1000;
  std::chrono::seconds late_max{24 * 3600};
  std::vector<SloLine> slos;
  std::vector<FeedLine> feeds;
  std::vector<ExcludeLine> excludes;
  std::vector<ExpectLine> expects;
};

// kInvalidArgument "file:line: what; what to write instead" for the first line it cannot read.
absl::StatusOr<Script> ReadScript(std::string_view text, const std::string& file);

}  // namespace slowburn::golden
