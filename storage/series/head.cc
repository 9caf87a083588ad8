// Snapshots cost nothing when they are taken: they get a number, the epoch. Whoever changes a
// series whose present version was made in an epoch that a live snapshot sees makes a copy first
// and changes that. So a series is copied at most once for a snapshot, and only if it changes while
// the snapshot lives.
#include "storage/series/head.h"

#include <algorithm>

#include <xxhash.h>

#include "storage/series/packed_labels.h"

namespace slowburn::storage {

SeriesKey KeyOfLabels(std::string_view packed_labels) {
  const XXH128_hash_t hash = XXH3_128bits(packed_labels.data(), packed_labels.size());
  return {hash.high64, hash.low64};
}

namespace {

// A table stays as large as it ever was: the few that are left would lie far apart in memory, and
// each look-up would wait for it.
template <typename Table>
void ShrinkIfSparse(Table& table) {
  constexpr size_t kSmall = 4096;
  if (table.capacity() > kSmall && table.size() < table.capacity() / 8) table.rehash(0);
}

}  // namespace

HeadSeries* Head::FindById(uint64_t id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : slots_[found->second].get();
}

HeadSeries* Head::FindByKey(const SeriesKey& key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : slots_[found->second].get();
}

void Head::Warm(std::span<const SeriesKey> keys) const {
  constexpr size_t kAhead = 8;  // as many as memory brings at once
  const HeadSeries* found[kAhead] = {};
  for (size_t i = 0; i < keys.size() + 2 * kAhead; ++i) {
    if (i < keys.size()) by_key_.prefetch(keys[i]);
    const HeadSeries*& place = found[i % kAhead];
    if (place != nullptr) internal::Prefetch<sizeof(SeriesData)>(place->data.get());
    place = nullptr;
    if (i >= kAhead && i - kAhead < keys.size()) place = FindByKey(keys[i - kAhead]);
    if (place != nullptr) internal::Prefetch<HeadSeries::kHotBytes>(place);
  }
}

HeadSeries& Head::Add(std::unique_ptr<HeadSeries> series) {
  uint32_t slot = slots();
  if (free_slots_.empty()) {
    slots_.push_back(nullptr);
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  series->slot = slot;
  series->created_epoch = epoch_;
  series->data->epoch = epoch_;
  label_bytes_ += series->packed_labels.size();
  by_id_[series->id] = slot;
  by_key_[series->key] = slot;
  VisitLabels(series->packed_labels, [&](std::string_view name, std::string_view value) {
    auto label = labels_.find(name);
    if (label == labels_.end()) label = labels_.emplace(std::string(name), Values()).first;
    auto set = label->second.find(value);
    if (set == label->second.end()) {
      set = label->second.emplace(std::string(value), internal::SlotSet()).first;
    }
    set->second.Add(slot);
  });
  slots_[slot] = std::move(series);
  return *slots_[slot];
}

void Head::AddKey(const SeriesKey& key, const HeadSeries& series) {
  if (by_key_.contains(key)) return;
  std::vector<SeriesKey>& keys = other_keys_[series.slot];
  if (keys.size() >= kKeysMax) {
    by_key_.erase(keys.front());
    keys.erase(keys.begin());
  }
  keys.push_back(key);
  by_key_[key] = series.slot;
}

void Head::Remove(HeadSeries& series) {
  const uint32_t slot = series.slot;
  VisitLabels(series.packed_labels, [&](std::string_view name, std::string_view value) {
    const auto label = labels_.find(name);
    if (label == labels_.end()) return;
    if (const auto set = label->second.find(value); set != label->second.end()) {
      set->second.Remove(slot);
      if (set->second.empty()) label->second.erase(set);
    }
    if (label->second.empty()) labels_.erase(label);
  });
  label_bytes_ -= series.packed_labels.size();
  by_id_.erase(series.id);
  by_key_.erase(series.key);
  if (const auto keys = other_keys_.find(slot); keys != other_keys_.end()) {
    for (const SeriesKey& key : keys->second) by_key_.erase(key);
    other_keys_.erase(keys);
  }
  slots_[slot] = nullptr;
  free_slots_.push_back(slot);
  ShrinkIfSparse(by_id_);
  ShrinkIfSparse(by_key_);
}

const Head::Values* Head::FindLabel(std::string_view name) const {
  const auto label = labels_.find(name);
  return label == labels_.end() ? nullptr : &label->second;
}

SeriesData& Head::Change(HeadSeries& series) {
  if (live_.empty() || *live_.rbegin() < series.data->epoch) {
    series.data->epoch = epoch_;
    return *series.data;
  }
  auto copy = std::make_shared<SeriesData>(*series.data);
  copy->epoch = epoch_;
  if (series.older.empty()) with_older_.push_back(series.slot);
  series.older.push_back(std::move(series.data));
  series.data = std::move(copy);
  ForgetOlder(series);
  return *series.data;
}

uint64_t Head::TakeSnapshot() {
  live_.insert(epoch_);
  return epoch_++;
}

void Head::Release(uint64_t snapshot) {
  const bool was_oldest = *live_.begin() == snapshot;
  live_.erase(live_.find(snapshot));
  if (!was_oldest) return;
  std::erase_if(with_older_, [&](uint32_t slot) {
    if (slots_[slot] == nullptr) return true;
    ForgetOlder(*slots_[slot]);
    return slots_[slot]->older.empty();
  });
}

// A version is seen by the snapshots from its epoch to before the next one's.
void Head::ForgetOlder(HeadSeries& series) {
  for (size_t i = series.older.size(); i-- > 0;) {
    const uint64_t next =
        i + 1 < series.older.size() ? series.older[i + 1]->epoch : series.data->epoch;
    const auto seen = live_.lower_bound(series.older[i]->epoch);
    if (seen == live_.end() || *seen >= next) {
      series.older.erase(series.older.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
}

std::shared_ptr<const SeriesData> Head::Version(const HeadSeries& series, uint64_t snapshot) {
  if (series.created_epoch > snapshot) return nullptr;
  if (series.data->epoch <= snapshot) return series.data;
  for (size_t i = series.older.size(); i-- > 0;) {
    if (series.older[i]->epoch <= snapshot) return series.older[i];
  }
  return nullptr;
}

}  // namespace slowburn::storage
