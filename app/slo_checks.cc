#include "app/slo_checks.h"

#include <functional>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/duration_text.h"
#include "base/status.h"

namespace slowburn::app {
namespace {

namespace json = boost::json;

}  // namespace

std::vector<std::string> RetentionWarnings(const slo::SloSet& slos,
                                           std::chrono::seconds retention) {
  std::vector<std::string> warnings;
  for (const slo::SloSpec& slo : slos) {
    if (slo.window.longest() <= retention) continue;
    warnings.push_back(fmt::format(
        "{}: the window of {} is {}, longer than the retention of {}: what is older is not kept, "
        "so "
        "its history and a budget that is read anew lack it; raise retention in slowburn.yaml",
        slo.source, slo.id(), slo.window_text, base::FormatDuration(retention)));
  }
  return warnings;
}

std::vector<std::string> UnreachableNotes(const slo::SloSet& slos) {
  std::vector<std::string> notes;
  for (const slo::SloSpec& slo : slos) {
    if (slo.policy.name == "custom") continue;
    for (const slo::UnreachableTier& tier : slo.policy.unreachable) {
      notes.push_back(fmt::format("{}: {} goes without the tier {} ({}) of {}: {}", slo.source,
                                  slo.id(), tier.name, tier.severity, slo.policy.name,
                                  tier.reason));
    }
  }
  return notes;
}

std::string BoundsAdvice(const json::object& metric) {
  const json::value* const bounds = metric.if_contains("nearest_bounds");
  if (bounds == nullptr || !bounds->is_array()) return "";
  std::vector<std::string> choices;
  for (const json::value& bound : bounds->as_array()) {
    if (bound.is_number()) choices.push_back(fmt::format("max: {:.6g}", bound.to_number<double>()));
  }
  return choices.empty() ? "" : fmt::format("write {}", fmt::join(choices, " or "));
}

absl::StatusOr<std::vector<std::string>> InterpolationWarnings(const slo::SloSet& slos,
                                                               std::string_view answer) {
  json::error_code error;
  const json::value read = json::parse({answer.data(), answer.size()}, error);
  const json::value* const list =
      !error && read.is_object() ? read.as_object().if_contains("slos") : nullptr;
  if (list == nullptr || !list->is_array()) {
    return base::InvalidArgument(
        "the server's list of SLOs cannot be read; is it slowburn, and of the same version?");
  }
  std::map<std::string, const json::object*, std::less<>> metrics;  // by id, interpolated ones
  for (const json::value& value : list->as_array()) {
    const json::object* const slo = value.if_object();
    const json::value* const id = slo == nullptr ? nullptr : slo->if_contains("id");
    const json::value* const metric = slo == nullptr ? nullptr : slo->if_contains("metric");
    if (id == nullptr || !id->is_string() || metric == nullptr || !metric->is_object()) continue;
    const json::value* const is_interpolated = metric->as_object().if_contains("interpolated");
    if (is_interpolated != nullptr && is_interpolated->is_bool() && is_interpolated->as_bool())
      metrics.emplace(id->as_string().c_str(), &metric->as_object());
  }
  std::vector<std::string> warnings;
  for (const slo::SloSpec& slo : slos) {
    const slo::HistogramSli* const histogram = slo.sli.histogram();
    const auto found = metrics.find(slo.id());
    if (histogram == nullptr || found == metrics.end()) continue;
    const json::value* const max = found->second->if_contains("max");
    // Another threshold than the server's is perhaps a bound.
    if (max == nullptr || !max->is_number() || max->to_number<double>() != histogram->max) continue;
    const std::string advice = BoundsAdvice(*found->second);
    warnings.push_back(fmt::format(
        "{}: max of {} is {:.6g}, which is no bound of its histogram, so how many were good is "
        "estimated; {}",
        slo.source, slo.id(), histogram->max, advice.empty() ? "write one of its bounds" : advice));
  }
  return warnings;
}

}  // namespace slowburn::app
