#include "app/number_ranges.h"

#include <iterator>

namespace slowburn::app {

bool NumberRanges::Add(uint64_t number) {
  const auto after = ranges_.upper_bound(number);
  const auto before = after == ranges_.begin() ? ranges_.end() : std::prev(after);
  if (before != ranges_.end() && number <= before->second) return false;
  ++count_;
  const bool meets_before = before != ranges_.end() && before->second + 1 == number;
  const bool meets_after = after != ranges_.end() && number + 1 == after->first;
  const uint64_t last = meets_after ? after->second : number;
  if (meets_after) ranges_.erase(after);
  if (meets_before) {
    before->second = last;
  } else {
    ranges_.emplace(number, last);
  }
  return true;
}

bool NumberRanges::Contains(uint64_t number) const {
  const auto after = ranges_.upper_bound(number);
  return after != ranges_.begin() && number <= std::prev(after)->second;
}

}  // namespace slowburn::app
