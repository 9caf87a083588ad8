#include "tests/sim/slo_config.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace slowburn::sim {
namespace {

constexpr int64_t kMinute = 60;
constexpr int64_t kHour = 3600;
constexpr int64_t kDay = 24 * kHour;
constexpr uint32_t kOne = 100'000'000;  // the ratio 1

bool IsOfLogs(const SliConfig& sli) { return sli.source == Source::kLogs; }

std::string MatchText(const SloConfig& slo) {
  std::vector<std::string> parts;
  if (slo.sli.service.has_value()) {
    parts.push_back(fmt::format(R"(resource.attributes["service.name"] == "{}")",
                                ServiceName(*slo.sli.service)));
  }
  if (slo.sli.server_only || parts.empty()) {
    parts.push_back(IsOfLogs(slo.sli) ? R"(log.event_name == "served")"
                                      : "span.kind == SPAN_KIND_SERVER");
  }
  // Brackets and spaces are no part of what is meant.
  if (slo.rewritten) return fmt::format("( ({}) )", fmt::join(parts, ")  and  ("));
  return fmt::format("{}", fmt::join(parts, " and "));
}

std::string VerdictText(const SliConfig& sli) {
  const bool of_logs = IsOfLogs(sli);
  const std::string error = of_logs ? "log.severity_number >= SEVERITY_NUMBER_ERROR"
                                    : "span.status.code == STATUS_CODE_ERROR";
  const std::string no_error = of_logs ? "log.severity_number < SEVERITY_NUMBER_ERROR"
                                       : "span.status.code != STATUS_CODE_ERROR";
  const std::string latency = fmt::format("latency: {{max: {}ms}}", sli.max_millis);
  const auto outcome = [&](std::string_view one) {
    const std::string path = fmt::format(R"({}.attributes["outcome"])", of_logs ? "log" : "span");
    return fmt::format(R"({0} == "{1}" or {0} == "both")", path, one);
  };
  switch (sli.verdict) {
    case Verdict::kBadIfError:
      return fmt::format("      bad: {}\n", error);
    case Verdict::kGoodUnlessError:
      return fmt::format("      good: {}\n", no_error);
    case Verdict::kByOutcome:
      return fmt::format("      good: {}\n      bad: {}\n", outcome("good"), outcome("bad"));
    case Verdict::kByLatency:
      return fmt::format("      {}\n", latency);
    case Verdict::kByLatencyOrError:
      return fmt::format("      {}\n      bad: {}\n", latency, error);
  }
  return "";
}

// "http_requests_total{job="service-0",code=~"5.."}"
std::string SelectorText(const SloConfig& slo, std::string_view name, std::string_view code = "") {
  std::vector<std::string> matchers;
  if (slo.sli.service.has_value())
    matchers.push_back(fmt::format(R"(job="{}")", ServiceName(*slo.sli.service)));
  if (!code.empty()) matchers.emplace_back(code);
  // Nor is their order.
  if (slo.rewritten) std::reverse(matchers.begin(), matchers.end());
  return fmt::format("{}{{{}}}", name, fmt::join(matchers, slo.rewritten ? " , " : ","));
}

std::string CounterText(const SloConfig& slo) {
  constexpr std::string_view kName = "http_requests_total";
  const CounterForm form = slo.sli.form;
  std::string text = "    counter:\n";
  if (form != CounterForm::kGoodBad)
    text += fmt::format("      total: '{}'\n", SelectorText(slo, kName));
  if (form != CounterForm::kTotalBad)
    text += fmt::format("      good: '{}'\n", SelectorText(slo, kName, R"(code!~"5..")"));
  if (form != CounterForm::kTotalGood)
    text += fmt::format("      bad: '{}'\n", SelectorText(slo, kName, R"(code=~"5..")"));
  return text;
}

std::string HistogramText(const SloConfig& slo) {
  const std::string max =
      slo.rewritten ? fmt::format("{}ms", slo.sli.max_millis)
                    : fmt::format("{}.{:03}", slo.sli.max_millis / 1000, slo.sli.max_millis % 1000);
  return fmt::format("    histogram: {{metric: '{}', max: {}}}\n",
                     SelectorText(slo, "http_request_duration_seconds"), max);
}

std::string GaugeText(const SloConfig& slo) {
  const int64_t threshold = slo.sli.gauge_threshold;
  const std::string number =
      slo.rewritten ? fmt::format("{}.0", threshold) : fmt::format("{}", threshold);
  std::string test = "bool: true";
  if (slo.sli.gauge_test == GaugeTest::kAtMost) test = "max: " + number;
  if (slo.sli.gauge_test == GaugeTest::kAtLeast) test = "min: " + number;
  return fmt::format("    gauge: {{metric: '{}', {}}}\n", SelectorText(slo, "queue_depth"), test);
}

std::string CompositeText(const CompositeConfig& composite) {
  std::vector<std::string> members;
  for (const CompositeConfig::Member& member : composite.members) {
    members.push_back(composite.method == "weighted"
                          ? fmt::format("{{slo: {}, weight: {}}}", member.slo, member.weight)
                          : member.slo);
  }
  const std::string timeslice = composite.method == "any_bad"
                                    ? fmt::format(", timeslice: {}s", composite.timeslice_seconds)
                                    : "";
  return fmt::format("    composite: {{{}: [{}]{}}}\n", composite.method, fmt::join(members, ", "),
                     timeslice);
}

std::string SliText(const SloConfig& slo) {
  if (slo.composite.has_value()) return CompositeText(*slo.composite);
  switch (slo.sli.source) {
    case Source::kCounter:
      return CounterText(slo);
    case Source::kHistogram:
      return HistogramText(slo);
    case Source::kGauge:
      return GaugeText(slo);
    case Source::kSpans:
    case Source::kLogs:
      break;
  }
  return fmt::format("    {}:\n      match: {}\n{}", IsOfLogs(slo.sli) ? "logs" : "spans",
                     MatchText(slo), VerdictText(slo.sli));
}

std::string LabelsText(const std::map<std::string, std::string>& labels) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : labels) parts.push_back(fmt::format("{}: {}", name, value));
  return fmt::format("{{{}}}", fmt::join(parts, ", "));
}

