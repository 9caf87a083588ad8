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
#include "slo/metric_sli.h"
#include "slo/objective.h"
#include "slo/slice.h"
#include "slo/state_alert.h"
#include "slo/window.h"

namespace slowburn::golden {

// An SLI on a metric.
struct MetricSource {
  enum class Kind : uint8_t { kCounter, kHistogram, kGauge };
  Kind kind = Kind::kCounter;
  std::vector<std::string> parts;  // kCounter: two of "good", "bad", "total"
  double max = 0;                  // kHistogram, in seconds
  std::vector<double> bounds;      // kHistogram
  slo::GaugeSli::Test test = slo::GaugeSli::Test::kNotZero;
  double threshold = 0;  // of kGauge
};

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
  std::optional<MetricSource> metric;  // instead of spans
  std::string group_by;                // empty: ungrouped

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

// Points of one series, each `every` of [from, to).
struct PointLine {
  int line = 0;
  std::string slo;
  std::string part;    // of a counter
  std::string series;  // which, where there are several
  std::string group;   // empty: the SLO is not grouped
  std::chrono::seconds from{0};
  std::chrono::seconds to{0};
  std::chrono::seconds every{1};
  std::vector<double> values;  // the first point's: one, or one for each bucket
  std::vector<double> rising;  // what each next point has more
  std::optional<std::chrono::seconds> start;
  bool is_delta = false;
  std::optional<std::chrono::seconds> arriving;  // all at once, instead of as they are made
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
// What became of the points of all SLOs: "counted", "duplicate", ...
struct PointsAre {
  std::string outcome;
  uint64_t points = 0;
};
// Whether good events are estimated: the histogram has no bound at the threshold.
struct InterpolatedIs {
  bool is_interpolated = false;
};
using Clause = std::variant<StateIs, BurnAlertIs, AlertIs, TierIs, BudgetIs, BurnIs, CountsAre,
                            GroupsAre, TooLateAre, PointsAre, InterpolatedIs>;

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
  std::vector<PointLine> points;
  std::vector<ExcludeLine> excludes;
  std::vector<ExpectLine> expects;
};

// kInvalidArgument "file:line: what; what to write instead" for the first line it cannot read.
absl::StatusOr<Script> ReadScript(std::string_view text, const std::string& file);

}  // namespace slowburn::golden
