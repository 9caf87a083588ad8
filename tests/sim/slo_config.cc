#include "tests/sim/slo_config.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace slowburn::sim {
namespace {

constexpr int64_t kMinute = 60;
constexpr int64_t kHour = 3600;
constexpr int64_t kDay = 24 * kHour;
constexpr size_t kSlosMax = 6;

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

std::string SeverityText(std::string_view name, const SeverityConfig& severity) {
  return fmt::format("    {}: {{disable: {}, labels: {}}}\n", name,
                     severity.disabled ? "true" : "false", LabelsText(severity.labels));
}

std::string SloText(const SloConfig& slo) {
  constexpr uint32_t kOne = 100'000'000;
  std::string text = fmt::format(
      "apiVersion: slowburn/v1\nkind: SLO\nmetadata: {{name: {}, labels: {}}}\nspec:\n"
      "  service: {}\n  objective: {}.{:06}%\n  window: {}s\n  sli:\n    spans:\n      match: {}\n",
      slo.name, LabelsText(slo.labels), slo.service, (kOne - slo.budget_units) / 1'000'000,
      (kOne - slo.budget_units) % 1'000'000, slo.window_seconds, MatchText(slo));
  text += VerdictText(slo.sli);
  if (!slo.sli.group_by.empty())
    text += fmt::format("    group_by: [{}]\n", fmt::join(slo.sli.group_by, ", "));
  text += fmt::format("  alerting:\n    policy: {}\n", slo.policy);
  if (!slo.scope.empty()) text += fmt::format("    scope: {}\n", slo.scope);
  return text + SeverityText("page", slo.page) + SeverityText("ticket", slo.ticket);
}

// `slo` is about `sli` from now on.
void Count(SloConfig& slo, const SliConfig& sli) {
  slo.sli = sli;
  if (sli.group_by.empty() && slo.scope == "groups") slo.scope = "";
}

}  // namespace

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
  return sli;
}

void SloGenerator::DrawAlerting(SloConfig& slo) {
  slo.policy = random_.Pick({"sre-workbook", "slowburn", "slowburn"});
  slo.scope = slo.sli.group_by.empty() ? random_.Pick({"", "total", "both"})
                                       : random_.Pick({"", "groups", "total", "both"});
  slo.page.disabled = random_.OneIn(12);
  slo.ticket.disabled = random_.OneIn(8);
  if (random_.OneIn(6)) slo.page.labels = {{"severity", "critical"}};
  if (random_.OneIn(6)) slo.ticket.labels = {{"queue", "slow"}};
  if (random_.OneIn(6)) slo.labels = {{"team", random_.Pick({"red", "blue"})}};
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
  slo.window_seconds =
      random_.Pick({kMinute, 5 * kMinute, kHour, 6 * kHour, kDay, 3 * kDay, 7 * kDay, 28 * kDay,
                    30 * kDay, 30 * kDay, 30 * kDay, 90 * kDay, 400 * kDay, 70 * kMinute + 10});
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
      slo.page.disabled = !slo.page.disabled;
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
