#include "serve/internal/query_calls.h"

#include <algorithm>
#include <functional>
#include <map>

#include <fmt/format.h>

#include "base/status.h"
#include "promql/printer.h"
#include "serve/internal/api_json.h"
#include "serve/internal/query_deadline.h"
#include "serve/internal/query_stats.h"
#include "serve/internal/tree_json.h"

namespace slowburn::serve::internal {
namespace {

using std::chrono::milliseconds;

constexpr int64_t kPointsMax = 11'000;

// The engine for one query, with what is left of its time.
absl::StatusOr<promql::Engine> EngineFor(const ApiContext& context,
                                         const ApiParameters& parameters) {
  promql::EngineOptions options = context.options.engine;
  SB_ASSIGN_OR_RETURN(options.timeout, TimeLeft(context, parameters));
  return promql::Engine(options, context.sources.clock);
}

absl::StatusOr<std::optional<milliseconds>> Lookback(const ApiParameters& parameters) {
  const std::string_view text = parameters.First("lookback_delta");
  if (text.empty()) return std::nullopt;
  const absl::StatusOr<milliseconds> lookback = ParseApiDuration(text);
  if (!lookback.ok())
    return base::Annotate(lookback.status(), "error parsing lookback delta duration");
  // As Prometheus: what is no length means the engine's own.
  return *lookback > milliseconds(0) ? std::optional(*lookback) : std::nullopt;
}

absl::StatusOr<ApiAnswer> AnswerOf(const ApiContext& context, const ApiParameters& parameters,
                                   uint64_t limit,
                                   const absl::StatusOr<promql::QueryResult>& result) {
  if (absl::IsInvalidArgument(result.status())) return InvalidParameter("query", result.status());
  if (!result.ok()) return result.status();
  ResultLimit cut{.series = limit};
  ApiAnswer answer;
  answer.data = "{" + QueryResultJson(*result, cut);
  answer.annotations = result->annotations;
  if (cut.is_reached) answer.annotations.AddWarning(std::string(kTruncatedNote));
  const std::string_view stats = parameters.First("stats");
  WarnOfStats(stats, answer.annotations);
  if (WantsStats(stats)) answer.data += StatsJson(context, stats, *result);
  answer.data += '}';
  return answer;
}

absl::StatusOr<promql::ExprPtr> ParsedQuery(const ApiContext& context,
                                            const ApiParameters& parameters) {
  absl::StatusOr<promql::ExprPtr> expr =
      promql::Parse(parameters.First("query"), context.options.engine.parser);
  if (!expr.ok()) return InvalidParameter("query", expr.status());
  return expr;
}

void CollectSelectors(const promql::Expr& expr, std::vector<storage::Matchers>& sets) {
  if (expr.kind == promql::Expr::Kind::kVectorSelector)
    sets.push_back(promql::As<promql::VectorSelector>(expr).matchers);
  for (const promql::Expr* child : promql::ChildrenOf(expr)) CollectSelectors(*child, sets);
}

// {"labels":{...},"value":"6","timestamp":1600096945.479}
void AppendExemplar(std::string& json, const storage::SeriesExemplar& exemplar) {
  json += "{\"labels\":";
  AppendLabels(json, exemplar.labels);
  json += ",\"value\":";
  AppendSampleValue(json, exemplar.value);
  json += ",\"timestamp\":";
  AppendTimestamp(json, exemplar.time_ms);
  json += '}';
}

using ExemplarsBySeries = std::map<model::LabelSet, std::vector<storage::SeriesExemplar>>;

std::string ExemplarsJson(const ExemplarsBySeries& by_series) {
  std::string json = "[";
  for (const auto& [labels, exemplars] : by_series) {
    json += json.size() > 1 ? ",{\"seriesLabels\":" : "{\"seriesLabels\":";
    AppendLabels(json, labels);
    json += ",\"exemplars\":[";
    for (size_t i = 0; i < exemplars.size(); ++i) {
      if (i > 0) json += ',';
      AppendExemplar(json, exemplars[i]);
    }
    json += "]}";
  }
  return json + ']';
}

}  // namespace

absl::StatusOr<ApiAnswer> QueryCall(const ApiContext& context, const ApiParameters& parameters) {
  SB_ASSIGN_OR_RETURN(const uint64_t limit, parameters.Limit());
  promql::InstantQuery query{.text = std::string(parameters.First("query"))};
  SB_ASSIGN_OR_RETURN(query.time_ms, parameters.TimeMs("time", context.NowMs()));
  SB_ASSIGN_OR_RETURN(const promql::Engine engine, EngineFor(context, parameters));
  SB_ASSIGN_OR_RETURN(query.lookback, Lookback(parameters));
  query.counts_samples = WantsStats(parameters.First("stats"));
  return AnswerOf(context, parameters, limit,
                  engine.Instant(context.sources.series, query, context.stop));
}

absl::StatusOr<ApiAnswer> QueryRangeCall(const ApiContext& context,
                                         const ApiParameters& parameters) {
  SB_ASSIGN_OR_RETURN(const uint64_t limit, parameters.Limit());
  promql::RangeQuery query{.text = std::string(parameters.First("query"))};
  SB_ASSIGN_OR_RETURN(query.start_ms, parameters.NeededTimeMs("start"));
  SB_ASSIGN_OR_RETURN(query.end_ms, parameters.NeededTimeMs("end"));
  if (query.end_ms < query.start_ms) {
    return InvalidParameter("end",
                            base::InvalidArgument("end timestamp must not be before start time"));
  }
  SB_ASSIGN_OR_RETURN(const milliseconds step, parameters.Duration("step"));
  if (step <= milliseconds(0)) {
    return InvalidParameter(
        "step", base::InvalidArgument("zero or negative query resolution step widths are not "
                                      "accepted. Try a positive integer"));
  }
  query.step_ms = step.count();
  if ((query.end_ms - query.start_ms) / query.step_ms > kPointsMax) {
    return base::InvalidArgument(
        "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query "
        "resolution (?step=XX)");
  }
  SB_ASSIGN_OR_RETURN(const promql::Engine engine, EngineFor(context, parameters));
  SB_ASSIGN_OR_RETURN(query.lookback, Lookback(parameters));
  query.counts_samples = WantsStats(parameters.First("stats"));
  return AnswerOf(context, parameters, limit,
                  engine.Range(context.sources.series, query, context.stop));
}

absl::StatusOr<ApiAnswer> QueryExemplarsCall(const ApiContext& context,
                                             const ApiParameters& parameters) {
  SB_ASSIGN_OR_RETURN(const storage::TimeRange range, parameters.Range());
  if (range.end_ms <= range.begin_ms)
    return base::InvalidArgument("end timestamp must not be before start timestamp");
  SB_ASSIGN_OR_RETURN(const promql::ExprPtr expr,
                      promql::Parse(parameters.First("query"), context.options.engine.parser));
  std::vector<storage::Matchers> sets;
  CollectSelectors(*expr, sets);
  if (sets.empty()) return ApiAnswer{};
  const auto snapshot = context.Snapshot();
  ExemplarsBySeries by_series;
  for (const storage::Matchers& matchers : sets) {
    SB_ASSIGN_OR_RETURN(std::vector<storage::SeriesExemplars> found,
                        snapshot->Exemplars(matchers, range));
    // A series that several selectors mean has the same ones for each.
    for (storage::SeriesExemplars& series : found)
      by_series.try_emplace(*series.series, std::move(series.exemplars));
  }
  return ApiAnswer{.data = ExemplarsJson(by_series)};
}

absl::StatusOr<ApiAnswer> FormatQueryCall(const ApiContext& context,
                                          const ApiParameters& parameters) {
  SB_ASSIGN_OR_RETURN(const promql::ExprPtr expr, ParsedQuery(context, parameters));
  ApiAnswer answer;
  AppendJsonString(answer.data, promql::PrettyPrint(*expr));
  return answer;
}

absl::StatusOr<ApiAnswer> ParseQueryCall(const ApiContext& context,
                                         const ApiParameters& parameters) {
  SB_ASSIGN_OR_RETURN(const promql::ExprPtr expr, ParsedQuery(context, parameters));
  return ApiAnswer{.data = TreeJson(*expr)};
}

}  // namespace slowburn::serve::internal
