#include "slo/count_view.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"

namespace slowburn::slo {
namespace {

template <typename Summer>
absl::StatusOr<SliCounts> SumWithout(const SliceMask* mask, Summer& summer, Slice begin,
                                     Slice end) {
  SB_ASSIGN_OR_RETURN(SliCounts sum, summer.Sum(begin, end));
  if (mask == nullptr) return sum;
  absl::Status failed;
  mask->ForEachCovered(begin, end, [&](Slice from, Slice to) {
    if (!failed.ok()) return;
    const auto covered = summer.Sum(from, to);
    if (covered.ok()) {
      sum -= *covered;
    } else {
      failed = covered.status();
    }
  });
  if (!failed.ok()) return failed;
  return sum;
}

Slice RoundUp(Slice slice, uint32_t unit) { return (slice + unit - 1) / unit * unit; }
Slice Before(Slice slice, uint32_t slices) { return slice > slices ? slice - slices : 0; }

}  // namespace

absl::StatusOr<SliCounts> SumOfEvents(const CountView& view, const RangeReader& reader, Slice begin,
                                      Slice end) {
  return SumWithout(view.mask.get(), reader, begin, end);
}

absl::StatusOr<SliCounts> SumOfEvents(const CountView& view, HourlyReader& reader, Slice begin,
                                      Slice end) {
  return SumWithout(view.mask.get(), reader, begin, end);
}

absl::StatusOr<SliCounts> SumOfTimeslices(const CountView& view, const RangeReader& reader,
                                          Slice begin, Slice end) {
  SliCounts sum;
  if (reader.empty()) return sum;
  const uint32_t length = view.budgeting.timeslice;
  HourlyReader hours(reader);
  begin = std::max(begin, reader.first_counted() / length * length);
  for (Slice at = RoundUp(begin, length); at < end; at += length) {
    SB_ASSIGN_OR_RETURN(const SliCounts events, SumOfEvents(view, hours, at, at + length));
    sum += view.budgeting.Score(events);
  }
  return sum;
}

ViewedWindow::ViewedWindow(CountView view, Window window)
    : view_(std::move(view)), window_(std::move(window)), key_(window_.Text()) {
  if (view_.budgeting.by_time()) key_ += "; " + view_.budgeting.Text();
  if (!view_.exclusions.empty()) key_ += "; without " + view_.exclusions;
}

absl::StatusOr<SliCounts> ViewedWindow::Read(const RangeReader& reader, Slice through) const {
  const Slice begin = window_.BeginAt(through);
  if (!view_.budgeting.by_time()) return SumOfEvents(view_, reader, begin, through + 1);
  return SumOfTimeslices(view_, reader, begin, Before(through + 1, view_.budgeting.timeslice));
}

}  // namespace slowburn::slo
