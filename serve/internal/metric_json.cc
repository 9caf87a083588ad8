#include "serve/internal/metric_json.h"

#include <chrono>
#include <cmath>
#include <variant>

namespace slowburn::serve::internal {
namespace {

namespace json = boost::json;

json::value BoundOrNull(double bound) {
  return std::isfinite(bound) ? json::value(bound) : json::value(nullptr);
}

json::object PastJson(const slo::PastStatus& past) {
  using State = slo::PastStatus::State;
  json::object object;
  object["state"] = past.state == State::kWaiting    ? "waiting"
                    : past.state == State::kCounting ? "counting"
                                                     : "counted";
  object["counted_from"] = nullptr;
  if (past.counted_from.has_value())
    object["counted_from"] = past.counted_from->time_since_epoch().count();
  object["goes_back_to"] = past.goes_back_to.time_since_epoch().count();
  json::array left_out;
  for (const auto& [begin, end] : past.left_out)
    left_out.push_back(
        json::array{begin.time_since_epoch().count(), end.time_since_epoch().count()});
  object["left_out"] = std::move(left_out);
  return object;
}

}  // namespace

json::object MetricJson(const slo::SliSpec& sli, const slo::MetricStatus& status) {
  json::object metric;
  metric["source"] = sli.histogram() != nullptr                          ? "histogram"
                     : std::holds_alternative<slo::GaugeSli>(sli.source) ? "gauge"
                                                                         : "counter";
  metric["point_interval_seconds"] = nullptr;
  if (status.point_interval.has_value()) {
    metric["point_interval_seconds"] =
        std::chrono::duration<double>(*status.point_interval).count();
  }
  if (status.past.has_value()) metric["past"] = PastJson(*status.past);
  if (sli.histogram() == nullptr) return metric;
  metric["max"] = sli.histogram()->max;
  metric["interpolated"] = status.is_interpolated;
  metric["nearest_bounds"] = nullptr;
  if (status.is_interpolated && status.around.has_value()) {
    metric["nearest_bounds"] =
        json::array{BoundOrNull(status.around->lower), BoundOrNull(status.around->upper)};
  }
  return metric;
}

}  // namespace slowburn::serve::internal
