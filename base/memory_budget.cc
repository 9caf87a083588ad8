#include "base/memory_budget.h"

namespace slowburn::base {

bool MemoryBudget::TryTake(uint64_t bytes) {
  uint64_t used = used_.load(std::memory_order_relaxed);
  do {
    if (bytes > bytes_max_ || used > bytes_max_ - bytes) {
      refusals_.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
  } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

bool MemoryLease::GrowTo(uint64_t bytes) {
  if (bytes <= bytes_) return true;
  if (budget_ != nullptr && !budget_->TryTake(bytes - bytes_)) return false;
  bytes_ = bytes;
  return true;
}

void MemoryLease::ShrinkTo(uint64_t bytes) {
  if (bytes >= bytes_) return;
  if (budget_ != nullptr) budget_->Give(bytes_ - bytes);
  bytes_ = bytes;
}

}  // namespace slowburn::base
