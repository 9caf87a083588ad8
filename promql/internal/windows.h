// promql/internal/windows.h: the samples that each step of a range function looks at.
//
// Room     promql/internal
// Uses     model/, storage/api/
// Threads  values; one thread at a time
// Units    unix milliseconds; window i is (EndAt(i) - range_ms, EndAt(i)]
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "model/native_histogram.h"
#include "promql/ast.h"
#include "promql/value.h"
#include "storage/api/series_reader.h"

namespace slowburn::promql {

struct Windows {
  int64_t end_ms = 0;   // of the first
  int64_t step_ms = 0;  // 0: all are the same
  size_t count = 0;
  int64_t range_ms = 0;

  int64_t EndAt(size_t step) const { return end_ms + static_cast<int64_t>(step) * step_ms; }
  // Everything that any of them can see.
  storage::TimeRange Hull() const {
    return {end_ms - range_ms + 1, EndAt(count == 0 ? 0 : count - 1) + 1};
  }
};

// What `shift` makes of the grid's steps, each looking `range_ms` back.
Windows WindowsOf(const TimeShift& shift, int64_t range_ms, const StepGrid& grid);

// When a subquery is evaluated: at the multiples of its step, whatever the query's start, that its
// windows see. `default_step_ms` is for one without a step.
StepGrid SubqueryGrid(const Subquery& subquery, const Windows& windows, int64_t default_step_ms);

// The samples of one series, stale markers left out.
struct RangeInput {
  std::span<const int64_t> times;
  std::span<const double> values;
  std::span<const int64_t> histogram_times;
  std::span<const model::NativeHistogram> histograms;
};

// Indices into a RangeInput.
struct Window {
  size_t step = 0;
  size_t begin = 0, end = 0;
  size_t histogram_begin = 0, histogram_end = 0;

  size_t floats() const { return end - begin; }
  size_t histogram_count() const { return histogram_end - histogram_begin; }
};

// Finds places in ascending times for moments that ascend too. Series are sampled evenly and steps
// are even, so it mostly has to go on as far as the last time.
class TimeCursor {
 public:
  explicit TimeCursor(std::span<const int64_t> times) : times_(times.data()), size_(times.size()) {}

  // The first index whose time is after `moment`.
  size_t FirstAfter(int64_t moment) {
    const size_t guess = at_ + stride_;
    if (guess <= size_ && (guess == size_ || times_[guess] > moment) &&
        (guess == 0 || times_[guess - 1] <= moment)) {
      return at_ = guess;
    }
    const size_t before = at_;
    while (at_ < size_ && times_[at_] <= moment) ++at_;
    stride_ = at_ - before;
    return at_;
  }

 private:
  const int64_t* times_;
  size_t size_;
  size_t at_ = 0;
  size_t stride_ = 0;
};

// Calls `use` with each window that is not empty.
template <typename Use>
void ForEachWindow(const RangeInput& input, const Windows& windows, Use use) {
  TimeCursor begin(input.times), end(input.times);
  TimeCursor histogram_begin(input.histogram_times), histogram_end(input.histogram_times);
  for (size_t step = 0; step < windows.count; ++step) {
    const int64_t last = windows.EndAt(step);
    const int64_t before_first = last - windows.range_ms;
    Window window{
        .step = step, .begin = begin.FirstAfter(before_first), .end = end.FirstAfter(last)};
    if (!input.histogram_times.empty()) {
      window.histogram_begin = histogram_begin.FirstAfter(before_first);
      window.histogram_end = histogram_end.FirstAfter(last);
    }
    if (window.floats() + window.histogram_count() > 0) use(window);
  }
}

}  // namespace slowburn::promql