// ", for: 60s, min_bad: 2"
std::string KeysText(const TierKeys& keys) {
  std::string text;
  if (keys.hold_seconds.has_value()) text += fmt::format(", for: {}s", *keys.hold_seconds);
  if (keys.keep_seconds.has_value())
    text += fmt::format(", keep_firing_for: {}s", *keys.keep_seconds);
  if (keys.min_total.has_value()) text += fmt::format(", min_total: {}", *keys.min_total);
  if (keys.min_bad.has_value()) text += fmt::format(", min_bad: {}", *keys.min_bad);
  if (keys.disabled.has_value()) text += fmt::format(", disable: {}", *keys.disabled);
  return text;
}

std::string SeverityText(const SeverityConfig& severity) {
  return fmt::format("{{labels: {}{}}}", LabelsText(severity.labels), KeysText(severity.keys));
}

std::string TierText(const TierConfig& tier) {
  const std::string speed =
      tier.burn_rate_millionths == 0
          ? fmt::format("budget: {}%", tier.budget_percent)
          : fmt::format("burn_rate: {}.{:06}", tier.burn_rate_millionths / 1'000'000,
                        tier.burn_rate_millionths % 1'000'000);
  return fmt::format("{{severity: {}, long: {}s, short: {}s, {}{}}}", tier.severity,
                     tier.long_seconds, tier.short_seconds, speed, KeysText(tier.keys));
}

std::string StateAlertText(const StateAlertConfig& alert) {
  std::string text = fmt::format("severity: {}, keep_firing_for: {}s, disable: {}", alert.severity,
                                 alert.keep_seconds, alert.disabled);
  switch (alert.kind) {
    case StateAlertKind::kBudgetLow:
      return fmt::format("{{remaining: {}%, for: {}s, {}}}", alert.remaining_percent,
                         alert.hold_seconds, text);
    case StateAlertKind::kExhaustion:
      return fmt::format("    exhaustion: {{within: {}s, for: {}s, {}}}\n", alert.span_seconds,
                         alert.hold_seconds, text);
    case StateAlertKind::kNoData:
      return fmt::format("    no_data: {{for: {}s, {}}}\n", alert.span_seconds, text);
    case StateAlertKind::kViolated:
      return fmt::format("    violated: {{for: {}s, {}}}\n", alert.hold_seconds, text);
  }
  return text;
}

