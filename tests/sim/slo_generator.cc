#include "tests/sim/slo_generator.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace slowburn::sim {
namespace {

constexpr int64_t kMinute = 60;
constexpr int64_t kHour = 3600;
constexpr int64_t kDay = 24 * kHour;
constexpr size_t kSlosMax = 6;
constexpr uint32_t kOne = 100'000'000;  // the ratio 1

// `slo` is about `sli` from now on.
void Count(SloConfig& slo, const SliConfig& sli) {
  slo.sli = sli;
  if (sli.group_by.empty() && slo.scope == "groups") slo.scope = "";
}

}  // namespace

SliConfig SloGenerator::DrawMetricSli(std::optional<uint32_t> service) {
  SliConfig sli;
  sli.service = service;
  switch (source_random_.Pick(options_.metrics)) {
    case MetricKind::kCounter:
      sli.source = Source::kCounter;
      sli.form = source_random_.Pick({CounterForm::kTotalBad, CounterForm::kTotalBad,
                                      CounterForm::kTotalGood, CounterForm::kGoodBad});
      break;
    case MetricKind::kHistogram:
    case MetricKind::kExponential:
      sli.source = Source::kHistogram;
      // Bounds of all, of some, and of none: such as doubles can say exactly.
      sli.max_millis = source_random_.Pick({250, 500, 250, 500, 125, 375, 625, 750, 875, 1500});
      break;
    case MetricKind::kGauge:
      sli.source = Source::kGauge;
      sli.gauge_test =
          source_random_.Pick({GaugeTest::kNotZero, GaugeTest::kAtMost, GaugeTest::kAtLeast});
      if (sli.gauge_test == GaugeTest::kAtMost) sli.gauge_threshold = 5;
      if (sli.gauge_test == GaugeTest::kAtLeast) sli.gauge_threshold = 4;
      break;
  }
  if (source_random_.OneIn(3)) sli.group_by.push_back("http_route");
  if (source_random_.OneIn(6)) sli.group_by.push_back("cloud.region");
  return sli;
}

SliConfig SloGenerator::DrawSli() {
  SliConfig sli;
  if (!random_.OneIn(5)) sli.service = static_cast<uint32_t>(random_.Below(options_.services));
  sli.server_only = !sli.service.has_value() || random_.OneIn(4);
  sli.verdict =
      random_.Pick({Verdict::kBadIfError, Verdict::kBadIfError, Verdict::kGoodUnlessError,
                    Verdict::kByOutcome, Verdict::kByLatency, Verdict::kByLatencyOrError});
  const bool has_latency =
      sli.verdict == Verdict::kByLatency || sli.verdict == Verdict::kByLatencyOrError;
  if (has_latency) sli.max_millis = random_.Pick({100, 300});
  if (random_.OneIn(2)) sli.group_by.push_back("http.route");
  if (random_.OneIn(4)) sli.group_by.push_back("cloud.region");
  if (!options_.metrics.empty() && !source_random_.OneIn(3)) return DrawMetricSli(sli.service);
  if (!options_.logs || source_random_.OneIn(2)) return sli;
  sli.source = Source::kLogs;
  if (has_latency) sli.verdict = Verdict::kBadIfError;
  sli.max_millis = 0;
  return sli;
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
  slo.service = ServiceName(static_cast<uint32_t>(random_.Below(options_.services)));
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
  const uint64_t count = std::max<uint64_t>(1 + random_.Below(3), options_.composites ? 2 : 1);
  for (uint64_t i = 0; i < count; ++i) {
    slos.push_back(DrawSlo());
    if (i > 0 && random_.OneIn(3)) Count(slos.back(), slos.front().sli);  // shared counts
  }
  if (options_.composites) AddComposite(slos);
  return slos;
}

// Of SLOs that are none.
void SloGenerator::DrawMembers(SloConfig& slo, const SloConfigs& slos) {
  CompositeConfig& composite = slo.composite.emplace();
  composite.method = source_random_.Pick({"worst_of", "weighted", "any_bad"});
  for (const SloConfig& one : slos) {
    if (one.composite.has_value() || composite.members.size() == 3) continue;
    composite.members.push_back({one.id(), source_random_.Pick({1u, 1u, 2u, 3u, 1000u})});
  }
  composite.timeslice_seconds = source_random_.Pick({10, 20, 60, 300});
}

void SloGenerator::AddComposite(SloConfigs& slos) {
  SloConfig slo = DrawSlo();
  slo.budgeting = {};
  slo.sli = {};
  if (slo.scope == "groups") slo.scope = "";
  DrawMembers(slo, slos);
  slos.push_back(std::move(slo));
  MendComposites(slos);
}

// As owners do after an edit, because a file must name members that there are.
void SloGenerator::MendComposites(SloConfigs& slos) {
  for (SloConfig& slo : slos) {
    if (!slo.composite.has_value()) continue;
    slo.budgeting = {};
    std::erase_if(slo.composite->members, [&](const CompositeConfig::Member& member) {
      return std::none_of(slos.begin(), slos.end(), [&](const SloConfig& one) {
        return one.id() == member.slo && !one.composite.has_value();
      });
    });
    if (slo.composite->timeslice_seconds * 10 > slo.window_seconds &&
        slo.composite->method == "any_bad")
      slo.composite->method = "worst_of";
  }
  std::erase_if(slos, [](const SloConfig& slo) {
    return slo.composite.has_value() && slo.composite->members.size() < 2;
  });
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
      if (slo.composite.has_value()) {
        slo.composite->method = source_random_.Pick({"worst_of", "weighted", "any_bad"});
      } else {
        Count(slo, other.sli);
      }
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
  MendComposites(slos);
  const bool has_composite = std::any_of(
      slos.begin(), slos.end(), [](const SloConfig& slo) { return slo.composite.has_value(); });
  if (options_.composites && !has_composite && slos.size() > 1 && source_random_.OneIn(2))
    AddComposite(slos);
  return slos;
}

}  // namespace slowburn::sim
