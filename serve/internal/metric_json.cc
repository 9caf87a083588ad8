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
