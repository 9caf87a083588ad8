// slo/count_view.h: how the slices of an SLI are read for a budget: what is left out of them, and
// what a stretch of them counts for.
//
// Room     slo
// Uses     slo/
// Threads  immutable values
// Units    slices; sums are events, or timeslices (parts of them) where the budget is one of time
// Source   DESIGN section 4, "Budgeting" and "Exclusions"
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "slo/budgeting.h"
#include "slo/range_sum.h"
#include "slo/slice_mask.h"
#include "slo/window.h"

namespace slowburn::slo {

struct CountView {
  Budgeting budgeting;
  // Null: nothing is excluded. Shared by all SLOs with the same exclusions.
  std::shared_ptr<const SliceMask> mask;
  std::string exclusions;  // identity of what the mask is made of; empty without

  // How much of [begin, end) counts for nothing.
  std::chrono::seconds ExcludedTime(Slice begin, Slice end) const {
    if (mask == nullptr) return std::chrono::seconds(0);
    return static_cast<int64_t>(mask->CoveredSlices(begin, end)) * kSliceLength;
  }
  bool Covers(Slice slice) const { return mask != nullptr && mask->Covers(slice); }
  friend bool operator==(const CountView& a, const CountView& b) {
    return a.budgeting == b.budgeting && a.exclusions == b.exclusions;
  }
};

// Events of [begin, end) that are not excluded.
absl::StatusOr<SliCounts> SumOfEvents(const CountView& view, const RangeReader& reader, Slice begin,
                                      Slice end);
absl::StatusOr<SliCounts> SumOfEvents(const CountView& view, HourlyReader& reader, Slice begin,
                                      Slice end);
// What the timeslices count for whose first slice lies in [begin, end). Reads each hour once.
absl::StatusOr<SliCounts> SumOfTimeslices(const CountView& view, const RangeReader& reader,
                                          Slice begin, Slice end);

// A sum that is kept up to date.
class ViewedWindow {
 public:
  ViewedWindow(CountView view, Window window);

  const CountView& view() const { return view_; }
  const Window& window() const { return window_; }
  // "30d", "month Europe/Paris; timeslices 1m 95000000e-8": the identity of the sum. A checkpoint
  // keeps it under this.
  const std::string& key() const { return key_; }
  // The sum at `through`, read anew. Timeslices count once they are over, from the first whole one.
  absl::StatusOr<SliCounts> Read(const RangeReader& reader, Slice through) const;
  friend bool operator==(const ViewedWindow& a, const ViewedWindow& b) { return a.key_ == b.key_; }

 private:
  CountView view_;
  Window window_;
  std::string key_;
};
using WindowSet = std::vector<ViewedWindow>;

}  // namespace slowburn::slo
