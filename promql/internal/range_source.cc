#include "promql/internal/range_source.h"

#include <fmt/format.h>

#include "promql/internal/evaluator.h"
#include "promql/internal/extended_range.h"
#include "promql/internal/sample_reading.h"

namespace slowburn::promql {
namespace {

using Hint = model::NativeHistogram::ResetHint;

}  // namespace

absl::Status RangeSource::OpenSubquery(QueryContext& context, const Subquery& subquery,
                                       const StepGrid& grid) {
  windows_ = WindowsOf(subquery.shift, subquery.range_ms, grid);
  const EngineOptions& options = context.options();
  subquery_grid_ = SubqueryGrid(subquery, windows_, options.subquery_step.count());
  if (subquery_grid_.count > options.steps_max) {
    return absl::ResourceExhaustedError(fmt::format(
        "subquery has {} steps, at most {} are allowed; give it a larger step or a shorter range",
        subquery_grid_.count, options.steps_max));
  }
  subquery_.emplace(context.meter());
  if (subquery_grid_.count == 0) return absl::OkStatus();
  // Resets have to be seen in the samples that it takes, not in those between.
  const bool stats = std::exchange(context.histogram_stats, false);
  SampleCount* const counted = context.counted;
  if (counted != nullptr) inner_count_.emplace(subquery_grid_);
  context.counted = counted == nullptr ? nullptr : &*inner_count_;
  auto columns = CollectVector(context, *subquery.expr, subquery_grid_);
  context.counted = counted;
  context.histogram_stats = stats;
  if (!columns.ok()) return columns.status();
  if (counted != nullptr) counted->AddSubquery(*inner_count_, windows_);
  *subquery_ = *std::move(columns);
  return absl::OkStatus();
}

absl::StatusOr<RangeSource> RangeSource::Open(QueryContext& context, const Expr& expr,
                                              const StepGrid& grid) {
  const Expr& bare = Bare(expr);
  RangeSource source(context);
  if (bare.kind == Expr::Kind::kSubquery) {
    absl::Status status = source.OpenSubquery(context, As<Subquery>(bare), grid);
    if (!status.ok()) return status;
    return source;
  }
  const auto& matrix = As<MatrixSelector>(bare);
  source.windows_ = WindowsOf(matrix.vector->shift, matrix.range_ms, grid);
  const int64_t lookback_ms = context.lookback_ms();
  if (const auto extended = ExtendedRangeOf(matrix, lookback_ms)) {
    source.windows_ = Extend(*extended, lookback_ms, source.windows_);
  }
  auto selected = context.selections().Select(matrix.vector->matchers, source.windows_.Hull());
  if (!selected.ok()) return selected.status();
  source.selected_ = *selected;
  return source;
}

const model::LabelSet& RangeSource::LabelsAt(size_t i) const {
  return subquery_.has_value() ? *subquery_->series[i].labels : *selected_->series()[i].labels;
}

absl::StatusOr<RangeInput> RangeSource::Read(size_t i, storage::SampleColumns& samples,
                                             SampleCount* count) const {
  if (subquery_.has_value()) {
    const RangeInput input = ReadSubquery(i, samples);
    if (count != nullptr) count->AddSubqueryWindows(input, windows_);
    return input;
  }
  auto input = ReadSelected(i, samples);
  if (input.ok() && count != nullptr)
    count->AddWindows(*input, windows_, context_->histogram_stats);
  return input;
}

absl::StatusOr<RangeInput> RangeSource::ReadSelected(size_t i,
                                                     storage::SampleColumns& samples) const {
  const auto read = ReadSamples(*context_, *selected_, i, windows_.Hull(), samples);
  if (!read.ok()) return read.status();
  return InputOf(**read, windows_.Hull(), samples);
}

RangeInput RangeSource::ReadSubquery(size_t i, storage::SampleColumns& samples) const {
  samples.Clear();
  const Column& column = subquery_->series[i];
  for (size_t step = 0; step < column.steps(); ++step) {
    if (const model::NativeHistogram* histogram = column.HistogramAt(step)) {
      samples.histogram_times_ms.push_back(subquery_grid_.TimeAt(step));
      model::NativeHistogram& taken = samples.histograms.emplace_back(*histogram);
      // A hint speaks of the sample before in the store, which may not be the step before.
      if (taken.reset_hint != Hint::kGauge) taken.reset_hint = Hint::kUnknown;
    } else if (column.HasNumber(step)) {
      samples.times_ms.push_back(subquery_grid_.TimeAt(step));
      samples.values.push_back(column.values[step]);
    }
  }
  return {samples.times_ms, samples.values, samples.histogram_times_ms, samples.histograms};
}

}  // namespace slowburn::promql
