#include "serve/internal/latency_json.h"

#include <algorithm>
#include <cmath>

#include "base/status.h"

namespace slowburn::serve::internal {
namespace {

namespace json = boost::json;

// Six digits: more than there is to know.
double Rounded(double seconds) {
  if (seconds == 0) return 0;
  const double unit = std::pow(10, 5 - std::floor(std::log10(seconds)));
  return std::round(seconds * unit) / unit;
}

json::object ByName(const slo::LatencyPercentiles& percentiles) {
  json::object by_name;
  for (size_t i = 0; i < slo::kPercentiles.size(); ++i) {
    json::value& value = by_name[json::string_view(slo::kPercentiles[i].name.data(),
                                                   slo::kPercentiles[i].name.size())];
    if (percentiles.count > 0) value = Rounded(percentiles.seconds[i]);
  }
  return by_name;
}

}  // namespace

json::object PercentilesJson(const slo::LatencyPercentiles& percentiles) {
  json::object answer;
  answer["start"] = percentiles.start.time_since_epoch().count();
  answer["end"] = percentiles.end.time_since_epoch().count();
  answer["count"] = percentiles.count;
  answer["relative_error"] = Rounded(percentiles.relative_error);
  answer["percentiles"] = ByName(percentiles);
  return answer;
}

json::object PercentilePointsJson(const std::vector<slo::LatencyPercentiles>& points) {
  json::array list;
  double error = slo::kLatencyRelativeError;
  for (const slo::LatencyPercentiles& point : points) {
    error = std::max(error, point.relative_error);
    json::object entry;
    entry["t"] = point.end.time_since_epoch().count();
    entry["count"] = point.count;
    entry["percentiles"] = ByName(point);
    list.push_back(std::move(entry));
  }
  json::object answer;
  answer["relative_error"] = Rounded(error);
  answer["points"] = std::move(list);
  return answer;
}

json::object LatencyJson(std::chrono::duration<double> threshold,
                         const absl::StatusOr<std::vector<slo::LatencyPercentiles>>& recent) {
  json::object latency;
  latency["threshold_seconds"] = threshold.count();
  if (!recent.ok() || recent->empty()) {
    const std::string_view error = base::Message(recent.status());
    latency["error"] = json::string_view(error.data(), error.size());
    return latency;
  }
  for (auto& member : PercentilesJson(recent->front()))
    latency[member.key()] = std::move(member.value());
  return latency;
}

}  // namespace slowburn::serve::internal
