// tests/sim/slo_config.h: SLOs as plain data: the generator draws them, the reference computes with
// them, the program reads them as YAML.
//
// Room     tests/sim
// Uses     tests/sim
// Threads  values
// Units    seconds; a budget is 1 - objective in units of 10^-8
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/traffic.h"

namespace slowburn::sim {

enum class Verdict : uint8_t {
  kBadIfError,        // bad: status is an error
  kGoodUnlessError,   // good: status is no error
  kByOutcome,         // good: and bad: by an attribute; neither is not counted, both is bad
  kByLatency,         // latency: {max}
  kByLatencyOrError,  // latency: and bad:
};

enum class Source : uint8_t { kSpans, kLogs, kCounter, kHistogram, kGauge };
// Which two of the three selectors a counter has.
enum class CounterForm : uint8_t { kTotalBad, kTotalGood, kGoodBad };
enum class GaugeTest : uint8_t { kNotZero, kAtMost, kAtLeast };

struct SliConfig {
  Source source = Source::kSpans;
  std::optional<uint32_t> service;  // none: spans (records, points) of every service
  // Of spans and log records.
  bool server_only = false;
  Verdict verdict = Verdict::kBadIfError;
  // At most so long is good: of the two verdicts that have one, of a histogram.
  int64_t max_millis = 0;
  CounterForm form = CounterForm::kTotalBad;
  GaugeTest gauge_test = GaugeTest::kNotZero;
  int64_t gauge_threshold = 0;
  // Spans "http.route", "cloud.region"; of metrics the former is "http_route".
  std::vector<std::string> group_by;

  bool reads_metrics() const { return source != Source::kSpans && source != Source::kLogs; }
  friend auto operator<=>(const SliConfig&, const SliConfig&) = default;
};

// An SLO over SLOs.
struct CompositeConfig {
  struct Member {
    std::string slo;  // "service-0/slo-1"
    uint64_t weight = 1;
    friend bool operator==(const Member&, const Member&) = default;
  };
  std::string method;  // "worst_of", "weighted", "any_bad"
  std::vector<Member> members;
  int64_t timeslice_seconds = 0;  // of any_bad
};

// What is said of a tier, at its own place or at its severity's.
struct TierKeys {
  std::optional<int64_t> hold_seconds;
  std::optional<int64_t> keep_seconds;
  std::optional<uint64_t> min_total;
  std::optional<uint64_t> min_bad;
  std::optional<bool> disabled;
};

struct SeverityConfig {
  TierKeys keys;
  std::map<std::string, std::string> labels;
};

// An entry of a policy that is a list.
struct TierConfig {
  std::string severity;
  int64_t long_seconds = 0;
  int64_t short_seconds = 0;
  uint64_t burn_rate_millionths = 0;  // 0: by the share of the budget
  uint64_t budget_percent = 0;
  TierKeys keys;
};

enum class StateAlertKind : uint8_t { kBudgetLow, kExhaustion, kNoData, kViolated };

struct StateAlertConfig {
  StateAlertKind kind = StateAlertKind::kViolated;
  std::string severity;
  uint32_t remaining_percent = 0;  // kBudgetLow
  int64_t span_seconds = 0;        // kExhaustion, kNoData
  int64_t hold_seconds = 0;        // none of kNoData
  int64_t keep_seconds = 0;
  bool disabled = false;

  std::string alert_name() const;  // "SLOBudgetLow"
};

// How a budget is counted.
struct BudgetingConfig {
  std::string method = "occurrences";  // "timeslices", "ratio_timeslices"
  int64_t timeslice_seconds = 0;
  uint32_t target_units = 0;  // 100,000,000: all events of a timeslice must be good

  bool by_time() const { return method != "occurrences"; }
};

struct SloConfig {
  std::string service;
  std::string name;
  SliConfig sli;                             // of one that is no composite
  std::optional<CompositeConfig> composite;  // in place of `sli`
  uint32_t budget_units = 0;                 // 100,000: an objective of 99.9 %
  int64_t window_seconds = 0;                // of a calendar's its nominal length
  std::string calendar;                      // "day" to "year"; empty: the window rolls
  std::string time_zone;                     // of the calendar
  BudgetingConfig budgeting;
  std::string policy;                       // "sre-workbook", "slowburn", "pyrra", or "": the list
  std::vector<TierConfig> tiers;            // the list
  std::map<std::string, TierKeys> by_tier;  // of a named policy, by the tier's name
  std::vector<StateAlertConfig> state_alerts;
  std::string scope;  // "groups", "total", "both", or "": as it comes
  std::map<std::string, std::string> labels;
  std::map<std::string, SeverityConfig> severities;  // "page", "ticket", "critical", "warning"
  bool rewritten = false;  // the same in other words: it must be the same SLI

  std::string id() const { return service + "/" + name; }
  // No window of this SLO is longer: months have up to 31 days, quarters 92, years 366.
  int64_t longest_seconds() const { return window_seconds + (calendar.empty() ? 0 : 2 * 86'400); }
};
using SloConfigs = std::vector<SloConfig>;

// "4d6h51m"; whole weeks and years are such.
std::string DurationText(int64_t seconds);
// The file an owner would write.
std::string SpecText(const SloConfigs& slos);

}  // namespace slowburn::sim
