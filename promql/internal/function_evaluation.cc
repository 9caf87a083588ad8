// Calls of functions that take instant vectors or nothing.
#include <algorithm>
#include <cmath>

#include "promql/internal/date_functions.h"
#include "promql/internal/evaluator.h"
#include "promql/internal/math_functions.h"
#include "promql/internal/name_dropping.h"
#include "promql/internal/range_call.h"
#include "promql/internal/vector_sorting.h"

namespace slowburn::promql {
namespace {

absl::Status EvalMath(QueryContext& context, const Call& call, MathFunction function,
                      const StepGrid& grid, ColumnSink sink) {
  return DropNames(
      context, *call.args[0],
      [&](ColumnSink next) {
        return EvalVector(context, *call.args[0], grid, [&](Column& column) {
          column.histograms.clear();
          for (double& value : column.values) {
            if (!IsAbsent(value)) value = function(value);
          }
          return IsEmpty(column) ? absl::OkStatus() : next(column);
        });
      },
      sink);
}

// clamp, clamp_min, clamp_max, round: their scalars may differ from step to step.
absl::Status EvalBounded(QueryContext& context, const Call& call, const StepGrid& grid,
                         ColumnSink sink) {
  std::vector<std::vector<double>> params;
  for (size_t i = 1; i < call.args.size(); ++i) {
    auto values = EvalScalar(context, *call.args[i], grid);
    if (!values.ok()) return values.status();
    params.push_back(*std::move(values));
  }
  return DropNames(
      context, *call.args[0],
      [&](ColumnSink next) {
        return EvalVector(context, *call.args[0], grid, [&](Column& column) {
          column.histograms.clear();
          ApplyBounds(call.function->id, params, column.values);
          return IsEmpty(column) ? absl::OkStatus() : next(column);
        });
      },
      sink);
}

absl::Status EvalDate(QueryContext& context, const Call& call, const StepGrid& grid,
                      ColumnSink sink) {
  const auto apply = [&](Column& column) {
    column.histograms.clear();
    for (double& value : column.values) {
      if (!IsAbsent(value)) value = DatePart(call.function->id, value);
    }
  };
  if (call.args.empty()) {
    Column column{.labels = context.Keep({})};
    for (size_t step = 0; step < grid.count; ++step) {
      column.values.push_back(static_cast<double>(grid.TimeAt(step)) / 1000);
    }
    apply(column);
    return sink(column);
  }
  return DropNames(
      context, *call.args[0],
      [&](ColumnSink next) {
        return EvalVector(context, *call.args[0], grid, [&](Column& column) {
          apply(column);
          return IsEmpty(column) ? absl::OkStatus() : next(column);
        });
      },
      sink);
}

// The sample's own time where the argument is a selector, else the step's.
absl::Status EvalTimestamp(QueryContext& context, const Call& call, const StepGrid& grid,
                           ColumnSink sink) {
  const Expr& arg = *call.args[0];
  const Expr& bare = Bare(arg);
  const auto produce = [&](ColumnSink next) {
    if (bare.kind == Expr::Kind::kVectorSelector) {
      return EvalSelector(context, As<VectorSelector>(bare), grid, SelectWhat::kTimestamp, next);
    }
    return EvalVector(context, arg, grid, [&](Column& column) {
      for (size_t step = 0; step < grid.count; ++step) {
        if (!column.HasPoint(step)) continue;
        column.SetNumber(step, static_cast<double>(grid.TimeAt(step)) / 1000);
      }
      return next(column);
    });
  };
  return DropNames(context, arg, produce, sink);
}

absl::Status EvalVectorOf(QueryContext& context, const Call& call, const StepGrid& grid,
                          ColumnSink sink) {
  auto values = EvalScalar(context, *call.args[0], grid);
  if (!values.ok()) return values.status();
  Column column{.labels = context.Keep({}), .values = *std::move(values)};
  return sink(column);
}

absl::Status EvalAbsent(QueryContext& context, const Call& call, const StepGrid& grid,
                        ColumnSink sink) {
  Column absent;
  absent.values.assign(grid.count, 1);
  absl::Status status = EvalVector(context, *call.args[0], grid, [&](Column& column) {
    for (size_t step = 0; step < grid.count; ++step) {
      if (column.HasPoint(step)) absent.Remove(step);
    }
    return absl::OkStatus();
  });
  if (!status.ok() || IsEmpty(absent)) return status;
  absent.labels = context.Keep(LabelsOfAbsent(*call.args[0]));
  return sink(absent);
}

absl::Status EvalSort(QueryContext& context, const Call& call, const StepGrid& grid,
                      ColumnSink sink) {
  auto columns = CollectVector(context, *call.args[0], grid);
  if (!columns.ok()) return columns.status();
  const bool by_label = call.function->id == FunctionId::kSortByLabel ||
                        call.function->id == FunctionId::kSortByLabelDesc;
  if (!by_label) {
    for (Column& column : columns->series) column.histograms.clear();
    std::erase_if(columns->series, IsEmpty);
  }
  if (context.is_range()) {
    context.notes().Warn(call,
                         "sort is ineffective for range queries since results are always ordered "
                         "by labels");
  } else if (by_label) {
    std::vector<std::string_view> names;
    for (size_t i = 1; i < call.args.size(); ++i) names.push_back(TextOf(*call.args[i]));
    SortByLabels(names, call.function->id == FunctionId::kSortByLabelDesc, columns->series);
  } else {
    SortByValue(call.function->id == FunctionId::kSortDesc, columns->series);
  }
  absl::Status status;
  for (Column& column : columns->series) {
    if (status.ok()) status.Update(sink(column));
  }
  return status;
}

}  // namespace

absl::Status EvalCall(QueryContext& context, const Call& call, const StepGrid& grid,
                      ColumnSink sink) {
  const FunctionId id = call.function->id;
  if (RangeKernelOf(id) != nullptr) return EvalRangeCall(context, call, grid, sink);
  if (const MathFunction function = MathFunctionOf(id)) {
    return EvalMath(context, call, function, grid, sink);
  }
  switch (id) {
    case FunctionId::kAbsentOverTime:
      return EvalAbsentOverTime(context, call, grid, sink);
    case FunctionId::kAbsent:
      return EvalAbsent(context, call, grid, sink);
    case FunctionId::kClamp:
    case FunctionId::kClampMax:
    case FunctionId::kClampMin:
    case FunctionId::kRound:
      return EvalBounded(context, call, grid, sink);
    case FunctionId::kTimestamp:
      return EvalTimestamp(context, call, grid, sink);
    case FunctionId::kVector:
      return EvalVectorOf(context, call, grid, sink);
    case FunctionId::kSort:
    case FunctionId::kSortDesc:
    case FunctionId::kSortByLabel:
    case FunctionId::kSortByLabelDesc:
      return EvalSort(context, call, grid, sink);
    case FunctionId::kInfo:
      return EvalInfo(context, call, grid, sink);
    case FunctionId::kLabelReplace:
    case FunctionId::kLabelJoin:
      return EvalLabelCall(context, call, grid, sink);
    case FunctionId::kDayOfMonth:
    case FunctionId::kDayOfWeek:
    case FunctionId::kDayOfYear:
    case FunctionId::kDaysInMonth:
    case FunctionId::kHour:
    case FunctionId::kMinute:
    case FunctionId::kMonth:
    case FunctionId::kYear:
      return EvalDate(context, call, grid, sink);
    case FunctionId::kHistogramAvg:
    case FunctionId::kHistogramCount:
    case FunctionId::kHistogramSum:
    case FunctionId::kHistogramStddev:
    case FunctionId::kHistogramStdvar:
    case FunctionId::kHistogramFraction:
    case FunctionId::kHistogramQuantile:
    case FunctionId::kHistogramQuantiles:
      return EvalHistogramCall(context, call, grid, sink);
    default:
      return absl::UnimplementedError(
          fmt::format("function {}() is not available here", call.function->name));
  }
}

}  // namespace slowburn::promql