std::string AlertingText(const SloConfig& slo) {
  std::vector<std::string> parts;
  for (const TierConfig& tier : slo.tiers) parts.push_back(TierText(tier));
  std::string text =
      fmt::format("  alerting:\n    policy: {}\n",
                  slo.policy.empty() ? fmt::format("[{}]", fmt::join(parts, ", ")) : slo.policy);
  if (!slo.scope.empty()) text += fmt::format("    scope: {}\n", slo.scope);
  parts.clear();
  for (const auto& [name, keys] : slo.by_tier) {
    const std::string said = KeysText(keys);
    if (!said.empty()) parts.push_back(fmt::format("\"{}\": {{{}}}", name, said.substr(2)));
  }
  if (!parts.empty()) text += fmt::format("    tiers: {{{}}}\n", fmt::join(parts, ", "));
  parts.clear();
  for (const auto& [name, severity] : slo.severities)
    parts.push_back(fmt::format("{}: {}", name, SeverityText(severity)));
  if (!parts.empty()) text += fmt::format("    severities: {{{}}}\n", fmt::join(parts, ", "));
  parts.clear();
  for (const StateAlertConfig& alert : slo.state_alerts) {
    if (alert.kind == StateAlertKind::kBudgetLow) {
      parts.push_back(StateAlertText(alert));
    } else {
      text += StateAlertText(alert);
    }
  }
  if (!parts.empty()) text += fmt::format("    budget: [{}]\n", fmt::join(parts, ", "));
  return text;
}

std::string WindowText(const SloConfig& slo) {
  if (slo.calendar.empty()) return fmt::format("{}s", slo.window_seconds);
  return fmt::format("{{calendar: {}, time_zone: {}}}", slo.calendar, slo.time_zone);
}

// 99,900,000 -> "99.900000%"
std::string PercentText(uint32_t units) {
  return fmt::format("{}.{:06}%", units / 1'000'000, units % 1'000'000);
}

std::string BudgetingText(const BudgetingConfig& budgeting) {
  if (!budgeting.by_time()) return "";
  const std::string target =
      budgeting.method == "timeslices"
          ? ", target: " +
                (budgeting.target_units == kOne ? "100%" : PercentText(budgeting.target_units))
          : "";
  return fmt::format("  budgeting: {{method: {}, timeslice: {}s{}}}\n", budgeting.method,
                     budgeting.timeslice_seconds, target);
}

std::string SloText(const SloConfig& slo) {
  std::string text = fmt::format(
      "apiVersion: slowburn/v1\nkind: SLO\nmetadata: {{name: {}, labels: {}}}\nspec:\n"
      "  service: {}\n  objective: {}\n  window: {}\n{}  sli:\n",
      slo.name, LabelsText(slo.labels), slo.service, PercentText(kOne - slo.budget_units),
      WindowText(slo), BudgetingText(slo.budgeting));
  text += SliText(slo);
  if (!slo.sli.group_by.empty())
    text += fmt::format("    group_by: [{}]\n", fmt::join(slo.sli.group_by, ", "));
  return text + AlertingText(slo);
}

}  // namespace

std::string DurationText(int64_t seconds) {
  constexpr int64_t kWeek = 7 * kDay;
  constexpr int64_t kYear = 365 * kDay;
  if (seconds % kYear == 0) return fmt::format("{}y", seconds / kYear);
  if (seconds % kWeek == 0) return fmt::format("{}w", seconds / kWeek);
  std::string text;
  for (const auto& [unit, name] : {std::pair{kDay, 'd'}, std::pair{kHour, 'h'},
                                   std::pair{kMinute, 'm'}, std::pair{int64_t{1}, 's'}}) {
    if (seconds >= unit) text += fmt::format("{}{}", seconds / unit, name);
    seconds %= unit;
  }
  return text;
}

std::string StateAlertConfig::alert_name() const {
  switch (kind) {
    case StateAlertKind::kBudgetLow:
      return "SLOBudgetLow";
    case StateAlertKind::kExhaustion:
      return "SLOExhaustion";
    case StateAlertKind::kNoData:
      return "SLONoData";
    case StateAlertKind::kViolated:
      return "SLOViolated";
  }
  return "";
}

std::string SpecText(const SloConfigs& slos) {
  std::string text;
  for (const SloConfig& slo : slos) text += SloText(slo) + "---\n";
  return text;
}

}  // namespace slowburn::sim
