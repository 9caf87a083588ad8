// storage/series/head.h: the living series: by id, by what writers call them, and by their labels.
//
// Room     storage/series
// Uses     storage/series, Abseil
// Threads  not locked: its owner lets one writer change it alone, or many readers read it
// Units    epochs count snapshots
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "storage/series/head_series.h"
#include "storage/series/internal/prefetch.h"
#include "storage/series/internal/slot_set.h"

namespace slowburn::storage {

class Head {
 public:
  static constexpr uint32_t kNoSlot = 0xffffffff;
  using Values = std::map<std::string, internal::SlotSet, std::less<>>;

  // --- series
  HeadSeries* FindById(uint64_t id) const;
  HeadSeries* FindByKey(const SeriesKey& key) const;
  // Of a key of labels. `slot` is where the series was last, or kNoSlot, and then where it is: as
  // long as that is right nothing is looked up.
  HeadSeries* FindByKey(const SeriesKey& key, uint32_t& slot) const {
    HeadSeries* const last = FindBySlot(slot);
    if (last != nullptr && last->key == key) return last;
    HeadSeries* const found = FindByKey(key);
    slot = found == nullptr ? kNoSlot : found->slot;
    return found;
  }
  HeadSeries* FindBySlot(uint32_t slot) const {
    return slot < slots_.size() ? slots_[slot].get() : nullptr;
  }
  // Brings what a sample needs of the series that was in this slot last into the processor's
  // caches.
  void Prefetch(uint32_t slot) const {
    if (const HeadSeries* series = FindBySlot(slot)) {
      internal::Prefetch<HeadSeries::kHotBytes>(series);
    }
  }
  // Brings what FindByKey and a sample of each of them need into the processor's caches, so that
  // looking one after the other up does not wait for memory each time.
  void Warm(std::span<const SeriesKey> keys) const;
  HeadSeries& Add(std::unique_ptr<HeadSeries> series);
  // From now on `key` means the series too, up to a few keys each.
  void AddKey(const SeriesKey& key, const HeadSeries& series);
  // No live snapshot may need it: CanRemove.
  void Remove(HeadSeries& series);
  bool CanRemove(const HeadSeries& series) const {
    return live_.empty() || *live_.begin() >= series.data->epoch;
  }
  size_t size() const { return by_id_.size(); }
  // Of all series, packed.
  uint64_t label_bytes() const { return label_bytes_; }
  // One past the greatest slot that was ever used.
  uint32_t slots() const { return static_cast<uint32_t>(slots_.size()); }

  // --- labels
  const Values* FindLabel(std::string_view name) const;
  const std::map<std::string, Values, std::less<>>& labels() const { return labels_; }

  // --- versions
  // What the writer may change: a copy, if a live snapshot sees the present version.
  SeriesData& Change(HeadSeries& series);
  uint64_t TakeSnapshot();
  void Release(uint64_t snapshot);
  // What the snapshot sees of a series; null: the series came later. Never changes while the
  // snapshot lives.
  static std::shared_ptr<const SeriesData> Version(const HeadSeries& series, uint64_t snapshot);

 private:
  static constexpr size_t kKeysMax = 4;  // of one series, beside its labels' own

  void ForgetOlder(HeadSeries& series);

  std::vector<std::unique_ptr<HeadSeries>> slots_;
  std::vector<uint32_t> free_slots_;
  absl::flat_hash_map<uint64_t, uint32_t> by_id_;
  absl::flat_hash_map<SeriesKey, uint32_t> by_key_;
  absl::flat_hash_map<uint32_t, std::vector<SeriesKey>> other_keys_;  // of a slot
  std::map<std::string, Values, std::less<>> labels_;
  uint64_t label_bytes_ = 0;

  uint64_t epoch_ = 1;                // what is changed now gets it
  std::multiset<uint64_t> live_;      // epochs that snapshots see
  std::vector<uint32_t> with_older_;  // slots of series that may have older versions
};

}  // namespace slowburn::storage
