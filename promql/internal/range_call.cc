#include "promql/internal/range_call.h"

namespace slowburn::promql {

RangeKernel RangeKernelOf(FunctionId function) {
  switch (function) {
    case FunctionId::kRate:
    case FunctionId::kIncrease:
    case FunctionId::kDelta:
      return ExtrapolatedRate;
    case FunctionId::kIrate:
    case FunctionId::kIdelta:
      return InstantRate;
    case FunctionId::kResets:
    case FunctionId::kChanges:
      return CountChanges;
    case FunctionId::kSumOverTime:
    case FunctionId::kAvgOverTime:
      return SumOverTime;
    case FunctionId::kFirstOverTime:
    case FunctionId::kLastOverTime:
    case FunctionId::kCountOverTime:
    case FunctionId::kPresentOverTime:
    case FunctionId::kTsOfFirstOverTime:
    case FunctionId::kTsOfLastOverTime:
      return PickOverTime;
    case FunctionId::kMinOverTime:
    case FunctionId::kMaxOverTime:
    case FunctionId::kTsOfMinOverTime:
    case FunctionId::kTsOfMaxOverTime:
      return ExtremeOverTime;
    case FunctionId::kStddevOverTime:
    case FunctionId::kStdvarOverTime:
    case FunctionId::kQuantileOverTime:
    case FunctionId::kMadOverTime:
      return StatisticOverTime;
    case FunctionId::kDeriv:
    case FunctionId::kPredictLinear:
    case FunctionId::kDoubleExponentialSmoothing:
      return TrendOverTime;
    default:
      return nullptr;
  }
}

}  // namespace slowburn::promql
