#include "serve/internal/exclusion_json.h"

#include <optional>
#include <variant>

#include "slo/time_zone.h"

namespace slowburn::serve::internal {
namespace {

namespace json = boost::json;

json::value OccurrenceJson(const std::optional<slo::Exclusion::Once>& occurrence) {
  if (!occurrence.has_value()) return nullptr;
  return json::object{{"start", occurrence->start.time_since_epoch().count()},
                      {"end", occurrence->end.time_since_epoch().count()}};
}

// The start, and how long it lasts from there; of what repeats, also how.
void PutWhen(const slo::Exclusion& exclusion, json::object& entry) {
  std::chrono::sys_seconds start;
  std::chrono::seconds duration;
  json::value rule, zone;
  if (const auto* once = std::get_if<slo::Exclusion::Once>(&exclusion.when)) {
    start = once->start;
    duration = once->end - once->start;
  } else {
    const auto& recurrence = std::get<slo::Recurrence>(exclusion.when);
    // Its zone was loaded when it was read.
    const auto loaded = slo::LoadTimeZone(recurrence.time_zone());
    start = slo::InstantOf(recurrence.start(), loaded.ok() ? *loaded : absl::UTCTimeZone());
    duration = recurrence.duration();
    rule = recurrence.rule().Text();
    zone = recurrence.time_zone();
  }
  entry["start"] = start.time_since_epoch().count();
  entry["end"] = (start + duration).time_since_epoch().count();
  entry["duration_seconds"] = duration.count();
  entry["rrule"] = std::move(rule);
  entry["time_zone"] = std::move(zone);
}

}  // namespace

json::object ExclusionJson(const slo::Exclusion& exclusion, std::chrono::sys_seconds now) {
  json::object entry;
  entry["id"] = exclusion.id;
  entry["description"] = exclusion.description;
  entry["slos"] = json::array(exclusion.slos.begin(), exclusion.slos.end());
  json::object labels;
  for (const model::Label& label : exclusion.labels) labels[label.name] = label.value;
  entry["labels"] = std::move(labels);
  PutWhen(exclusion, entry);
  const bool of_api = exclusion.source == "api";
  entry["source"] = of_api ? "api" : "file";
  entry["place"] = nullptr;
  if (!of_api) entry["place"] = exclusion.source;
  const slo::ExclusionTimes times = slo::TimesAt(exclusion, now);
  entry["active"] = times.current.has_value();
  entry["current"] = OccurrenceJson(times.current);
  entry["next"] = OccurrenceJson(times.next);
  return entry;
}

json::array ExclusionIdsJson(const slo::SloSpec& spec, const slo::ExclusionSet& exclusions) {
  json::array ids;
  for (const slo::Exclusion& exclusion : exclusions) {
    if (exclusion.AppliesTo(spec.id(), spec.labels)) ids.emplace_back(exclusion.id);
  }
  return ids;
}

json::array AppliesToJson(const slo::Exclusion& exclusion, const slo::SloSet& slos) {
  json::array ids;
  for (const slo::SloSpec& spec : slos) {
    if (exclusion.AppliesTo(spec.id(), spec.labels)) ids.emplace_back(spec.id());
  }
  return ids;
}

}  // namespace slowburn::serve::internal
