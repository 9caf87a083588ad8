#include "tests/sim/slo_config.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace slowburn::sim {
namespace {

constexpr int64_t kMinute = 60;
constexpr int64_t kHour = 3600;
constexpr int64_t kDay = 24 * kHour;
constexpr size_t kSlosMax = 6;
constexpr uint32_t kOne = 100'000'000;  // the ratio 1

std::string MatchText(const SloConfig& slo) {
  std::vector<std::string> parts;
  if (slo.sli.service.has_value()) {
    parts.push_back(fmt::format(R"(resource.attributes["service.name"] == "{}")",
                                ServiceName(*slo.sli.service)));
  }
  if (slo.sli.server_only || parts.empty()) parts.push_back("span.kind == SPAN_KIND_SERVER");
  // Brackets and spaces are no part of what is meant.
  if (slo.rewritten) return fmt::format("( ({}) )", fmt::join(parts, ")  and  ("));
  return fmt::format("{}", fmt::join(parts, " and "));
}

// The `sli:` of one that counts increments.
std::string CounterText(const SloConfig& slo) {
  std::string job =
      slo.sli.service.has_value() ? fmt::format(R"(job="{}")", ServiceName(*slo.sli.service)) : "";
  if (slo.rewritten) job = " " + job + " ";
  const std::string code =
      job.find('=') == std::string::npos ? R"(code=~"5..")" : R"(,code=~"5..")";
  return fmt::format(
      "    counter:\n      total: 'http_requests_total{{{0}}}'\n"
      "      bad: 'http_requests_total{{{0}{1}}}'\n",
      job, code);
}

std::string VerdictText(const SliConfig& sli) {
  const std::string error = "span.status.code == STATUS_CODE_ERROR";
  const std::string latency = fmt::format("latency: {{max: {}ms}}", sli.latency_max_millis);
  switch (sli.verdict) {
    case Verdict::kBadIfError:
      return fmt::format("      bad: {}\n", error);
    case Verdict::kGoodUnlessError:
      return "      good: span.status.code != STATUS_CODE_ERROR\n";
    case Verdict::kByOutcome:
      return "      good: span.attributes[\"outcome\"] == \"good\" or span.attributes[\"outcome\"] "
             "== \"both\"\n"
             "      bad: span.attributes[\"outcome\"] == \"bad\" or span.attributes[\"outcome\"] "
             "== "
             "\"both\"\n";
    case Verdict::kByLatency:
      return fmt::format("      {}\n", latency);
    case Verdict::kByLatencyOrError:
      return fmt::format("      {}\n      bad: {}\n", latency, error);
  }
  return "";
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
  if (slo.sli.is_counter) {
    text += CounterText(slo);
  } else {
    text += fmt::format("    spans:\n      match: {}\n", MatchText(slo)) + VerdictText(slo.sli);
  }
  if (!slo.sli.group_by.empty())
    text += fmt::format("    group_by: [{}]\n", fmt::join(slo.sli.group_by, ", "));
  return text + AlertingText(slo);
}

// `slo` is about `sli` from now on.
void Count(SloConfig& slo, const SliConfig& sli) {
  slo.sli = sli;
  if (sli.group_by.empty() && slo.scope == "groups") slo.scope = "";
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

SliConfig SloGenerator::DrawSli() {
  SliConfig sli;
  if (!random_.OneIn(5)) sli.service = static_cast<uint32_t>(random_.Below(services_));
  sli.server_only = !sli.service.has_value() || random_.OneIn(4);
  sli.verdict =
      random_.Pick({Verdict::kBadIfError, Verdict::kBadIfError, Verdict::kGoodUnlessError,
                    Verdict::kByOutcome, Verdict::kByLatency, Verdict::kByLatencyOrError});
  if (sli.verdict == Verdict::kByLatency || sli.verdict == Verdict::kByLatencyOrError)
    sli.latency_max_millis = random_.Pick({100, 300});
  if (random_.OneIn(2)) sli.group_by.push_back("http.route");
  if (random_.OneIn(4)) sli.group_by.push_back("cloud.region");
  if (!counters_ || counter_random_.OneIn(3)) return sli;
  SliConfig counter;
  counter.service = sli.service;
  counter.is_counter = true;
  return counter;
}

TierKeys SloGenerator::DrawKeys() {
  TierKeys keys;
  if (random_.OneIn(4)) keys.hold_seconds = random_.Pick({0, 10, 60, 900});
  if (random_.OneIn(4)) keys.keep_seconds = random_.Pick({0, 60, 300, 3600});
  if (random_.OneIn(6)) keys.min_total = random_.Pick({1, 5, 50});
  if (random_.OneIn(6)) keys.min_bad = random_.Pick({1, 2, 7});
  if (random_.OneIn(10)) keys.disabled = random_.OneIn(2);
  return keys;
}

TierConfig SloGenerator::DrawTier(int64_t window_seconds) {
  TierConfig tier;
  tier.severity = random_.Pick({"page", "page", "ticket", "ticket", "critical", "warning"});
  // Most are within the SLO's window, and some are as long.
  tier.long_seconds = random_.OneIn(8)
                          ? 2 * kDay
                          : std::max<int64_t>(window_seconds / random_.Pick({1, 2, 10, 100}), 20);
  tier.long_seconds -= tier.long_seconds % 10;
  tier.short_seconds = std::max<int64_t>(tier.long_seconds / random_.Pick({2, 12, 60}), 10);
  tier.short_seconds -= tier.short_seconds % 10;
  if (random_.OneIn(3)) {
    tier.budget_percent = 1 + random_.Below(50);
  } else {
    tier.burn_rate_millionths =
        random_.Pick({1'000'000, 1'000'000, 2'000'000, 6'000'000, 14'400'000, 500'000, 1'000'001});
  }
  tier.keys = DrawKeys();
  return tier;
}

void SloGenerator::DrawPolicy(SloConfig& slo) {
  slo.policy = random_.Pick({"sre-workbook", "slowburn", "slowburn", "pyrra", "pyrra", "", ""});
  slo.tiers.clear();
  slo.by_tier.clear();
  slo.severities.clear();
  std::set<std::pair<int64_t, int64_t>> names;
  for (uint64_t i = slo.policy.empty() ? 1 + random_.Below(4) : 0; i > 0; --i) {
    TierConfig tier = DrawTier(slo.window_seconds);
    if (names.emplace(tier.long_seconds, tier.short_seconds).second)
      slo.tiers.push_back(std::move(tier));
  }
  if ((slo.policy == "sre-workbook" || slo.policy == "slowburn") && random_.OneIn(4))
    slo.by_tier[random_.Pick({"1h/5m", "6h/30m", "3d/6h"})] = DrawKeys();
  const bool by_pyrra = slo.policy == "pyrra";
  for (const char* name : {by_pyrra ? "critical" : "page", by_pyrra ? "warning" : "ticket"}) {
    if (random_.OneIn(3)) slo.severities[name].keys = DrawKeys();
  }
  // Two severities must not become one by their labels.
  if (slo.policy.empty() || by_pyrra) return;
  if (random_.OneIn(6)) slo.severities["page"].labels = {{"severity", "critical"}};
  if (random_.OneIn(6)) slo.severities["ticket"].labels = {{"queue", "slow"}};
}

void SloGenerator::DrawStateAlerts(SloConfig& slo) {
  slo.state_alerts.clear();
  const auto draw = [&](StateAlertKind kind) {
    StateAlertConfig alert{.kind = kind, .severity = random_.Pick({"page", "ticket", "ticket"})};
    if (kind != StateAlertKind::kNoData) alert.hold_seconds = random_.Pick({0, 0, 60, 900});
    alert.keep_seconds = random_.Pick({0, 0, 300});
    alert.disabled = random_.OneIn(12);
    return alert;
  };
  std::set<uint32_t> shares;
  for (uint64_t i = random_.OneIn(2) ? random_.Below(4) : 0; i > 0; --i) {
    StateAlertConfig alert = draw(StateAlertKind::kBudgetLow);
    alert.remaining_percent = random_.Pick({0u, 10u, 25u, 50u, 99u});
    if (shares.insert(alert.remaining_percent).second) slo.state_alerts.push_back(alert);
  }
  if (random_.OneIn(3)) {
    StateAlertConfig alert = draw(StateAlertKind::kExhaustion);
    alert.span_seconds = random_.Pick({kMinute, kHour, 6 * kHour, 3 * kDay});
    slo.state_alerts.push_back(alert);
  }
  if (random_.OneIn(3)) {
    StateAlertConfig alert = draw(StateAlertKind::kNoData);
    alert.span_seconds = random_.Pick({kMinute, 30 * kMinute, kHour, kDay});
    slo.state_alerts.push_back(alert);
  }
  if (random_.OneIn(3)) slo.state_alerts.push_back(draw(StateAlertKind::kViolated));
}

void SloGenerator::DrawAlerting(SloConfig& slo) {
  DrawPolicy(slo);
  DrawStateAlerts(slo);
  slo.scope = slo.sli.group_by.empty() ? random_.Pick({"", "total", "both"})
                                       : random_.Pick({"", "groups", "total", "both"});
  if (random_.OneIn(6)) slo.labels = {{"team", random_.Pick({"red", "blue"})}};
}

void SloGenerator::DrawWindow(SloConfig& slo) {
  slo.calendar.clear();
  slo.window_seconds =
      random_.Pick({kMinute, 5 * kMinute, kHour, 6 * kHour, kDay, 3 * kDay, 7 * kDay, 28 * kDay,
                    30 * kDay, 30 * kDay, 30 * kDay, 90 * kDay, 400 * kDay, 70 * kMinute + 10});
  if (random_.OneIn(3)) {
    const std::pair<std::string, int64_t> calendar =
        random_.Pick(std::vector<std::pair<std::string, int64_t>>{{"day", kDay},
                                                                  {"week", 7 * kDay},
                                                                  {"month", 30 * kDay},
                                                                  {"quarter", 91 * kDay},
                                                                  {"year", 365 * kDay}});
    slo.calendar = calendar.first;
    slo.window_seconds = calendar.second;
    // Santiago's clocks skip midnight, Lord Howe's change by half an hour, Chatham's are 45 minutes
    // off.
    slo.time_zone = random_.Pick({"UTC", "Europe/Paris", "America/New_York", "America/Santiago",
                                  "Australia/Lord_Howe", "Pacific/Chatham", "Asia/Kolkata"});
  }
  DrawBudgeting(slo);
}

void SloGenerator::DrawBudgeting(SloConfig& slo) {
  slo.budgeting = {};
  if (!random_.OneIn(3)) return;
  const int64_t timeslice = random_.Pick({10, 20, 60, 300, 1200, 3600});
  if (timeslice * 10 > slo.window_seconds) return;
  slo.budgeting.timeslice_seconds = timeslice;
  slo.budgeting.method = random_.Pick({"timeslices", "timeslices", "ratio_timeslices"});
  if (slo.budgeting.method == "timeslices")
    slo.budgeting.target_units = random_.Pick({kOne, 95'000'000u, 50'000'000u, 99'900'000u});
}

SloConfig SloGenerator::DrawSlo() {
  SloConfig slo;
  slo.service = ServiceName(static_cast<uint32_t>(random_.Below(services_)));
  slo.name = fmt::format("slo-{}", names_++);
  slo.sli = DrawSli();
  // 90, 99, 99.9 % and odd ones. With low objectives a burn rate of 1 is a plain fraction of
  // events, so counts meet thresholds exactly.
  slo.budget_units = random_.Pick({10'000'000u, 1'000'000u, 1'000'000u, 100'000u, 100'000u, 10'000u,
                                   25'000'000u, 50'000'000u, 3'333'333u, 1u, 99'999'999u, 70'001u});
  DrawWindow(slo);
  DrawAlerting(slo);
  return slo;
}

SloConfigs SloGenerator::Draw() {
  SloConfigs slos;
  const uint64_t count = 1 + random_.Below(3);
  for (uint64_t i = 0; i < count; ++i) {
    slos.push_back(DrawSlo());
    if (i > 0 && random_.OneIn(3)) Count(slos.back(), slos.front().sli);  // shared counts
  }
  return slos;
}

void SloGenerator::Change(SloConfig& slo) {
  SloConfig other = DrawSlo();
  switch (random_.Below(6)) {
    case 0:
      slo.budget_units = other.budget_units;
      break;
    case 1:
      slo.window_seconds = other.window_seconds;
      slo.calendar = other.calendar;
      slo.time_zone = other.time_zone;
      slo.budgeting = other.budgeting;
      break;
    case 2:
      Count(slo, other.sli);
      break;
    case 3:
      DrawAlerting(slo);
      break;
    case 4:
      slo.rewritten = !slo.rewritten;
      break;
    default:
      slo.severities[slo.policy == "pyrra" ? "critical" : "page"].keys = DrawKeys();
      break;
  }
}

SloConfigs SloGenerator::Edit(SloConfigs slos) {
  const uint64_t edits = 1 + random_.Below(2);
  for (uint64_t i = 0; i < edits; ++i) {
    const uint64_t what = random_.Below(6);
    if (what == 0 && slos.size() < kSlosMax) {
      slos.push_back(DrawSlo());
    } else if (what == 1 && !slos.empty()) {
      slos.erase(slos.begin() + static_cast<std::ptrdiff_t>(random_.Below(slos.size())));
    } else if (what == 2 && slos.size() > 1) {
      std::rotate(slos.begin(), slos.begin() + 1, slos.end());
    } else if (!slos.empty()) {
      Change(slos[random_.Below(slos.size())]);
    }
  }
  return slos;
}

}  // namespace slowburn::sim
