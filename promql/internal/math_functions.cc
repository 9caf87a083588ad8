#include "promql/internal/math_functions.h"

#include <cmath>
#include <limits>

#include "promql/value.h"

namespace slowburn::promql {
namespace {

double Sign(double value) { return value < 0 ? -1 : value > 0 ? 1 : value; }
double Degrees(double value) { return value * 180 / M_PI; }
double Radians(double value) { return value * M_PI / 180; }

// As Go's: NaN is neither below nor above anything, and stays; but nothing is beyond infinity. -0
// is below 0.
double Min(double a, double b) {
  if (a == -INFINITY || b == -INFINITY) return -INFINITY;
  if (a == b) return std::signbit(a) ? a : b;
  return std::isnan(a) || std::isnan(b) ? NAN : std::fmin(a, b);
}
double Max(double a, double b) {
  if (a == INFINITY || b == INFINITY) return INFINITY;
  if (a == b) return std::signbit(a) ? b : a;
  return std::isnan(a) || std::isnan(b) ? NAN : std::fmax(a, b);
}

// To the nearest multiple; halves go up. Dividing by the inverse is more exact than by a nearest
// like 0.1.
double Round(double value, double nearest) {
  const double inverse = 1 / nearest;
  return std::floor(value * inverse + 0.5) / inverse;
}

double Bounded(FunctionId function, std::span<const std::vector<double>> params, size_t step,
               double value) {
  switch (function) {
    case FunctionId::kClampMin:
      return Max(params[0][step], value);
    case FunctionId::kClampMax:
      return Min(params[0][step], value);
    case FunctionId::kClamp:
      if (params[1][step] < params[0][step]) return AbsentValue();
      return Max(params[0][step], Min(params[1][step], value));
    default:
      return Round(value, params.empty() ? 1 : params[0][step]);
  }
}

}  // namespace

MathFunction MathFunctionOf(FunctionId function) {
  switch (function) {
    case FunctionId::kAbs:
      return [](double x) { return std::fabs(x); };
    case FunctionId::kAcos:
      return [](double x) { return std::acos(x); };
    case FunctionId::kAcosh:
      return [](double x) { return std::acosh(x); };
    case FunctionId::kAsin:
      return [](double x) { return std::asin(x); };
    case FunctionId::kAsinh:
      return [](double x) { return std::asinh(x); };
    case FunctionId::kAtan:
      return [](double x) { return std::atan(x); };
    case FunctionId::kAtanh:
      return [](double x) { return std::atanh(x); };
    case FunctionId::kCeil:
      return [](double x) { return std::ceil(x); };
    case FunctionId::kCos:
      return [](double x) { return std::cos(x); };
    case FunctionId::kCosh:
      return [](double x) { return std::cosh(x); };
    case FunctionId::kDeg:
      return Degrees;
    case FunctionId::kExp:
      return [](double x) { return std::exp(x); };
    case FunctionId::kFloor:
      return [](double x) { return std::floor(x); };
    case FunctionId::kLn:
      return [](double x) { return std::log(x); };
    case FunctionId::kLog10:
      return [](double x) { return std::log10(x); };
    case FunctionId::kLog2:
      return [](double x) { return std::log2(x); };
    case FunctionId::kRad:
      return Radians;
    case FunctionId::kSgn:
      return Sign;
    case FunctionId::kSin:
      return [](double x) { return std::sin(x); };
    case FunctionId::kSinh:
      return [](double x) { return std::sinh(x); };
    case FunctionId::kSqrt:
      return [](double x) { return std::sqrt(x); };
    case FunctionId::kTan:
      return [](double x) { return std::tan(x); };
    case FunctionId::kTanh:
      return [](double x) { return std::tanh(x); };
    default:
      return nullptr;
  }
}

void ApplyBounds(FunctionId function, std::span<const std::vector<double>> params,
                 std::vector<double>& values) {
  for (size_t step = 0; step < values.size(); ++step) {
    if (!IsAbsent(values[step])) values[step] = Bounded(function, params, step, values[step]);
  }
}

}  // namespace slowburn::promql
