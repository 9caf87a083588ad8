#include "promql/engine.h"

#include <algorithm>

#include <fmt/format.h>

#include "promql/internal/evaluator.h"
#include "promql/internal/name_dropping.h"
#include "promql/internal/query_context.h"
#include "promql/prepare.h"

namespace slowburn::promql {
namespace {

using std::chrono::milliseconds;

// One query from its text to its answer.
class Run {
 public:
  struct Wishes {
    std::optional<milliseconds> lookback;
    bool counts_samples = false;
  };
  Run(const EngineOptions& options, const base::Clock& clock, const storage::SeriesReader& reader,
      std::string_view query, const EvaluationTimes& times, const Wishes& wishes,
      std::stop_token stop)
      : snapshot_(reader.TakeSnapshot(options.read, stop)),
        context_({.options = options,
                  .clock = clock,
                  .query = query,
                  .times = times,
                  .lookback_ms = wishes.lookback.value_or(options.lookback).count(),
                  .snapshot = *snapshot_,
                  .stop = stop}) {
    grid_.start_ms = times.start_ms;
    if (times.step_ms > 0) {
      grid_.step_ms = times.step_ms;
      grid_.count = static_cast<uint32_t>((times.end_ms - times.start_ms) / times.step_ms) + 1;
    }
    if (wishes.counts_samples) context_.counted = &count_.emplace(grid_);
  }

  absl::StatusOr<QueryResult> Answer(const Expr& expr) {
    QueryResult result{.type = TypeOf(expr), .steps = grid_};
    context_.selections().Plan(expr, grid_);
    absl::Status status = Fill(expr, result);
    if (!status.ok()) return status;
    result.annotations = context_.notes().annotations();
    if (count_.has_value()) {
      result.samples = {.queryable = count_->queryable(),
                        .read = count_->read(),
                        .peak = context_.meter().samples_peak()};
    }
    return result;
  }

 private:
  absl::Status Fill(const Expr& expr, QueryResult& result) {
    switch (result.type) {
      case ValueType::kString:
        result.text = TextOf(expr);
        return absl::OkStatus();
      case ValueType::kScalar:
        return FillScalar(expr, result);
      case ValueType::kMatrix: {
        auto series = EvalRangeVector(context_, expr, grid_);
        if (series.ok()) result.series = *std::move(series);
        return series.status();
      }
      case ValueType::kVector:
        break;
    }
    return FillVector(expr, result);
  }

  absl::Status FillScalar(const Expr& expr, QueryResult& result) {
    auto values = EvalScalar(context_, expr, grid_);
    if (!values.ok()) return values.status();
    if (context_.is_range()) {
      result.type = ValueType::kMatrix;
      result.series.push_back({.values = *std::move(values)});
    } else {
      result.scalar = values->front();
    }
    return absl::OkStatus();
  }

  absl::Status FillVector(const Expr& expr, QueryResult& result) {
    auto columns = CollectVector(context_, expr, grid_);
    if (!columns.ok()) return columns.status();
    for (Column& column : columns->series) {
      if (!column.drops_name) continue;
      column.labels = context_.Keep(context_.WithoutName(*column.labels));
      column.drops_name = false;
    }
    absl::Status status = MergeEqualLabels(context_, *columns);
    if (!status.ok()) return status;
    for (Column& column : columns->series) {
      result.series.push_back({.labels = *column.labels,
                               .values = std::move(column.values),
                               .histograms = std::move(column.histograms)});
    }
    if (context_.is_range()) {
      result.type = ValueType::kMatrix;
      std::ranges::sort(result.series, {}, &ResultSeries::labels);
    }
    return absl::OkStatus();
  }

  std::unique_ptr<storage::SeriesSnapshot> snapshot_;
  QueryContext context_;
  StepGrid grid_;
  std::optional<SampleCount> count_;
};

// 285,000 years either way: what is added to a time later on still fits.
constexpr int64_t kTimeMsMax = 9'000'000'000'000'000;

absl::Status CheckTimeInRange(int64_t time_ms) {
  if (time_ms >= -kTimeMsMax && time_ms <= kTimeMsMax) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "time {} ms is out of range; it must be at most {} ms from the epoch", time_ms, kTimeMsMax));
}

absl::Status CheckRange(const EngineOptions& options, const RangeQuery& query) {
  for (const int64_t time_ms : {query.start_ms, query.end_ms}) {
    if (absl::Status status = CheckTimeInRange(time_ms); !status.ok()) return status;
  }
  if (query.step_ms <= 0) {
    return absl::InvalidArgumentError(
        "zero or negative query resolution step widths are not "
        "accepted. Try a positive integer");
  }
  if (query.end_ms < query.start_ms) {
    return absl::InvalidArgumentError("end timestamp must not be before start time");
  }
  const auto steps = static_cast<uint64_t>((query.end_ms - query.start_ms) / query.step_ms) + 1;
  if (steps <= options.steps_max) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      fmt::format("query has {} steps, at most {} are allowed; give it a larger step or a shorter "
                  "range",
                  steps, options.steps_max));
}

}  // namespace

absl::StatusOr<QueryResult> Engine::Instant(const storage::SeriesReader& reader,
                                            const InstantQuery& query, std::stop_token stop) const {
  if (absl::Status status = CheckTimeInRange(query.time_ms); !status.ok()) return status;
  auto parsed = Parse(query.text, options_.parser);
  if (!parsed.ok()) return parsed.status();
  const EvaluationTimes times{query.time_ms, query.time_ms, 0};
  auto prepared = Prepare(**parsed, query.text, times);
  if (!prepared.ok()) return prepared.status();
  Run run(options_, clock_, reader, query.text, times, {query.lookback, query.counts_samples},
          std::move(stop));
  return run.Answer(**prepared);
}

absl::StatusOr<QueryResult> Engine::Range(const storage::SeriesReader& reader,
                                          const RangeQuery& query, std::stop_token stop) const {
  if (absl::Status status = CheckRange(options_, query); !status.ok()) return status;
  auto parsed = Parse(query.text, options_.parser);
  if (!parsed.ok()) return parsed.status();
  const ValueType type = TypeOf(**parsed);
  if (type != ValueType::kScalar && type != ValueType::kVector) {
    return absl::InvalidArgumentError(
        fmt::format("invalid expression type \"{}\" for range query, must be Scalar or instant "
                    "Vector",
                    DocumentedName(type)));
  }
  const EvaluationTimes times{query.start_ms, query.end_ms, query.step_ms};
  auto prepared = Prepare(**parsed, query.text, times);
  if (!prepared.ok()) return prepared.status();
  Run run(options_, clock_, reader, query.text, times, {query.lookback, query.counts_samples},
          std::move(stop));
  return run.Answer(**prepared);
}

}  // namespace slowburn::promql
