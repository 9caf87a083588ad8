// model/internal/reject_later.h: takes items out of a batch that has already been decoded.
//
// Room     model/internal
// Uses     model/
// Threads  pure functions
// Units    none
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "model/signal_batch.h"

namespace slowburn::model::internal {

// Moves the items of which `is_late` is true to `rejected` (kTooNew), closes the gaps and keeps the
// ranges of `owners` (ascending and adjoining) right. Whether there were any.
template <typename Owner, typename Item, typename IsLate>
bool RejectLater(std::vector<Owner>& owners, std::vector<Item>& items, uint32_t Owner::*begin,
                 uint32_t Owner::*end, const IsLate& is_late, std::vector<RejectedItem>& rejected) {
  if (std::none_of(items.begin(), items.end(), is_late)) return false;
  uint32_t kept = 0;
  for (Owner& owner : owners) {
    const uint32_t first = kept;
    for (uint32_t i = owner.*begin; i < owner.*end; ++i) {
      if (is_late(items[i])) {
        rejected.push_back({items[i].ordinal, Rejection::kTooNew});
      } else {
        items[kept++] = items[i];
      }
    }
    owner.*begin = first;
    owner.*end = kept;
  }
  items.resize(kept);
  return true;
}

}  // namespace slowburn::model::internal
