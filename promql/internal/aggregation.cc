// Aggregations, streaming: a column goes into its group's accumulator and is forgotten.
#include "promql/internal/aggregation.h"

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "promql/internal/accumulator.h"
#include "promql/internal/evaluator.h"
#include "promql/internal/go_float.h"
#include "promql/internal/grouping.h"
#include "promql/internal/histogram_buckets.h"

namespace slowburn::promql {
namespace {

absl::Status EvalQuantileParam(QueryContext& context, const Aggregate& aggregate,
                               const StepGrid& grid, AccumulatorOptions& options) {
  auto values = EvalScalar(context, *aggregate.param, grid);
  if (!values.ok()) return values.status();
  for (const double value : *values) {
    if (!(value >= 0 && value <= 1)) context.notes().BadQuantile(*aggregate.param, value);
  }
  options.quantile = *std::move(values);
  return absl::OkStatus();
}

absl::Status EvalAccumulated(QueryContext& context, const Aggregate& aggregate,
                             const StepGrid& grid, ColumnSink sink) {
  AccumulatorOptions options{.aggregate = &aggregate, .steps = grid.count};
  if (aggregate.op == AggregateOp::kQuantile) {
    absl::Status status = EvalQuantileParam(context, aggregate, grid, options);
    if (!status.ok()) return status;
  }
  Grouping grouping(context, aggregate.without, aggregate.grouping);
  std::vector<std::unique_ptr<Accumulator>> groups;
  MemoryCharge charge(context.meter());
  absl::Status status = EvalVector(context, *aggregate.expr, grid, [&](Column& column) {
    const size_t group = grouping.Of(column);
    if (group == groups.size()) {
      absl::Status full = charge.Add(grid.count * kAccumulatorStepBytes, grid.count);
      if (!full.ok()) return full;
      groups.push_back(MakeAccumulator(options));
    }
    const uint64_t before = groups[group]->extra_bytes();
    groups[group]->Add(column);
    const uint64_t grown = groups[group]->extra_bytes() - before;
    return grown > 0 ? charge.Add(grown) : absl::OkStatus();
  });
  for (size_t group = 0; group < groups.size() && status.ok(); ++group) {
    Column out = groups[group]->Finish(context.notes());
    groups[group].reset();
    if (IsEmpty(out)) continue;
    out.labels = grouping.labels(group);
    out.drops_name = grouping.drops_name(group);
    status.Update(sink(out));
  }
  return status;
}

std::string TextOfPoint(const Column& column, size_t step) {
  const model::NativeHistogram* histogram = column.HistogramAt(step);
  return histogram != nullptr ? HistogramText(*histogram) : GoFloatF(column.values[step]);
}

}  // namespace

absl::Status EvalCountValues(QueryContext& context, const Aggregate& aggregate,
                             const StepGrid& grid, ColumnSink sink) {
  const std::string& label = TextOf(*aggregate.param);
  if (label.empty() || model::ValidUtf8(label) != label) {
    return absl::FailedPreconditionError(fmt::format("invalid label name {}", Quoted(label)));
  }
  std::vector<std::string> names = aggregate.grouping;
  if (!aggregate.without) names.push_back(label);
  Grouping grouping(context, aggregate.without, std::move(names));
  Columns counts(context.meter());
  absl::Status status = EvalVector(context, *aggregate.expr, grid, [&](Column& column) {
    std::string last_text;
    size_t last_group = 0;
    for (size_t step = 0; step < grid.count; ++step) {
      if (!column.HasPoint(step)) continue;
      std::string text = TextOfPoint(column, step);
      if (text != last_text) {
        // A value in the place of the name does not go with the name that was there.
        Column with_value{.drops_name = column.drops_name && label != model::kMetricNameLabel};
        model::LabelSet labels = *column.labels;
        labels.Set(label, text);
        with_value.labels = &labels;
        last_group = grouping.Of(with_value);
        last_text = std::move(text);
      }
      if (last_group == counts.series.size()) {
        Column count{.labels = grouping.labels(last_group),
                     .drops_name = grouping.drops_name(last_group)};
        count.Reset(grid.count);
        if (absl::Status full = counts.Add(std::move(count)); !full.ok()) return full;
      }
      double& count = counts.series[last_group].values[step];
      count = IsAbsent(count) ? 1 : count + 1;
    }
    return absl::OkStatus();
  });
  for (Column& column : counts.series) {
    if (status.ok()) status.Update(sink(column));
  }
  return status;
}

absl::Status EvalAggregate(QueryContext& context, const Aggregate& aggregate, const StepGrid& grid,
                           ColumnSink sink) {
  switch (aggregate.op) {
    case AggregateOp::kTopk:
    case AggregateOp::kBottomk:
    case AggregateOp::kLimitk:
    case AggregateOp::kLimitRatio:
      return EvalPicks(context, aggregate, grid, sink);
    case AggregateOp::kCountValues:
      return EvalCountValues(context, aggregate, grid, sink);
    default:
      return EvalAccumulated(context, aggregate, grid, sink);
  }
}

}  // namespace slowburn::promql
