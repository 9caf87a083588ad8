// net/internal/recent_map.h: a map that forgets its oldest entry when it is full.
//
// Room     net/internal
// Uses     Abseil
// Threads  one thread at a time
// Units    entries
#pragma once

#include <cstddef>
#include <deque>
#include <utility>

#include <absl/container/flat_hash_map.h>

namespace slowburn::net::internal {

template <typename Key, typename Value>
class RecentMap {
 public:
  explicit RecentMap(size_t entries_max) : entries_max_(entries_max) {}

  // Null where it is not known. Valid until the next Put or Clear.
  const Value* Find(const Key& key) const {
    const auto found = entries_.find(key);
    return found == entries_.end() ? nullptr : &found->second;
  }
  // Does not make a known key any newer.
  void Put(const Key& key, Value value) {
    const auto [entry, is_new] = entries_.insert_or_assign(key, std::move(value));
    if (!is_new) return;
    oldest_first_.push_back(key);
    if (entries_.size() <= entries_max_) return;
    entries_.erase(oldest_first_.front());
    oldest_first_.pop_front();
  }
  void Clear() {
    entries_.clear();
    oldest_first_.clear();
  }

 private:
  const size_t entries_max_;
  absl::flat_hash_map<Key, Value> entries_;
  std::deque<Key> oldest_first_;
};

}  // namespace slowburn::net::internal
