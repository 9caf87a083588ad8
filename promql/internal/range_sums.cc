// sum_over_time, avg_over_time: of numbers or of histograms, compensated.
#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "promql/internal/histogram_aggregate.h"
#include "promql/internal/kahan.h"
#include "promql/internal/range_call.h"

namespace slowburn::promql {
namespace {

// Larger numbers may overflow in one order and not in another; then windows are summed one by one,
// from the oldest on.
constexpr double kSafeSize = 1e290;

double SumOf(std::span<const double> values) {
  KahanSum sum;
  for (const double value : values) sum.Add(value);
  return sum.Value();
}

double MeanOf(std::span<const double> values) {
  KahanMean mean;
  for (const double value : values) mean.Add(value);
  return mean.Value();
}

// Sums of windows whose ends never go back, each sample added twice at most, nothing ever
// subtracted: sums of all ends of a block, from its last sample backwards, and one sum of what came
// after the block. Once a window has left the block, what it sees becomes the next one.
class SlidingSum {
 public:
  explicit SlidingSum(std::span<const double> values) : values_(values.data()) {}

  KahanSum Of(size_t begin, size_t end) {
    if (begin >= block_end_) {
      StartBlock(begin, end);
      return tails_.back();
    }
    for (; seen_ < end; ++seen_) after_.Add(values_[seen_]);
    KahanSum sum = tails_[block_end_ - begin - 1];
    sum.Add(after_);
    return sum;
  }

 private:
  void StartBlock(size_t begin, size_t end) {
    block_end_ = end;
    seen_ = end;
    after_ = {};
    tails_.clear();
    KahanSum sum;
    for (size_t i = end; i-- > begin;) {
      sum.Add(values_[i]);
      tails_.push_back(sum);
    }
  }

  const double* values_;
  size_t block_end_ = 0;
  size_t seen_ = 0;
  KahanSum after_;
  std::vector<KahanSum> tails_;  // [i]: of the last i + 1 of the block
};

void FloatSums(const RangeCall& call, const RangeInput& input, bool mean, Column& out) {
  const bool safe =
      std::ranges::none_of(input.values, [](double value) { return std::fabs(value) > kSafeSize; });
  SlidingSum sliding(input.values);
  ForEachWindow(input, call.windows, [&](const Window& window) {
    double& result = out.values[window.step];
    if (safe) {
      const KahanSum sum = sliding.Of(window.begin, window.end);
      const auto count = static_cast<double>(window.floats());
      result = mean ? sum.sum / count + sum.error / count : sum.Value();
    } else {
      const auto values = input.values.subspan(window.begin, window.floats());
      result = mean ? MeanOf(values) : SumOf(values);
    }
  });
}

}  // namespace

void SumOverTime(const RangeCall& call, const RangeInput& input, std::string_view metric,
                 Notes& notes, Column& out) {
  const bool mean = call.function == FunctionId::kAvgOverTime;
  if (input.histograms.empty()) return FloatSums(call, input, mean, out);
  bool mixed_types = false;
  HistogramAggregateNotes told;
  ForEachWindow(input, call.windows, [&](const Window& window) {
    if (window.histogram_count() == 0) {
      const auto values = input.values.subspan(window.begin, window.floats());
      return out.SetNumber(window.step, mean ? MeanOf(values) : SumOf(values));
    }
    if (window.floats() > 0) {
      mixed_types = true;
      return;
    }
    HistogramAggregate aggregate(mean);
    for (size_t i = window.histogram_begin; i < window.histogram_end; ++i) {
      aggregate.Add(input.histograms[i]);
    }
    told.Take(aggregate);
    HistogramPtr value = aggregate.Value();
    if (value != nullptr) out.SetHistogram(window.step, std::move(value));
  });
  if (mixed_types) notes.MixedFloatsAndHistograms(*call.place, metric);
  told.Tell(*call.place, metric, notes);
}

}  // namespace slowburn::promql
