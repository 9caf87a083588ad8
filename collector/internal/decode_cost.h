// collector/internal/decode_cost.h: how much memory a decoded request may take.
//
// Room     collector/internal
// Uses     standard library
// Threads  one owner
// Units    bytes
// Source   faults 26
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <vector>

namespace slowburn::collector {

// A batch would cost more than its body may. Thrown; the public functions of the room catch it.
class CostExceeded : public std::exception {};

// At most kPerByteMax x the body, or kFloor for small bodies, whatever the bytes are.
class DecodeCost {
 public:
  static constexpr size_t kPerByteMax = 4;
  static constexpr size_t kFloor = 16 << 20;

  explicit DecodeCost(size_t body_bytes) : left_(std::max(kFloor, kPerByteMax * body_bytes)) {}

  void Charge(size_t bytes) {
    if (bytes > left_) throw CostExceeded();
    left_ -= bytes;
  }
  size_t left() const { return left_; }

 private:
  size_t left_;
};

// A vector of a batch while a request is decoded into it. Charges the room for its elements, also
// that which is not used yet, before it takes it: the memory of a new batch is what was charged. A
// used batch may have the room already; it is charged all the same, so that whether a request is
// too costly does not depend on those before it.
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

  T* end() { return values_.data() + values_.size(); }

  // Doubles what is small, then takes a fifth more, and less where little is left.
  size_t Step() const {
    const size_t size = values_.size();
    if (size < kSmall) return std::max<size_t>(size, 8);
    return std::max(size / 64, std::min(size / 5, cost_.left() / sizeof(T) / 2));
  }

  [[gnu::noinline]] void Pay(size_t count) {
    const size_t affordable = cost_.left() / sizeof(T);
    const auto paid = static_cast<size_t>(paid_end_ - values_.data());
    const size_t wanted = values_.size() + count - paid;
    if (wanted > affordable) throw CostExceeded();
    const size_t more = std::min(std::max(wanted, Step()), affordable);
    cost_.Charge(more * sizeof(T));
    values_.reserve(paid + more);
    paid_end_ = values_.data() + paid + more;
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
