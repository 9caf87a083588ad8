#include "promql/internal/evaluator.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>

#include "promql/internal/histogram_sum.h"
#include "promql/internal/name_dropping.h"

namespace slowburn::promql {
namespace {

// While it lives, samples are counted at the only step of `once`; then at every step.
class InvariantCount {
 public:
  InvariantCount(QueryContext& context, const StepGrid& once)
      : context_(context), before_(context.counted), count_(once) {
    if (before_ != nullptr) context_.counted = &count_;
  }
  ~InvariantCount() {
    context_.counted = before_;
    if (before_ != nullptr) before_->AddInvariant(count_);
  }
  InvariantCount(const InvariantCount&) = delete;
  InvariantCount& operator=(const InvariantCount&) = delete;

 private:
  QueryContext& context_;
  SampleCount* const before_;
  SampleCount count_;
};

// What is the same at every step is evaluated at the first and repeated.
absl::Status EvalOnce(QueryContext& context, const Expr& expr, const StepGrid& grid,
                      ColumnSink sink) {
  if (grid.count <= 1) return EvalVector(context, expr, grid, sink);
  const StepGrid once{grid.start_ms, grid.step_ms, 1};
  const InvariantCount count(context, once);
  return EvalVector(context, expr, once, [&](Column& column) {
    const HistogramPtr histogram = column.histograms.empty() ? nullptr : column.histograms[0];
    Column repeated{.labels = column.labels, .drops_name = column.drops_name};
    repeated.values.assign(grid.count, column.values[0]);
    if (histogram != nullptr) repeated.histograms.assign(grid.count, histogram);
    return sink(repeated);
  });
}

void Negate(Column& column) {
  for (double& value : column.values) {
    if (!IsAbsent(value)) value = -value;
  }
  for (HistogramPtr& histogram : column.histograms) {
    if (histogram == nullptr) continue;
    histogram = std::make_shared<const model::NativeHistogram>(Scaled(*histogram, -1));
  }
}

absl::Status EvalUnary(QueryContext& context, const Unary& unary, const StepGrid& grid,
                       ColumnSink sink) {
  if (!unary.negates) return EvalVector(context, *unary.expr, grid, sink);
  return DropNames(
      context, *unary.expr,
      [&](ColumnSink next) {
        return EvalVector(context, *unary.expr, grid, [&](Column& column) {
          Negate(column);
          return next(column);
        });
      },
      sink);
}

absl::StatusOr<std::vector<double>> EvalScalarOnce(QueryContext& context, const Expr& expr,
                                                   const StepGrid& grid) {
  if (grid.count <= 1) return EvalScalar(context, expr, grid);
  const StepGrid once{grid.start_ms, grid.step_ms, 1};
  const InvariantCount count(context, once);
  auto values = EvalScalar(context, expr, once);
  if (values.ok()) values->resize(grid.count, values->front());
  return values;
}

// scalar(v): the only number of the vector, or else NaN.
absl::StatusOr<std::vector<double>> OnlyNumber(QueryContext& context, const Expr& expr,
                                               const StepGrid& grid) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> only(grid.count, kNan);
  std::vector<uint32_t> found(grid.count, 0);
  absl::Status status = EvalVector(context, expr, grid, [&](Column& column) {
    for (size_t step = 0; step < grid.count; ++step) {
      if (!column.HasNumber(step)) continue;
      only[step] = found[step]++ == 0 ? column.values[step] : kNan;
    }
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return only;
}

absl::StatusOr<std::vector<double>> EvalExtremeOf(QueryContext& context, const Call& call,
                                                  const StepGrid& grid) {
  auto first = EvalScalar(context, *call.args[0], grid);
  if (!first.ok()) return first;
  auto second = EvalScalar(context, *call.args[1], grid);
  if (!second.ok()) return second;
  const bool largest = call.function->id == FunctionId::kMaxOf;
  for (size_t step = 0; step < grid.count; ++step) {
    double& a = (*first)[step];
    const double b = (*second)[step];
    if (std::isnan(a) || std::isnan(b)) {
      a = std::numeric_limits<double>::quiet_NaN();
    } else {
      a = largest ? std::max(a, b) : std::min(a, b);
    }
  }
  return first;
}

absl::StatusOr<std::vector<double>> EvalScalarCall(QueryContext& context, const Call& call,
                                                   const StepGrid& grid) {
  const auto constant = [&](double value) { return std::vector<double>(grid.count, value); };
  const auto seconds = [](int64_t time_ms) { return static_cast<double>(time_ms) / 1000; };
  const EvaluationTimes& times = context.times();
  switch (call.function->id) {
    case FunctionId::kPi:
      return constant(M_PI);
    case FunctionId::kStart:
      return constant(seconds(times.start_ms));
    case FunctionId::kEnd:
      return constant(seconds(times.end_ms));
    case FunctionId::kStep:
      return constant(seconds(times.step_ms));
    case FunctionId::kRange:
      return constant(seconds(times.end_ms - times.start_ms));
    case FunctionId::kMinOf:
    case FunctionId::kMaxOf:
      return EvalExtremeOf(context, call, grid);
    case FunctionId::kScalar:
      return OnlyNumber(context, *call.args[0], grid);
    default: {  // time()
      std::vector<double> all(grid.count);
      for (size_t step = 0; step < grid.count; ++step) all[step] = seconds(grid.TimeAt(step));
      return all;
    }
  }
}

absl::Status EvalByKind(QueryContext& context, const Expr& expr, const StepGrid& grid,
                        ColumnSink sink) {
  switch (expr.kind) {
    case Expr::Kind::kParen:
      return EvalVector(context, *As<Paren>(expr).expr, grid, sink);
    case Expr::Kind::kStepInvariant:
      return EvalOnce(context, *As<StepInvariant>(expr).expr, grid, sink);
    case Expr::Kind::kUnary:
      return EvalUnary(context, As<Unary>(expr), grid, sink);
    case Expr::Kind::kVectorSelector:
      return EvalSelector(context, As<VectorSelector>(expr), grid, SelectWhat::kValue, sink);
    case Expr::Kind::kCall:
      return EvalCall(context, As<Call>(expr), grid, sink);
    case Expr::Kind::kAggregate:
      return EvalAggregate(context, As<Aggregate>(expr), grid, sink);
    case Expr::Kind::kBinary:
      return EvalBinary(context, As<Binary>(expr), grid, sink);
    default:
      return absl::InternalError("expression is no instant vector");
  }
}

}  // namespace

const Expr& Bare(const Expr& expr) {
  if (expr.kind == Expr::Kind::kParen) return Bare(*As<Paren>(expr).expr);
  if (expr.kind == Expr::Kind::kStepInvariant) return Bare(*As<StepInvariant>(expr).expr);
  return expr;
}

const std::string& TextOf(const Expr& expr) { return As<StringLiteral>(Bare(expr)).text; }

absl::Status EvalVector(QueryContext& context, const Expr& expr, const StepGrid& grid,
                        ColumnSink sink) {
  if (absl::Status status = context.CheckTime(); !status.ok()) return status;
  absl::Status status = EvalByKind(context, expr, grid, sink);
  // Sorts and groups do their work on the way back, one around the other.
  if (status.ok()) status = context.CheckTime();
  return status;
}

absl::StatusOr<Columns> CollectVector(QueryContext& context, const Expr& expr,
                                      const StepGrid& grid) {
  Columns columns(context.meter());
  absl::Status status = EvalVector(context, expr, grid,
                                   [&](Column& column) { return columns.Add(std::move(column)); });
  if (!status.ok()) return status;
  return columns;
}

absl::StatusOr<std::vector<double>> EvalScalar(QueryContext& context, const Expr& expr,
                                               const StepGrid& grid) {
  switch (expr.kind) {
    case Expr::Kind::kNumber:
      return std::vector<double>(grid.count, As<NumberLiteral>(expr).value);
    case Expr::Kind::kParen:
      return EvalScalar(context, *As<Paren>(expr).expr, grid);
    case Expr::Kind::kStepInvariant:
      return EvalScalarOnce(context, *As<StepInvariant>(expr).expr, grid);
    case Expr::Kind::kUnary: {
      auto values = EvalScalar(context, *As<Unary>(expr).expr, grid);
      if (values.ok() && As<Unary>(expr).negates) {
        for (double& value : *values) value = -value;
      }
      return values;
    }
    case Expr::Kind::kBinary:
      return EvalScalarBinary(context, As<Binary>(expr), grid);
    case Expr::Kind::kCall:
      return EvalScalarCall(context, As<Call>(expr), grid);
    default:
      return absl::InternalError("expression is no scalar");
  }
}

}  // namespace slowburn::promql
