#include "model/signal_batch.h"

#include <algorithm>

namespace slowburn::model {

void SignalBatch::ClearEnvelopes() {
  resources.clear();
  scopes.clear();
  attributes.clear();
  rejected.clear();
  has_item_without_time = false;
  bytes.Clear();
}

void SignalBatch::SortRejected() {
  std::sort(rejected.begin(), rejected.end(),
            [](const RejectedItem& a, const RejectedItem& b) { return a.ordinal < b.ordinal; });
}

size_t SignalBatch::EnvelopeMemory() const {
  return resources.capacity() * sizeof(ResourceEntry) + scopes.capacity() * sizeof(ScopeEntry) +
         attributes.capacity() * sizeof(SlotValue) + rejected.capacity() * sizeof(RejectedItem) +
         bytes.memory_bytes();
}

}  // namespace slowburn::model
