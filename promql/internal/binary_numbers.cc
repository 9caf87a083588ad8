#include "promql/internal/binary_numbers.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include <fmt/format.h>

#include "promql/internal/column_blocks.h"
#include "promql/internal/histogram_buckets.h"
#include "promql/internal/histogram_sum.h"
#include "promql/internal/histogram_trim.h"

namespace slowburn::promql {
namespace {

template <typename Op>
void Arithmetic(std::span<const double> left, std::span<const double> right, std::span<double> out,
                Op op) {
  ForEachBlock(out.size(), [&](size_t begin, size_t count) {
    const double* a = left.data() + begin;
    const double* b = right.data() + begin;
    double* result = out.data() + begin;
    if (!AnyNan(a, count) && !AnyNan(b, count)) {
      for (size_t i = 0; i < count; ++i) result[i] = op(a[i], b[i]);
      return;
    }
    for (size_t i = 0; i < count; ++i) {
      result[i] = IsAbsent(a[i]) || IsAbsent(b[i]) ? AbsentValue() : op(a[i], b[i]);
    }
  });
}

template <typename Op>
void Compare(bool returns_bool, KeepSide keep, std::span<const double> left,
             std::span<const double> right, std::span<double> out, Op op) {
  if (returns_bool) {
    return Arithmetic(left, right, out, [&](double a, double b) { return op(a, b) ? 1.0 : 0.0; });
  }
  Arithmetic(left, right, out, [&](double a, double b) {
    if (!op(a, b)) return AbsentValue();
    return keep == KeepSide::kLeft ? a : b;
  });
}

bool IsTrim(BinaryOp op) { return op == BinaryOp::kTrimUpper || op == BinaryOp::kTrimLower; }

// A point of either kind.
struct Point {
  double number = AbsentValue();
  HistogramPtr histogram;

  bool present() const { return histogram != nullptr || !IsAbsent(number); }
  std::string_view type() const { return histogram != nullptr ? "histogram" : "float"; }
};

Point PointAt(const Column& column, size_t step) {
  if (column.HistogramAt(step) != nullptr) return {AbsentValue(), column.histograms[step]};
  return {column.values[step], nullptr};
}

HistogramPtr Share(NativeHistogram histogram) {
  return std::make_shared<const NativeHistogram>(std::move(histogram));
}

class PointOperation {
 public:
  PointOperation(const Binary& binary, KeepSide keep, BinaryNotes& told)
      : op_(binary.op), returns_bool_(binary.returns_bool), keep_(keep), told_(told) {}

  // Not present where there is no result. At least one of them is a histogram.
  Point Apply(const Point& left, const Point& right) {
    if (left.histogram != nullptr && right.histogram != nullptr) return OfTwo(left, right);
    if (op_ == BinaryOp::kMultiply) {
      return left.histogram != nullptr ? Result(Scaled(*left.histogram, right.number))
                                       : Result(Scaled(*right.histogram, left.number));
    }
    if (left.histogram != nullptr) {
      if (op_ == BinaryOp::kDivide) return Result(Divided(*left.histogram, right.number));
      if (IsTrim(op_)) {
        const TrimSide side =
            op_ == BinaryOp::kTrimUpper ? TrimSide::kKeepBelow : TrimSide::kKeepAbove;
        return Result(Trimmed(*left.histogram, right.number, side));
      }
    }
    return Mismatch(left, right);
  }

 private:
  static Point Result(NativeHistogram histogram) {
    return {AbsentValue(), Share(std::move(histogram))};
  }

  Point Mismatch(const Point& left, const Point& right) {
    told_.left_type = left.type();
    told_.right_type = right.type();
    return {};
  }

  Point OfTwo(const Point& left, const Point& right) {
    switch (op_) {
      case BinaryOp::kAdd:
      case BinaryOp::kSubtract:
        return Sum(*left.histogram, *right.histogram);
      case BinaryOp::kEqual:
      case BinaryOp::kNotEqual: {
        const bool same = SameDistribution(*left.histogram, *right.histogram);
        const bool holds = same == (op_ == BinaryOp::kEqual);
        if (returns_bool_) return {holds ? 1.0 : 0.0, nullptr};
        if (!holds) return {};
        return keep_ == KeepSide::kLeft ? left : right;
      }
      default:
        return Mismatch(left, right);
    }
  }

