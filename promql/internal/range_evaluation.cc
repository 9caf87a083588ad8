// Calls of functions that take a range vector.
#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "promql/internal/evaluator.h"
#include "promql/internal/extended_range.h"
#include "promql/internal/name_dropping.h"
#include "promql/internal/range_call.h"
#include "promql/internal/range_source.h"

namespace slowburn::promql {
namespace {

const Expr& RangeArgOf(const Call& call) {
  const auto at = std::ranges::find_if(
      call.args, [](const ExprPtr& arg) { return TypeOf(*arg) == ValueType::kMatrix; });
  return **at;
}

// The scalar arguments by step.
absl::Status EvalParams(QueryContext& context, RangeCall& call) {
  std::vector<double>* params[] = {&call.first_param, &call.second_param};
  size_t next = 0;
  for (const ExprPtr& arg : call.call->args) {
    if (TypeOf(*arg) != ValueType::kScalar) continue;
    auto values = EvalScalar(context, *arg, call.grid);
    if (!values.ok()) return values.status();
    *params[next++] = *std::move(values);
  }
  return absl::OkStatus();
}

absl::Status CheckSmoothing(const RangeCall& call) {
  const auto outside = [](double factor) { return !(factor > 0 && factor < 1); };
  const struct {
    std::string_view name;
    const std::vector<double>& values;
  } factors[] = {{"smoothing", call.first_param}, {"trend", call.second_param}};
  for (const auto& factor : factors) {
    const auto bad = std::ranges::find_if(factor.values, outside);
    if (bad == factor.values.end()) continue;
    return absl::FailedPreconditionError(
        fmt::format("invalid {} factor. Expected: 0 < {} < 1, got: {:f}", factor.name,
                    factor.name == "trend" ? "tf" : "sf", *bad));
  }
  return absl::OkStatus();
}

bool NamesCounter(std::string_view metric) {
  for (const std::string_view suffix : {"_total", "_sum", "_count", "_bucket"}) {
    if (metric.ends_with(suffix)) return true;
  }
  return false;
}

// Of rate and increase, which say nothing of what is no counter.
void NoteCounter(const RangeCall& call, const model::LabelSet& labels, bool by_type, Notes& notes) {
  const std::string_view metric = labels.Get(model::kMetricNameLabel);
  if (metric.empty()) return;
  if (!by_type) {
    if (NamesCounter(metric)) return;
    return notes.Inform(*call.place,
                        fmt::format("metric might not be a counter, name does not end in "
                                    "_total/_sum/_count/_bucket: {}",
                                    Quoted(metric)));
  }
  const std::string_view type = labels.Get("__type__");
  if (type == "counter" || type == "histogram") return;
  notes.Inform(*call.place,
               fmt::format("metric might not be a counter, __type__ label is not set to "
                           "\"counter\" or \"histogram\", got {}: {}",
                           Quoted(type), Quoted(metric)));
}

bool WantsCounter(FunctionId function) {
  return function == FunctionId::kRate || function == FunctionId::kIncrease;
}

// Numbers and histograms of the only window, in the order of time.
ResultSeries PointsOf(const RangeInput& input, const Windows& windows) {
  ResultSeries series;
  ForEachWindow(input, windows, [&](const Window& window) {
    size_t at = window.begin;
    size_t histogram_at = window.histogram_begin;
    while (at < window.end || histogram_at < window.histogram_end) {
      const bool number =
          histogram_at == window.histogram_end ||
          (at < window.end && input.times[at] < input.histogram_times[histogram_at]);
      series.times_ms.push_back(number ? input.times[at] : input.histogram_times[histogram_at]);
      series.values.push_back(number ? input.values[at] : AbsentValue());
      if (!input.histograms.empty()) {
        series.histograms.push_back(number ? nullptr
                                           : std::make_shared<const model::NativeHistogram>(
                                                 input.histograms[histogram_at]));
      }
      ++(number ? at : histogram_at);
    }
  });
  return series;
}

}  // namespace

absl::Status EvalRangeCall(QueryContext& context, const Call& call, const StepGrid& grid,
                           ColumnSink sink) {
  const Expr& range = RangeArgOf(call);
  RangeCall ranges{
      .call = &call, .place = call.args[0].get(), .function = call.function->id, .grid = grid};
  if (absl::Status status = EvalParams(context, ranges); !status.ok()) return status;
  if (ranges.function == FunctionId::kDoubleExponentialSmoothing) {
    if (absl::Status status = CheckSmoothing(ranges); !status.ok()) return status;
  }
  if (Bare(range).kind == Expr::Kind::kMatrixSelector) {
    ranges.extended = ExtendedRangeOf(As<MatrixSelector>(Bare(range)), context.lookback_ms());
  }
  if (ranges.extended.has_value()) {
    absl::Status status = CheckExtended(*ranges.extended, *call.function);
    if (!status.ok()) return status;
  }
  auto source = RangeSource::Open(context, range, grid);
  if (!source.ok()) return source.status();
  ranges.windows = source->windows();
  const RangeKernel kernel =
      ranges.extended.has_value() ? ExtendedRate : RangeKernelOf(ranges.function);
  const bool by_type = context.options().type_and_unit_labels;
  const auto produce = [&](ColumnSink next) {
    return context.MakeColumns(
        source->size(),
        [&](size_t i, Scratch& scratch, Column& out) {
          const auto input = source->Read(i, scratch.samples, scratch.CountOrNull());
          if (!input.ok()) return input.status();
          out.Reset(grid.count);
          out.labels = &source->LabelsAt(i);
          out.drops_name = source->DropsNameAt(i);
          kernel(ranges, *input, out.labels->Get(model::kMetricNameLabel), scratch.notes, out);
          if (WantsCounter(ranges.function) && !input->times.empty()) {
            NoteCounter(ranges, *out.labels, by_type, scratch.notes);
          }
          return absl::OkStatus();
        },
        next);
  };
  const bool keeps_name =
      ranges.function == FunctionId::kLastOverTime || ranges.function == FunctionId::kFirstOverTime;
  return keeps_name ? produce(sink) : DropNames(context, range, produce, sink);
}

absl::Status EvalAbsentOverTime(QueryContext& context, const Call& call, const StepGrid& grid,
                                ColumnSink sink) {
  auto source = RangeSource::Open(context, *call.args[0], grid);
  if (!source.ok()) return source.status();
  Column absent;
  absent.values.assign(grid.count, 1);
  storage::SampleColumns samples;
  for (size_t i = 0; i < source->size(); ++i) {
    if (absl::Status status = context.CheckTime(); !status.ok()) return status;
    const auto input = source->Read(i, samples, context.counted);
    if (!input.ok()) return input.status();
    ForEachWindow(*input, source->windows(),
                  [&](const Window& window) { absent.Remove(window.step); });
  }
  if (IsEmpty(absent)) return absl::OkStatus();
  absent.labels = context.Keep(LabelsOfAbsent(*call.args[0]));
  return sink(absent);
}

absl::StatusOr<std::vector<ResultSeries>> EvalRangeVector(QueryContext& context, const Expr& expr,
                                                          const StepGrid& grid) {
  auto source = RangeSource::Open(context, expr, grid);
  if (!source.ok()) return source.status();
  std::vector<ResultSeries> all;
  MemoryCharge charge(context.meter());
  SampleCount* count = context.counted;
  if (count != nullptr && source->inner_count().has_value()) {
    count->AddAnswer(*source->inner_count());
    count = nullptr;
  }
  storage::SampleColumns samples;
  for (size_t i = 0; i < source->size(); ++i) {
    if (absl::Status status = context.CheckTime(); !status.ok()) return status;
    const auto input = source->Read(i, samples, count);
    if (!input.ok()) return input.status();
    const size_t points = input->times.size() + input->histogram_times.size();
    absl::Status status = charge.Add(points * (sizeof(int64_t) + sizeof(double)), points);
    if (!status.ok()) return status;
    ResultSeries series = PointsOf(*input, source->windows());
    series.labels =
        source->DropsNameAt(i) ? context.WithoutName(source->LabelsAt(i)) : source->LabelsAt(i);
    if (!series.times_ms.empty()) all.push_back(std::move(series));
  }
  std::ranges::sort(all, {}, &ResultSeries::labels);
  // Those of a subquery may have lost their names just now.
  if (std::ranges::adjacent_find(all, {}, &ResultSeries::labels) != all.end()) {
    return absl::FailedPreconditionError("vector cannot contain metrics with the same labelset");
  }
  return all;
}

}  // namespace slowburn::promql
