// storage/series/internal/slot_set.h: a set of small numbers that is mostly tiny and sometimes
// huge.
//
// Room     storage/series, internal
// Uses     CRoaring
// Threads  one writer; concurrent reads are safe
// Units    slots of the head
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include <roaring/roaring64map.hh>

namespace slowburn::storage::internal {

// The sets of 64-bit ids and of slots that queries compute with.
using IdSet = Roaring64Map;

// Most values of labels (pod, instance) belong to a few series: a bitmap of its own for each would
// be 200 bytes, so up to kListMax numbers are a sorted list.
class SlotSet {
 public:
  void Add(uint32_t slot) {
    if (bitmap_ != nullptr) return bitmap_->add(slot);
    const auto at = std::lower_bound(list_.begin(), list_.end(), slot);
    if (at != list_.end() && *at == slot) return;
    if (list_.size() < kListMax) {
      list_.insert(at, slot);
      return;
    }
    bitmap_ = std::make_unique<Roaring>(list_.size(), list_.data());
    bitmap_->add(slot);
    list_ = {};
  }
  void Remove(uint32_t slot) {
    if (bitmap_ != nullptr) return bitmap_->remove(slot);
    const auto at = std::lower_bound(list_.begin(), list_.end(), slot);
    if (at != list_.end() && *at == slot) list_.erase(at);
  }
  bool empty() const { return bitmap_ == nullptr ? list_.empty() : bitmap_->isEmpty(); }
  uint64_t size() const { return bitmap_ == nullptr ? list_.size() : bitmap_->cardinality(); }

  void AddTo(IdSet& set) const {
    Visit([&](uint32_t slot) {
      set.add(slot);
      return true;
    });
  }
  // Until `visit` returns false.
  template <typename Fn>
  void Visit(Fn&& visit) const {
    if (bitmap_ == nullptr) {
      for (const uint32_t slot : list_) {
        if (!visit(slot)) return;
      }
      return;
    }
    for (const uint32_t slot : *bitmap_) {
      if (!visit(slot)) return;
    }
  }

 private:
  static constexpr size_t kListMax = 32;
  std::vector<uint32_t> list_;
  std::unique_ptr<Roaring> bitmap_;  // then the list is empty
};

}  // namespace slowburn::storage::internal
