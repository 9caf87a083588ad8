// slo/window.h: a stretch of time that ends now: rolling (the last 30 d) or of the calendar (this
// month so far).
//
// Room     slo: pure
// Uses     slo/
// Threads  immutable values
// Units    slices; at slice `through` a window covers [BeginAt(through), through], the open slice
// with it
// Source   DESIGN section 4, "Budgeting", "Windows"
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "slo/calendar_grid.h"
#include "slo/slice.h"

namespace slowburn::slo {

class Window {
 public:
  // Whole slices.
  static Window Rolling(std::chrono::seconds length) { return Window(SlicesIn(length), nullptr); }
  static Window Calendar(std::shared_ptr<const CalendarGrid> grid) {
    const uint32_t nominal = SlicesIn(NominalLength(grid->period()));
    return Window(nominal, std::move(grid));
  }

  // Null for a rolling window.
  const CalendarGrid* calendar() const { return grid_.get(); }
  // The length; of a calendar window the one that burn rates are reckoned with: 1, 7, 30, 91 or
  // 365 d.
  uint32_t slices() const { return slices_; }
  std::chrono::seconds nominal() const { return slices_ * kSliceLength; }
  // No window of this kind is longer.
  std::chrono::seconds longest() const {
    return grid_ == nullptr ? nominal() : nominal() + std::chrono::hours(2 * 24);
  }

  Slice BeginAt(Slice through) const {
    if (grid_ != nullptr) return grid_->BeginOf(through);
    return through > slices_ ? through - slices_ : 0;
  }
  // "30d", "month Europe/Paris": the identity.
  std::string Text() const;

  friend bool operator==(const Window& a, const Window& b) {
    return a.grid_ == b.grid_ ? a.slices_ == b.slices_ : a.Text() == b.Text();
  }

 private:
  Window(uint32_t slices, std::shared_ptr<const CalendarGrid> grid)
      : slices_(slices), grid_(std::move(grid)) {}

  uint32_t slices_;
  // Shared by all SLOs of this calendar: it holds 130 years.
  std::shared_ptr<const CalendarGrid> grid_;
};

}  // namespace slowburn::slo
