// base/memory_budget.h: how much memory requests may hold at once, and who holds it.
//
// Room     base
// Uses     standard library
// Threads  MemoryBudget is thread-safe; a MemoryLease has one owner
// Units    bytes
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace slowburn::base {

// A counter with a ceiling. Whoever is about to hold bytes for a request asks first; a refusal
// means "overloaded, come back", before any memory was spent.
class MemoryBudget {
 public:
  explicit MemoryBudget(uint64_t bytes_max) : bytes_max_(bytes_max) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  // All or nothing. A refusal is counted.
  bool TryTake(uint64_t bytes);
  void Give(uint64_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }

  uint64_t bytes_max() const { return bytes_max_; }
  uint64_t used() const { return used_.load(std::memory_order_relaxed); }
  uint64_t refusals() const { return refusals_.load(std::memory_order_relaxed); }

 private:
  const uint64_t bytes_max_;
  std::atomic<uint64_t> used_{0};
  std::atomic<uint64_t> refusals_{0};
};

// Bytes of a budget, given back at the end. One that was made without a budget grants everything.
// The budget must outlive it.
class MemoryLease {
 public:
  MemoryLease() = default;
  explicit MemoryLease(MemoryBudget* budget) : budget_(budget) {}
  MemoryLease(MemoryLease&& from) noexcept
      : budget_(std::exchange(from.budget_, nullptr)), bytes_(std::exchange(from.bytes_, 0)) {}
  MemoryLease& operator=(MemoryLease&& from) noexcept {
    std::swap(budget_, from.budget_);
    std::swap(bytes_, from.bytes_);
    return *this;
  }
  ~MemoryLease() { Release(); }

  // Holds at least `bytes` afterwards, or is unchanged and false.
  bool GrowTo(uint64_t bytes);
  bool GrowBy(uint64_t bytes) { return GrowTo(bytes_ + bytes); }
  // Holds at most `bytes` afterwards.
  void ShrinkTo(uint64_t bytes);
  void Release() { ShrinkTo(0); }

  uint64_t bytes() const { return bytes_; }
  // All that there is of its budget.
  uint64_t bytes_max() const { return budget_ != nullptr ? budget_->bytes_max() : UINT64_MAX; }
  // Of the same budget, and holds nothing yet.
  MemoryLease Another() const { return MemoryLease(budget_); }

 private:
  MemoryBudget* budget_ = nullptr;
  uint64_t bytes_ = 0;
};

}  // namespace slowburn::base
