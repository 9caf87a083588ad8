// app/number_ranges.h: a set of numbers that mostly follow each other, as ranges: 0-99 101-200.
//
// Room     app
// Uses     standard library
// Threads  a value; one thread at a time
// Units    none
#pragma once

#include <cstdint>
#include <map>

namespace slowburn::app {

// Its memory follows the number of gaps, not of numbers.
class NumberRanges {
 public:
  // False when it was there already.
  bool Add(uint64_t number);
  bool Contains(uint64_t number) const;
  uint64_t count() const { return count_; }
  // First to last, both inside, in order; no two touch.
  const std::map<uint64_t, uint64_t>& ranges() const { return ranges_; }

 private:
  std::map<uint64_t, uint64_t> ranges_;
  uint64_t count_ = 0;
};

}  // namespace slowburn::app
