// collector/internal/decode_cost.h: how much memory a decoded request may take.
//
// Room     collector/internal
// Uses     base/
// Threads  one owner
// Units    bytes
// Source   faults 26
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <new>
#include <vector>

#include "base/memory_budget.h"

namespace slowburn::collector {

// A batch would cost more than its body may. Thrown; the public functions of the room catch it.
class CostExceeded : public std::exception {};
// The server has not that much left just now. Thrown and caught likewise.
class MemoryRefused : public std::exception {};

// At most 16 MiB and 2.5 x the body, whatever the bytes are: a body of the largest size that is
// taken by default, 64 MiB, costs 3.75 x its size in all. Never more than the whole budget that
// pays for it.
class DecodeCost {
 public:
  static constexpr size_t BytesMax(size_t body_bytes) {
    return (16 << 20) + body_bytes * 2 + body_bytes / 2;
  }

  // `lease` pays, and must outlive it; null: nobody does.
  DecodeCost(size_t body_bytes, base::MemoryLease* lease) : lease_(lease) {
    left_ = BytesMax(body_bytes);
    if (lease != nullptr) left_ = std::min<uint64_t>(left_, lease->bytes_max());
  }

  void Charge(size_t bytes) {
    if (bytes > left_) throw CostExceeded();
    left_ -= bytes;
    if (lease_ != nullptr) Pay(bytes);
  }
  size_t left() const { return left_; }

 private:
  // Of the lease at once, so that what is small asks the shared budget once.
  static constexpr size_t kStep = 256 << 10;

  void Pay(size_t bytes) {
    if (bytes > paid_ahead_) {
      const size_t missing = bytes - paid_ahead_;
      const size_t more = std::max(missing, kStep);
      if (lease_->GrowBy(more)) {
        paid_ahead_ += more;
      } else if (lease_->GrowBy(missing)) {
        paid_ahead_ = bytes;
      } else {
        throw MemoryRefused();
      }
    }
    paid_ahead_ -= bytes;
  }

  base::MemoryLease* const lease_;
  size_t left_;
  size_t paid_ahead_ = 0;
};

// A vector of a batch while a request is decoded into it. Charges the room for its elements before
// it writes there: the memory of a new batch is what was charged. A used batch may have the room
// already; it is charged all the same, so that whether a request is too costly does not depend on
// those before it.
//
// A large vector reserves all that its request can still pay for, and is not copied any more: what
// is not written to yet is addresses, not memory.
template <typename T>
class PaidVector {
 public:
  // Both outlive it; the vector is empty.
  PaidVector(std::vector<T>& values, DecodeCost& cost)
      : values_(values), cost_(cost), paid_end_(values.data()) {}

  uint32_t size() const { return static_cast<uint32_t>(values_.size()); }
  T& operator[](uint32_t index) { return values_[index]; }
  T& back() { return values_.back(); }

  T& Append() {
    if (end() == paid_end_) Pay(1);
    return values_.emplace_back();
  }
  void Append(const T& value) {
    if (end() == paid_end_) Pay(1);
    values_.push_back(value);
  }
  // `count` more; where the first of them is.
  T* AppendMany(size_t count) {
    if (count > static_cast<size_t>(paid_end_ - end())) Pay(count);
    values_.resize(values_.size() + count);
    return end() - count;
  }

  // Makes `range` ([begin, end) of this vector) end where the vector does, so that it can go on:
  // moves its elements there if others came after them.
  template <typename Range>
  void Reopen(Range& range) {
    if (range.begin == range.end) {
      range = {size(), size()};
    } else if (range.end != size()) {
      MoveToEnd(range);
    }
  }

  // What is dropped stays paid for.
  void DropFrom(uint32_t size) {
    values_.erase(values_.begin() + static_cast<ptrdiff_t>(size), values_.end());
  }

 private:
  static constexpr size_t kSmall = (16 << 10) / sizeof(T);
  static constexpr size_t kLarge = (1 << 20) / sizeof(T);

  T* end() { return values_.data() + values_.size(); }

  // Doubles what is small, then takes a fifth more, and little where that needs no copy.
  size_t Step() const {
    const size_t size = values_.size();
    if (size < kSmall) return std::max<size_t>(size, 8);
    return size < kLarge ? size / 5 : kSmall;
  }

  [[gnu::noinline]] void Pay(size_t count) {
    const size_t affordable = cost_.left() / sizeof(T);
    const auto paid = static_cast<size_t>(paid_end_ - values_.data());
    const size_t wanted = values_.size() + count - paid;
    if (wanted > affordable) throw CostExceeded();
    const size_t more = std::min(std::max(wanted, Step()), affordable);
    Reserve(paid + more, paid + affordable);
    cost_.Charge(more * sizeof(T));
    paid_end_ = values_.data() + paid + more;
  }

  void Reserve(size_t room, size_t most) {
    if (room <= values_.capacity()) return;
    if (room > kLarge) {
      try {
        return values_.reserve(most);
      } catch (const std::bad_alloc&) {  // The kernel was told not to give addresses on trust.
      }
    }
    values_.reserve(std::max(room, std::min(most, room + room / 5)));
  }

  // Charged each time, over and above the room: what is dropped could be moved again and again.
  template <typename Range>
  [[gnu::noinline]] void MoveToEnd(Range& range) {
    const uint32_t count = range.end - range.begin;
    cost_.Charge(count * sizeof(T));
    const uint32_t moved = size();
    T* const to = AppendMany(count);
    std::copy_n(values_.data() + range.begin, count, to);
    range = {moved, moved + count};
  }

  std::vector<T>& values_;
  DecodeCost& cost_;
  T* paid_end_;  // of the room that is paid for
};

}  // namespace slowburn::collector
