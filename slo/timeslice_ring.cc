#include "slo/timeslice_ring.h"

#include <algorithm>
#include <utility>

#include "base/status.h"

namespace slowburn::slo {
namespace {

constexpr uint32_t kStepsMax = kSlicesPerHour;

uint32_t CapacityFor(uint32_t length, const std::vector<Window>& windows) {
  uint32_t longest = 0;
  for (const Window& window : windows) longest = std::max(longest, SlicesIn(window.longest()));
  return longest / length + 2;
}

}  // namespace

TimesliceRing::TimesliceRing(uint32_t timeslice, std::vector<Window> windows)
    : length_(timeslice),
      windows_(std::move(windows)),
      sums_(windows_.size()),
      capacity_(CapacityFor(timeslice, windows_)) {
  cells_.resize(capacity_ / 4 + 1);
}

TimesliceRing::Cell TimesliceRing::Get(uint32_t timeslice) const {
  const uint32_t at = timeslice % capacity_;
  return static_cast<Cell>(cells_[at / 4] >> (at % 4 * 2) & 3);
}

void TimesliceRing::Set(uint32_t timeslice, Cell cell) {
  const uint32_t at = timeslice % capacity_;
  const uint32_t shift = at % 4 * 2;
  cells_[at / 4] = static_cast<uint8_t>((cells_[at / 4] & ~(3u << shift)) |
                                        static_cast<uint32_t>(cell) << shift);
}

TimesliceRing::Range TimesliceRing::RangeOf(const Window& window, Slice through) const {
  const uint32_t begin = (window.BeginAt(through) + length_ - 1) / length_;
  return {begin, std::max(begin, through / length_)};
}

absl::StatusOr<TimesliceRing::Cell> TimesliceRing::Judge(uint32_t timeslice,
                                                         const Verdict& verdict) const {
  SB_ASSIGN_OR_RETURN(const std::optional<bool> good, verdict(timeslice * length_));
  if (!good.has_value()) return Cell::kEmpty;
  return *good ? Cell::kGood : Cell::kBad;
}

absl::Status TimesliceRing::Begin(Slice through, Slice first, const Verdict& verdict) {
  through_ = through;
  sums_.assign(windows_.size(), {});
  std::fill(cells_.begin(), cells_.end(), uint8_t{0});
  std::vector<uint32_t> begins;
  for (const Window& window : windows_) begins.push_back(RangeOf(window, through).begin);
  const uint32_t end = through / length_;
  const uint32_t begin = begins.empty() ? end : *std::min_element(begins.begin(), begins.end());
  for (uint32_t timeslice = std::max(begin, first / length_); timeslice < end; ++timeslice) {
    SB_ASSIGN_OR_RETURN(const Cell cell, Judge(timeslice, verdict));
    Set(timeslice, cell);
    for (size_t i = 0; i < windows_.size(); ++i) {
      if (timeslice >= begins[i]) sums_[i] += Worth(cell);
    }
  }
  return absl::OkStatus();
}

absl::Status TimesliceRing::Step(const Verdict& verdict) {
  const Slice next = through_ + 1;
  if (next % length_ == 0) {
    SB_ASSIGN_OR_RETURN(const Cell closed, Judge(next / length_ - 1, verdict));
    Set(next / length_ - 1, closed);
  }
  for (size_t i = 0; i < windows_.size(); ++i) {
    const Range before = RangeOf(windows_[i], through_);
    const Range after = RangeOf(windows_[i], next);
    for (uint32_t at = before.begin; at < std::min(before.end, after.begin); ++at)
      sums_[i] -= Worth(Get(at));
    for (uint32_t at = std::max(before.end, after.begin); at < after.end; ++at)
      sums_[i] += Worth(Get(at));
  }
  through_ = next;
  return absl::OkStatus();
}

absl::Status TimesliceRing::Advance(Slice to, Slice first, const Verdict& verdict) {
  if (to > through_ + kStepsMax) return Begin(to, first, verdict);
  while (through_ < to) SB_RETURN_IF_ERROR(Step(verdict));
  return absl::OkStatus();
}

absl::Status TimesliceRing::Recheck(Slice slice, const Verdict& verdict) {
  const uint32_t timeslice = slice / length_;
  if (timeslice >= through_ / length_ || timeslice + capacity_ <= through_ / length_)
    return absl::OkStatus();  // Open, or before all windows.
  SB_ASSIGN_OR_RETURN(const Cell cell, Judge(timeslice, verdict));
  const Cell before = Get(timeslice);
  if (cell == before) return absl::OkStatus();
  Set(timeslice, cell);
  for (size_t i = 0; i < windows_.size(); ++i) {
    if (timeslice < RangeOf(windows_[i], through_).begin) continue;
    sums_[i] -= Worth(before);
    sums_[i] += Worth(cell);
  }
  return absl::OkStatus();
}

}  // namespace slowburn::slo
