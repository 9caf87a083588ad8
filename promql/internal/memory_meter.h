// promql/internal/memory_meter.h: how many bytes a query holds, and that they are not too many.
//
// Room     promql/internal
// Uses     standard library
// Threads  a meter is thread-safe; a charge is one thread's
// Units    bytes
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include <absl/status/status.h>
#include <fmt/format.h>

namespace slowburn::promql {

class MemoryMeter {
 public:
  explicit MemoryMeter(uint64_t bytes_max) : bytes_max_(bytes_max) {}

  absl::Status Take(uint64_t bytes) {
    const uint64_t held = held_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
    if (held <= bytes_max_) return absl::OkStatus();
    held_.fetch_sub(bytes, std::memory_order_relaxed);
    return absl::ResourceExhaustedError(fmt::format(
        "query processing would load too many samples into memory in query execution: more than "
        "{} bytes; select fewer series or a larger step",
        bytes_max_));
  }
  // Of what is held already, whatever the limit: the next Take fails if that was too much.
  void Force(uint64_t bytes) { held_.fetch_add(bytes, std::memory_order_relaxed); }
  void Give(uint64_t bytes) { held_.fetch_sub(bytes, std::memory_order_relaxed); }

 private:
  const uint64_t bytes_max_;
  std::atomic<uint64_t> held_ = 0;
};

// Gives back what it took when it goes.
class MemoryCharge {
 public:
  explicit MemoryCharge(MemoryMeter& meter) : meter_(&meter) {}
  ~MemoryCharge() { meter_->Give(bytes_); }
  MemoryCharge(MemoryCharge&& other) noexcept
      : meter_(other.meter_), bytes_(std::exchange(other.bytes_, 0)) {}
  MemoryCharge& operator=(MemoryCharge&& other) noexcept {
    std::swap(meter_, other.meter_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }

  absl::Status Add(uint64_t bytes) {
    absl::Status status = meter_->Take(bytes);
    if (status.ok()) bytes_ += bytes;
    return status;
  }

 private:
  MemoryMeter* meter_;
  uint64_t bytes_ = 0;
};

}  // namespace slowburn::promql
