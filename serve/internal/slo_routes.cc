#include "serve/internal/slo_routes.h"

#include <fmt/format.h>

#include "base/status.h"
#include "serve/internal/json_error.h"
#include "serve/internal/latency_json.h"
#include "serve/internal/range_request.h"
#include "serve/internal/slo_filter.h"
#include "serve/internal/slo_json.h"

namespace slowburn::serve::internal {
namespace {

namespace json = boost::json;
using JsonOrStatus = absl::StatusOr<json::object>;

std::string IdOf(const net::HttpRequest& request) {
  return fmt::format("{}/{}", request.PathParameter("service"), request.PathParameter("name"));
}

JsonOrStatus ListSlos(const Queries& queries, const net::HttpRequest& request) {
  SB_ASSIGN_OR_RETURN(const SloFilter filter, SloFilter::Parse(request));
  const SloReading reading = queries.AllSlos();
  const SloJson to_json(reading);
  json::array slos;
  for (const slo::SloStatus& status : reading.statuses) {
    if (filter.Matches((*reading.slos)[status.index], status))
      slos.push_back(to_json.Summary(status));
  }
  json::object answer;
  answer["slos"] = std::move(slos);
  return answer;
}

JsonOrStatus ShowSlo(const Queries& queries, const net::HttpRequest& request) {
  const std::string id = IdOf(request);
  const GroupSelector selector = ParseGroup(request);
  SB_ASSIGN_OR_RETURN(const SloReading reading, queries.OneSlo(id, selector));
  const slo::SloStatus& status = reading.statuses.front();
  const slo::SloSpec& spec = (*reading.slos)[status.index];
  const slo::GroupStatus* group = FindGroup(spec, status, selector);
  if (group == nullptr && reading.idle_group.has_value()) group = &*reading.idle_group;
  if (group == nullptr) {
    return base::NotFound("{} has no such group; GET /api/slo/v1/slos/{} lists its groups", id, id);
  }
  json::object detail = SloJson(reading).Detail(status, *group);
  detail["epochs"] = EpochsJson(reading.epochs);
  if (const auto latency = spec.sli.latency()) {
    const TimeRange hour =
        CompletePercentiles({}, reading.now, slo::Window::Rolling(std::chrono::hours(1)));
    detail["latency"] = LatencyJson(
        latency->max,
        queries.Percentiles(id, ParseGroup(request), hour.start, hour.end, std::nullopt));
  }
  return detail;
}

JsonOrStatus ShowCounts(const Queries& queries, const net::HttpRequest& request) {
  SB_ASSIGN_OR_RETURN(const RangeRequest range, ParseRangeRequest(request));
  if (!range.start.has_value() || !range.end.has_value()) {
    return base::InvalidArgument(
        "{} is missing; write start= and end= in unix seconds or RFC 3339, on slice bounds of 10 "
        "s, "
        "like ?start=1700000000&end=1700003600",
        range.start.has_value() ? "end" : "start");
  }
  SB_ASSIGN_OR_RETURN(
      const CountsReading reading,
      queries.Counts(IdOf(request), range.group, range.epoch, *range.start, *range.end));
  json::object answer;
  answer["start"] = range.start->time_since_epoch().count();
  answer["end"] = range.end->time_since_epoch().count();
  answer["good"] = reading.counts.good;
  answer["bad"] = reading.counts.bad;
  answer["total"] = reading.counts.total();
  if (reading.excluded.count() > 0) answer["excluded_seconds"] = reading.excluded.count();
  return answer;
}

JsonOrStatus ShowHistory(const Queries& queries, const net::HttpRequest& request) {
  const std::string id = IdOf(request);
  SB_ASSIGN_OR_RETURN(const RangeRequest range, ParseRangeRequest(request));
  SB_ASSIGN_OR_RETURN(const SloReading reading, queries.OneSlo(id, range.group));
  const slo::SloSpec& spec = (*reading.slos)[reading.statuses.front().index];
  const HistoryRange whole = CompleteHistory(range, reading.now, spec.window.nominal());
  SB_ASSIGN_OR_RETURN(
      const std::vector<slo::HistoryPoint> points,
      queries.History(id, range.group, range.epoch, whole.start, whole.end, whole.step));
  return HistoryJson(points);
}

JsonOrStatus ShowPercentiles(const Queries& queries, const net::HttpRequest& request) {
  const std::string id = IdOf(request);
  SB_ASSIGN_OR_RETURN(const RangeRequest range, ParseRangeRequest(request));
  SB_ASSIGN_OR_RETURN(const SloReading reading, queries.OneSlo(id, range.group));
  const slo::SloSpec& spec = (*reading.slos)[reading.statuses.front().index];
  const TimeRange whole = CompletePercentiles(range, reading.now, spec.window);
  SB_ASSIGN_OR_RETURN(const std::vector<slo::LatencyPercentiles> points,
                      queries.Percentiles(id, range.group, whole.start, whole.end, range.step));
  return range.step.has_value() ? PercentilePointsJson(points) : PercentilesJson(points.front());
}

using Answer = JsonOrStatus (*)(const Queries&, const net::HttpRequest&);

void Add(net::RouteTable& table, std::string pattern, const Queries& queries, Answer answer) {
  net::Handler handler = [&queries, answer](const net::HttpRequest& request, net::Reply reply) {
    const JsonOrStatus result = answer(queries, request);
    std::move(reply)(result.ok() ? JsonResponse(*result) : StatusResponse(result.status()));
  };
  table.Add({.role = net::Role::kRead,
             .method = "GET",
             .pattern = std::move(pattern),
             .handler = std::move(handler)});
}

}  // namespace

void AddSloRoutes(net::RouteTable& table, const Queries& queries) {
  const std::string all = "/api/slo/v1/slos";
  const std::string one = all + "/{service}/{name}";
  Add(table, all, queries, ListSlos);
  Add(table, one, queries, ShowSlo);
  Add(table, one + "/counts", queries, ShowCounts);
  Add(table, one + "/history", queries, ShowHistory);
  Add(table, one + "/percentiles", queries, ShowPercentiles);
}

}  // namespace slowburn::serve::internal
