#include "app/internal/stream_index.h"

#include <absl/hash/hash.h>

namespace slowburn::app::internal {
namespace {

constexpr size_t kSlotsMin = 64;

// With the seed of the process: who chooses attributes must not choose slots.
size_t HashOf(const model::StreamHash& key) { return absl::Hash<model::StreamHash>()(key); }

}  // namespace

StreamIndex::Slot& StreamIndex::Table::At(const model::StreamHash& key) const {
  for (size_t at = HashOf(key);; ++at) {
    Slot& slot = slots[at & mask];
    if (slot.identity.load(std::memory_order_acquire) == nullptr) return slot;
    if (slot.high.load(std::memory_order_relaxed) == key.high &&
        slot.low.load(std::memory_order_relaxed) == key.low) {
      return slot;
    }
  }
}

StreamIndex::StreamIndex() {
  Add(kSlotsMin);
  table_.store(tables_.back().get(), std::memory_order_release);
}

void StreamIndex::Add(size_t size) {
  memory_bytes_ += size * sizeof(Slot) + sizeof(Table);
  tables_.push_back(std::make_unique<const Table>(size));
}

const SeriesIdentity* StreamIndex::Find(const model::StreamHash& key) const {
  const Table& table = *table_.load(std::memory_order_acquire);
  return table.At(key).identity.load(std::memory_order_acquire);
}

void StreamIndex::Prefetch(const model::StreamHash& key) const {
  const Table& table = *table_.load(std::memory_order_acquire);
  const Slot* slot = &table.slots[HashOf(key) & table.mask];
  __builtin_prefetch(slot);
  __builtin_prefetch(&slot->identity);  // a slot may lie on two lines
}

void StreamIndex::Put(const model::StreamHash& key, const SeriesIdentity* identity) {
  const auto set = [](Slot& slot, uint64_t high, uint64_t low, const SeriesIdentity* value) {
    slot.high.store(high, std::memory_order_relaxed);
    slot.low.store(low, std::memory_order_relaxed);
    slot.identity.store(value, std::memory_order_release);
  };
  Slot& known = tables_.back()->At(key);
  if (known.identity.load(std::memory_order_relaxed) != nullptr) {
    known.identity.store(identity, std::memory_order_release);
    return;
  }
  if (!is_full()) {
    set(known, key.high, key.low, identity);
  } else {
    const Table& from = *tables_.back();
    Add((from.mask + 1) * 2);
    const Table& to = *tables_.back();
    for (size_t i = 0; i <= from.mask; ++i) {
      const Slot& slot = from.slots[i];
      const SeriesIdentity* const value = slot.identity.load(std::memory_order_relaxed);
      if (value == nullptr) continue;
      const model::StreamHash of{slot.high.load(std::memory_order_relaxed),
                                 slot.low.load(std::memory_order_relaxed)};
      set(to.At(of), of.high, of.low, value);
    }
    set(to.At(key), key.high, key.low, identity);
    table_.store(&to, std::memory_order_release);
  }
  ++used_;
}

size_t StreamIndex::growth_bytes() const {
  return is_full() ? (tables_.back()->mask + 1) * 2 * sizeof(Slot) + sizeof(Table) : 0;
}

}  // namespace slowburn::app::internal