  Point Sum(const NativeHistogram& left, const NativeHistogram& right) {
    HistogramSum sum(left);
    const bool adds = op_ == BinaryOp::kAdd;
    const HistogramMerge merge = adds ? sum.Add(right) : sum.Subtract(right);
    told_.incompatible_layouts |= !merge.compatible;
    told_.reset_collision |= merge.reset_collision;
    told_.bounds_reconciled |= merge.bounds_reconciled;
    if (!merge.compatible) return {};
    if (!adds) sum.SetHint(NativeHistogram::ResetHint::kGauge);
    return Result(sum.Value());
  }

  BinaryOp op_;
  bool returns_bool_;
  KeepSide keep_;
  BinaryNotes& told_;
};

}  // namespace

void BinaryNotes::Tell(const Binary& binary, Notes& notes) const {
  const std::string_view op = BinaryOpText(binary.op);
  if (!left_type.empty()) {
    notes.Inform(binary, fmt::format("incompatible sample types encountered for binary operator "
                                     "\"{}\": {} {} {}",
                                     op, left_type, op, right_type));
  }
  if (incompatible_layouts) {
    notes.Warn(binary,
               fmt::format("incompatible bucket layout encountered for binary operator {}", op));
  }
  const HistogramUse use =
      binary.op == BinaryOp::kAdd ? HistogramUse::kAddition : HistogramUse::kSubtraction;
  if (reset_collision) notes.ResetCollision(binary, use);
  if (bounds_reconciled) notes.BoundsReconciled(binary, use);
}

void CombineNumbers(const Binary& binary, std::span<const double> left,
                    std::span<const double> right, KeepSide keep, std::span<double> out) {
  const bool returns_bool = binary.returns_bool;
  switch (binary.op) {
    case BinaryOp::kAdd:
      return Arithmetic(left, right, out, [](double a, double b) { return a + b; });
    case BinaryOp::kSubtract:
      return Arithmetic(left, right, out, [](double a, double b) { return a - b; });
    case BinaryOp::kMultiply:
      return Arithmetic(left, right, out, [](double a, double b) { return a * b; });
    case BinaryOp::kDivide:
      return Arithmetic(left, right, out, [](double a, double b) { return a / b; });
    case BinaryOp::kModulo:
      return Arithmetic(left, right, out, [](double a, double b) { return std::fmod(a, b); });
    case BinaryOp::kPower:
      return Arithmetic(left, right, out, [](double a, double b) { return std::pow(a, b); });
    case BinaryOp::kAtan2:
      return Arithmetic(left, right, out, [](double a, double b) { return std::atan2(a, b); });
    case BinaryOp::kEqual:
      return Compare(returns_bool, keep, left, right, out,
                     [](double a, double b) { return a == b; });
    case BinaryOp::kNotEqual:
      return Compare(returns_bool, keep, left, right, out,
                     [](double a, double b) { return a != b; });
    case BinaryOp::kLess:
      return Compare(returns_bool, keep, left, right, out,
                     [](double a, double b) { return a < b; });
    case BinaryOp::kLessOrEqual:
      return Compare(returns_bool, keep, left, right, out,
                     [](double a, double b) { return a <= b; });
    case BinaryOp::kGreater:
      return Compare(returns_bool, keep, left, right, out,
                     [](double a, double b) { return a > b; });
    case BinaryOp::kGreaterOrEqual:
      return Compare(returns_bool, keep, left, right, out,
                     [](double a, double b) { return a >= b; });
    default:  // trims are of histograms only, set operators of labels
      std::ranges::fill(out, AbsentValue());
  }
}

void CombineColumns(const Binary& binary, const Column& left, const Column& right, KeepSide keep,
                    BinaryNotes& told, Column& out) {
  const size_t steps = left.steps();
  out.values.resize(steps);
  out.histograms.clear();
  CombineNumbers(binary, left.values, right.values, keep, out.values);
  const bool plain = left.histograms.empty() && right.histograms.empty();
  if (plain && !IsTrim(binary.op)) return;
  PointOperation operation(binary, keep, told);
  for (size_t step = 0; step < steps; ++step) {
    const Point a = PointAt(left, step);
    const Point b = PointAt(right, step);
    if (!a.present() || !b.present()) continue;
    if (a.histogram == nullptr && b.histogram == nullptr && !IsTrim(binary.op)) continue;
    Point result = operation.Apply(a, b);
    if (result.histogram != nullptr) {
      out.SetHistogram(step, std::move(result.histogram));
    } else {
      out.SetNumber(step, result.number);
    }
  }
}

bool DropsName(const Binary& binary) {
  if (IsComparison(binary.op)) return binary.returns_bool;
  return !IsSetOperator(binary.op) && !IsTrim(binary.op);
}

}  // namespace slowburn::promql
