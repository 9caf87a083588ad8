#include "rules/internal/exclusion_time_reader.h"

#include <chrono>
#include <string>
#include <string_view>

#include <absl/time/civil_time.h>
#include <absl/time/time.h>
#include <fmt/format.h>

#include "base/duration_text.h"
#include "base/status.h"
#include "base/time_text.h"
#include "rules/internal/spec_values.h"
#include "slo/time_zone.h"

namespace slowburn::rules {
namespace {

using base::YamlNode;
using slo::Recurrence;
using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr int kYearMin = 1970;
constexpr int kYearMax = 2100;

// The zone that a document's local times are in.
struct Zone {
  std::string name;  // empty where the document names none
  absl::TimeZone zone;
  bool is_wrong = false;  // and has been told
};

// A start or an end.
struct Moment {
  sys_seconds instant;
  absl::CivilSecond local;  // in the zone
};

Zone ReadZone(const YamlNode& node) {
  Zone zone{.name = "", .zone = absl::UTCTimeZone()};
  const std::optional<std::string> name = node.String();
  if (!name.has_value()) return zone;
  const absl::StatusOr<absl::TimeZone> loaded = slo::LoadTimeZone(*name);
  if (loaded.ok()) {
    zone.name = *name;
    zone.zone = *loaded;
  } else {
    zone.is_wrong = true;
    node.Error(fmt::format("{}: {}", node.path(), base::Message(loaded.status())));
  }
  return zone;
}

// "2026-01-04T02:00:00", "2026-01-04 02:00" or "2026-01-04".
std::optional<absl::CivilSecond> ParseLocal(std::string text) {
  if (text.size() < 5 || text[4] != '-') return std::nullopt;
  if (text.size() > 10 && text[10] == ' ') text[10] = 'T';
  absl::CivilSecond second;
  if (absl::ParseCivilTime(text, &second)) return second;
  absl::CivilMinute minute;
  if (absl::ParseCivilTime(text, &minute)) return absl::CivilSecond(minute);
  absl::CivilDay day;
  if (absl::ParseCivilTime(text, &day)) return absl::CivilSecond(day);
  return std::nullopt;
}

// RFC 3339; unlike base::ParseTime no number, which would rather be a slip.
std::optional<sys_seconds> ParseWithOffset(std::string_view text) {
  if (text.size() < 5 || text[4] != '-') return std::nullopt;
  const absl::StatusOr<base::UnixNanos> time = base::ParseTime(text);
  if (!time.ok()) return std::nullopt;
  return std::chrono::floor<seconds>(*time);
}

// Says so where clocks skip the time or show it twice.
void WarnUnlessOnce(const YamlNode& node, absl::CivilSecond local, const Zone& zone) {
  const absl::TimeZone::TimeInfo info = zone.zone.At(local);
  if (info.kind == absl::TimeZone::TimeInfo::UNIQUE) return;
  const bool skipped = info.kind == absl::TimeZone::TimeInfo::SKIPPED;
  node.Warning(fmt::format(
      "{} is {}, which clocks in {} {}; write an offset to say which moment is meant, like "
      "2026-01-04T02:00:00Z",
      node.path(), absl::FormatCivilTime(local), zone.name,
      skipped ? "skip: it is read as " + absl::FormatCivilTime(slo::LocalTime(
                                             slo::InstantOf(local, zone.zone), zone.zone))
              : "show twice: the first is taken"));
}

std::optional<Moment> ReadMoment(const YamlNode& node, const Zone& zone) {
  const std::optional<std::string> text = node.String();
  if (!text.has_value()) return std::nullopt;
  std::optional<Moment> moment;
  if (const std::optional<absl::CivilSecond> local = ParseLocal(*text)) {
    if (zone.is_wrong) return std::nullopt;
    if (zone.name.empty()) {
      node.Error(
          fmt::format("{} is {}, a local time; add time_zone: Europe/Paris beside it, or write an "
                      "offset, like 2026-01-04T02:00:00Z",
                      node.path(), Shown(*text)));
      return std::nullopt;
    }
    WarnUnlessOnce(node, *local, zone);
    moment = Moment{slo::InstantOf(*local, zone.zone), *local};
  } else if (const std::optional<sys_seconds> instant = ParseWithOffset(*text)) {
    moment = Moment{*instant, slo::LocalTime(*instant, zone.zone)};
  } else {
    node.Error(
        fmt::format("{} is \"{}\"; write a time with its offset, like 2026-01-04T02:00:00+01:00, "
                    "or a local time, like 2026-01-04T02:00:00, with time_zone beside it",
                    node.path(), Shown(*text)));
    return std::nullopt;
  }
  if (moment->local.year() >= kYearMin && moment->local.year() <= kYearMax) return moment;
  node.Error(fmt::format("{} is in the year {}; write one from {} to {}", node.path(),
                         moment->local.year(), kYearMin, kYearMax));
  return std::nullopt;
}

// Of `end` and `duration`, one has to be there.
std::optional<seconds> ReadLength(const YamlNode& spec, const std::optional<Moment>& start,
                                  const Zone& zone) {
  const YamlNode end_node = spec.Optional("end");
  const YamlNode duration_node = spec.Optional("duration");
  const std::optional<Moment> end = ReadMoment(end_node, zone);
  const std::optional<std::chrono::nanoseconds> duration = duration_node.Duration();
  if (end_node.IsPresent() && duration_node.IsPresent()) {
    duration_node.Error(fmt::format("{} and {} exclude each other; keep one", end_node.path(),
                                    duration_node.path()));
    return std::nullopt;
  }
  if (!end_node.IsPresent() && !duration_node.IsPresent()) {
    if (spec.IsMap())
      spec.Error(fmt::format("{} does not say how long; add duration: 2h, or end", spec.path()));
    return std::nullopt;
  }
  if (duration.has_value() && *duration % seconds(1) != std::chrono::nanoseconds(0)) {
    duration_node.Error(fmt::format("{} is {}; write whole seconds, like 2h", duration_node.path(),
                                    Shown(duration_node.String().value_or(""))));
    return std::nullopt;
  }
  std::optional<seconds> length;
  if (duration.has_value()) length = std::chrono::duration_cast<seconds>(*duration);
  if (end.has_value() && start.has_value()) length = end->instant - start->instant;
  if (!length.has_value()) return std::nullopt;
  const YamlNode& node = end_node.IsPresent() ? end_node : duration_node;
  if (*length <= seconds(0)) {
    node.Error(
        end_node.IsPresent()
            ? fmt::format("{} is not after {}.start; write a later time", node.path(), spec.path())
            : fmt::format("{} is 0; write a duration, like 2h", node.path()));
    return std::nullopt;
  }
  if (*length > Recurrence::kDurationMax) {
    node.Error(fmt::format("{} makes it last {}; write at most {}, or several after each other",
                           node.path(), base::FormatDuration(*length),
                           base::FormatDuration(Recurrence::kDurationMax)));
    return std::nullopt;
  }
  return length;
}

// What repeats needs to know on whose clocks.
bool CheckZone(const YamlNode& start_node, const YamlNode& rule_node, const Zone& zone) {
  if (zone.is_wrong) return false;
  const std::string start = start_node.String().value_or("");
  if (!zone.name.empty() || start.ends_with('Z') || start.ends_with('z')) return true;
  rule_node.Error(
      fmt::format("{} repeats on local clocks; add time_zone: Europe/Paris beside it, or write "
                  "start in UTC, like 2026-01-04T02:00:00Z",
                  rule_node.path()));
  return false;
}

}  // namespace

std::optional<std::variant<slo::Exclusion::Once, Recurrence>> ReadExclusionTime(
    const YamlNode& spec) {
  const Zone zone = ReadZone(spec.Optional("time_zone"));
  const YamlNode start_node = spec.Required("start");
  const YamlNode rule_node = spec.Optional("rrule");
  const std::optional<Moment> start = ReadMoment(start_node, zone);
  const std::optional<seconds> length = ReadLength(spec, start, zone);
  const std::optional<std::string> rule = rule_node.String();
  if (rule_node.IsPresent() && !rule.has_value()) return std::nullopt;
  if (!rule.has_value()) {
    if (!start.has_value() || !length.has_value()) return std::nullopt;
    const slo::Exclusion::Once once{start->instant, start->instant + *length};
    if (const absl::Status status = slo::CheckOnce(once); !status.ok()) {
      start_node.Error(fmt::format("{}: {}", spec.path(), base::Message(status)));
      return std::nullopt;
    }
    return once;
  }
  if (start.has_value() && !CheckZone(start_node, rule_node, zone)) return std::nullopt;
  // The rule is checked even where the rest is missing.
  absl::Status status = slo::RecurrenceRule::Parse(*rule).status();
  if (status.ok()) {
    if (!start.has_value() || !length.has_value()) return std::nullopt;
    const absl::StatusOr<Recurrence> recurrence =
        Recurrence::Parse(*rule, start->local, zone.name.empty() ? "UTC" : zone.name, *length);
    if (recurrence.ok()) return *recurrence;
    status = recurrence.status();
  }
  rule_node.Error(fmt::format("{}: {}", rule_node.path(), base::Message(status)));
  return std::nullopt;
}

}  // namespace slowburn::rules
