// The smallest or largest number of a window, or its time; NaN wins only where there is nothing
// else. However much windows overlap, each sample is looked at a bounded number of times.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "promql/internal/range_call.h"

namespace slowburn::promql {
namespace {

// The extremes of all ends of a block, from its last sample backwards, and that of what came after
// the block. Once a window has left the block, what it sees becomes the next one.
template <bool kMax>
class SlidingExtreme {
 public:
  explicit SlidingExtreme(std::span<const double> values) : values_(values.data()) {}

  double Of(size_t begin, size_t end) {
    if (begin >= block_end_) {
      StartBlock(begin, end);
      return tails_.back();
    }
    for (; seen_ < end; ++seen_) after_ = Best(after_, values_[seen_]);
    return Best(tails_[block_end_ - begin - 1], after_);
  }

 private:
  static constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

  // Of equal ones (0 and -0) the first.
  static double Best(double a, double b) {
    const bool better = kMax ? b > a : b < a;
    return better || a != a ? b : a;
  }

  void StartBlock(size_t begin, size_t end) {
    block_end_ = end;
    seen_ = end;
    after_ = kNan;
    tails_.clear();
    double best = kNan;
    for (size_t i = end; i-- > begin;) {
      best = Best(values_[i], best);
      tails_.push_back(best);
    }
  }

  const double* values_;
  size_t block_end_ = 0;
  size_t seen_ = 0;
  double after_ = kNan;
  std::vector<double> tails_;  // [i]: of the last i + 1 of the block
};

template <bool kMax>
void Extremes(const RangeCall& call, const RangeInput& input, std::string_view metric, Notes& notes,
              Column& out) {
  SlidingExtreme<kMax> sliding(input.values);
  ForEachFloatWindow(call, input, metric, notes, [&](const Window& window) {
    out.SetNumber(window.step, sliding.Of(window.begin, window.end));
  });
}

// A queue holds those that can still become the extreme, the best first.
template <bool kMax>
void TimesOfExtremes(const RangeCall& call, const RangeInput& input, std::string_view metric,
                     Notes& notes, Column& out) {
  std::vector<size_t> queue;  // indices; their values fall behind the first
  size_t head = 0;
  size_t seen = 0;
  const double* values = input.values.data();
  ForEachFloatWindow(call, input, metric, notes, [&](const Window& window) {
    for (seen = std::max(seen, window.begin); seen < window.end; ++seen) {
      if (std::isnan(values[seen])) continue;
      while (queue.size() > head &&
             (kMax ? values[seen] >= values[queue.back()] : values[seen] <= values[queue.back()])) {
        queue.pop_back();
      }
      queue.push_back(seen);
    }
    while (head < queue.size() && queue[head] < window.begin) ++head;
    if (head == queue.size()) {
      queue.clear();
      head = 0;
    }
    const size_t at = queue.empty() ? window.end - 1 : queue[head];
    out.SetNumber(window.step, static_cast<double>(input.times[at]) / 1000);
  });
}

}  // namespace

void ExtremeOverTime(const RangeCall& call, const RangeInput& input, std::string_view metric,
                     Notes& notes, Column& out) {
  switch (call.function) {
    case FunctionId::kMaxOverTime:
      return Extremes<true>(call, input, metric, notes, out);
    case FunctionId::kMinOverTime:
      return Extremes<false>(call, input, metric, notes, out);
    case FunctionId::kTsOfMaxOverTime:
      return TimesOfExtremes<true>(call, input, metric, notes, out);
    default:
      return TimesOfExtremes<false>(call, input, metric, notes, out);
  }
}

}  // namespace slowburn::promql
