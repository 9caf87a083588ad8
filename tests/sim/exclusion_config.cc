#include "tests/sim/exclusion_config.h"

#include <algorithm>

#include <absl/time/time.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/time_text.h"

namespace slowburn::sim {
namespace {

constexpr int64_t kHour = 3600;
constexpr int64_t kDay = 24 * kHour;

std::string TimeText(int64_t seconds) {
  return base::FormatRfc3339(base::UnixNanos(std::chrono::seconds(seconds)));
}

}  // namespace

std::string DocumentOf(const ReferenceExclusion& exclusion) {
  std::string text;
  if (exclusion.rule.has_value()) {
    text = fmt::format(R"("start":"{}","duration":"{}s","rrule":"{}","time_zone":"{}")",
                       absl::FormatCivilTime(exclusion.start), exclusion.duration,
                       exclusion.rule->Text(), exclusion.time_zone);
  } else {
    text = fmt::format(R"("start":"{}","end":"{}")", TimeText(exclusion.begin),
                       TimeText(exclusion.end));
  }
  std::vector<std::string> parts;
  for (const std::string& slo : exclusion.slos) parts.push_back('"' + slo + '"');
  if (!parts.empty()) text += fmt::format(R"(,"slos":[{}])", fmt::join(parts, ","));
  parts.clear();
  for (const auto& [name, value] : exclusion.labels)
    parts.push_back(fmt::format(R"("{}":"{}")", name, value));
  if (!parts.empty()) text += fmt::format(R"(,"labels":{{{}}})", fmt::join(parts, ","));
  return "{" + text + "}";
}

const SloConfig& SpecFile::Find(const std::string& slo) const {
  return *std::find_if(slos.begin(), slos.end(),
                       [&](const SloConfig& one) { return one.id() == slo; });
}

std::string SpecFile::Text() const {
  std::string text = SpecText(slos);
  for (const auto& [id, exclusion] : exclusions) {
    text += fmt::format(
        "apiVersion: slowburn/v1\nkind: Exclusion\nmetadata: {{name: {}}}\nspec: {}\n---\n", id,
        DocumentOf(exclusion));
  }
  return text;
}

void ExclusionGenerator::DrawRule(ReferenceExclusion& exclusion) {
  ReferenceRule& rule = exclusion.rule.emplace();
  const absl::Weekday weekday = absl::GetWeekday(exclusion.start);
  rule.frequency = random_.Pick({"DAILY", "DAILY", "WEEKLY", "MONTHLY"});
  rule.interval = random_.Pick({1, 1, 1, 2, 3});
  const auto other = static_cast<absl::Weekday>(random_.Below(7));
  if (rule.frequency != "DAILY" || random_.OneIn(4)) {
    rule.weekdays = {weekday};
    if (random_.OneIn(2) && other != weekday) rule.weekdays.push_back(other);
  }
  if (rule.frequency == "WEEKLY" && random_.OneIn(3)) rule.weekdays.clear();
  if (rule.frequency == "MONTHLY") {
    switch (random_.Below(5)) {
      case 0:
        rule.weekdays.clear();  // The start's day.
        break;
      case 1:
        rule.weekdays.clear();
        rule.month_days = {random_.Pick({1, 15, 31, -1, -3}), exclusion.start.day()};
        break;
      case 2:
        rule.position = random_.Pick({1, 2, -1});
        break;
      default:
        rule.nth = random_.OneIn(3) ? -1 : (exclusion.start.day() - 1) / 7 + 1;
        break;
    }
  }
}

// What its start's day is of the year, in one way or another.
void ExclusionGenerator::DrawYearlyRule(ReferenceExclusion& exclusion) {
  ReferenceRule& rule = exclusion.rule.emplace();
  rule.frequency = "YEARLY";
  rule.interval = random_.Pick({1, 1, 1, 2});
  const absl::CivilDay start(exclusion.start);
  const uint64_t kind = random_.Below(6);
  const bool names_months = kind == 1 || kind == 2 || kind == 5;
  if (names_months) rule.months = {start.month()};
  const auto other = static_cast<int>(random_.Between(1, 12));
  if (names_months && random_.OneIn(2) && other != start.month()) rule.months.push_back(other);
  if (kind == 2 || kind == 3 || kind == 5) rule.weekdays = {absl::GetWeekday(start)};
  if (kind == 2) rule.nth = random_.OneIn(3) ? -1 : (start.day() - 1) / 7 + 1;
  if (kind == 3) rule.nth = random_.OneIn(3) ? -1 : (absl::GetYearDay(start) - 1) / 7 + 1;
  if (kind == 4) rule.month_days = {start.day(), -1};
  if (kind == 5) rule.position = random_.Pick({1, 2, -1});
}

void ExclusionGenerator::DrawEnd(ReferenceExclusion& exclusion) {
  ReferenceRule& rule = *exclusion.rule;
  if (random_.OneIn(4)) {
    rule.count = random_.Pick({1, 2, 5, 40});
  } else if (random_.OneIn(4)) {
    rule.until = absl::CivilDay(exclusion.start) + random_.Pick({1, 7, 35, 40, 62});
  }
}

// Once: of the past, under way, of the future. Again and again: so that it begins or ends about
// now, on clocks that may have changed since.
ReferenceExclusion ExclusionGenerator::Draw(int64_t now, const SloConfigs& slos) {
  ReferenceExclusion exclusion;
  exclusion.begin = now + random_.Pick({random_.Between(-600, 600), random_.Between(-kDay, 0),
                                        random_.Between(-40 * kDay, 0)});
  exclusion.end = exclusion.begin + random_.Pick({random_.Between(1, 30), random_.Between(1, 7200),
                                                  random_.Between(1, 20 * kDay)});
  for (uint64_t i = random_.Below(3); i > 0 && !slos.empty(); --i) {
    const SloConfig& slo = random_.Pick(slos);
    exclusion.slos.push_back(random_.OneIn(2) ? slo.id() : slo.service + "/*");
  }
  if (random_.OneIn(10)) exclusion.labels = {{"team", random_.Pick({"red", "blue"})}};
  if (random_.OneIn(2)) return exclusion;
  exclusion.time_zone = random_.Pick(
      {"UTC", "Europe/Paris", "America/New_York", "America/Santiago", "Australia/Lord_Howe"});
  absl::TimeZone zone;
  absl::LoadTimeZone(exclusion.time_zone, &zone);
  const bool is_yearly = random_.OneIn(6);
  const int64_t back =
      (is_yearly ? random_.Pick({0, 7, 364, 365, 366}) : random_.Pick({0, 1, 7, 28, 35, 40})) *
      kDay;
  exclusion.duration = random_.Pick(
      {random_.Between(1, 60), random_.Between(60, 7200), random_.Between(1, 2 * kDay)});
  // Within its first or its last seconds, mostly.
  const int64_t into = random_.Between(-300, 600) + (random_.OneIn(2) ? exclusion.duration : 0);
  exclusion.start = zone.At(absl::FromUnixSeconds(now - back - into)).cs;
  exclusion.begin = exclusion.end = 0;
  is_yearly ? DrawYearlyRule(exclusion) : DrawRule(exclusion);
  DrawEnd(exclusion);
  // One that never holds is refused.
  if (exclusion.Stretches().empty()) exclusion.rule->until.reset();
  return exclusion;
}

}  // namespace slowburn::sim
