// slo/timeslice_ring.h: whether each timeslice of the past was good, and sums of it over windows:
// for budgets whose timeslices nobody keeps counts of.
//
// Room     slo
// Uses     slo/
// Threads  one thread at a time
// Units    slices; sums are timeslices
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include <absl/status/statusor.h>

#include "slo/slice.h"
#include "slo/window.h"

namespace slowburn::slo {

// Two bits a timeslice of the longest window: 11 KB for 30 d of minutes. Timeslices count once they
// are over, and while they lie whole in a window.
class TimesliceRing {
 public:
  // What the timeslice that begins at a slice is: good, bad, or without events.
  using Verdict = std::function<absl::StatusOr<std::optional<bool>>(Slice begin)>;

  // `timeslice` in slices; each window at least one timeslice.
  TimesliceRing(uint32_t timeslice, std::vector<Window> windows);

  // Reads the past of the longest window at `through`, from `first` on: nothing was counted before.
  absl::Status Begin(Slice through, Slice first, const Verdict& verdict);
  // Later: timeslices that have ended since join, those that left the windows go. A long jump
  // begins anew.
  absl::Status Advance(Slice to, Slice first, const Verdict& verdict);
  // Something was counted in `slice` after its timeslice was over.
  absl::Status Recheck(Slice slice, const Verdict& verdict);

  const SliCounts& sum(size_t window) const { return sums_[window]; }
  Slice through() const { return through_; }
  size_t memory_bytes() const { return cells_.capacity() + sums_.capacity() * sizeof(SliCounts); }

 private:
  enum class Cell : uint8_t { kEmpty, kGood, kBad };
  static SliCounts Worth(Cell cell) {
    return {.good = cell == Cell::kGood ? 1u : 0u, .bad = cell == Cell::kBad ? 1u : 0u};
  }
  Cell Get(uint32_t timeslice) const;
  void Set(uint32_t timeslice, Cell cell);
  // The timeslices [begin, end) of a window at `through`, as numbers since the epoch.
  struct Range {
    uint32_t begin;
    uint32_t end;
  };
  Range RangeOf(const Window& window, Slice through) const;
  absl::StatusOr<Cell> Judge(uint32_t timeslice, const Verdict& verdict) const;
  absl::Status Step(const Verdict& verdict);

  uint32_t length_;
  std::vector<Window> windows_;
  std::vector<SliCounts> sums_;
  std::vector<uint8_t> cells_;  // four timeslices a byte
  uint32_t capacity_;           // timeslices
  Slice through_ = 0;
};

}  // namespace slowburn::slo
