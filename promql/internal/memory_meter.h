// promql/internal/memory_meter.h: how much a query holds, and that it is not too much.
//
// Room     promql/internal
// Uses     standard library
// Threads  a meter is thread-safe; a charge is one thread's
// Units    bytes; samples as Prometheus weighs them (sample_count.h)
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

  absl::Status Take(uint64_t bytes, uint64_t samples = 0) {
    const uint64_t held = held_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
    if (held <= bytes_max_) {
      samples_.fetch_add(samples, std::memory_order_relaxed);
      NotePassing(0);
      return absl::OkStatus();
    }
    held_.fetch_sub(bytes, std::memory_order_relaxed);
    return absl::ResourceExhaustedError(fmt::format(
        "query processing would load too many samples into memory in query execution: more than "
        "{} bytes; select fewer series or a larger step",
        bytes_max_));
  }
  // Of what is held already, whatever the limit: the next Take fails if that was too much.
  void Force(uint64_t bytes) { held_.fetch_add(bytes, std::memory_order_relaxed); }
  void Give(uint64_t bytes, uint64_t samples = 0) {
    held_.fetch_sub(bytes, std::memory_order_relaxed);
    samples_.fetch_sub(samples, std::memory_order_relaxed);
  }
  // Of samples that are held besides those taken, for a moment.
  void NotePassing(uint64_t samples) {
    const uint64_t now = samples_.load(std::memory_order_relaxed) + samples;
    uint64_t peak = samples_peak_.load(std::memory_order_relaxed);
    while (peak < now &&
           !samples_peak_.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
    }
  }
  // The most that were held at one time.
  uint64_t samples_peak() const { return samples_peak_.load(std::memory_order_relaxed); }

 private:
  const uint64_t bytes_max_;
  std::atomic<uint64_t> held_ = 0;
  std::atomic<uint64_t> samples_ = 0;
  std::atomic<uint64_t> samples_peak_ = 0;
};

// Gives back what it took when it goes.
class MemoryCharge {
 public:
  explicit MemoryCharge(MemoryMeter& meter) : meter_(&meter) {}
  ~MemoryCharge() { meter_->Give(bytes_, samples_); }
  MemoryCharge(MemoryCharge&& other) noexcept
      : meter_(other.meter_),
        bytes_(std::exchange(other.bytes_, 0)),
        samples_(std::exchange(other.samples_, 0)) {}
  MemoryCharge& operator=(MemoryCharge&& other) noexcept {
    std::swap(meter_, other.meter_);
    std::swap(bytes_, other.bytes_);
    std::swap(samples_, other.samples_);
    return *this;
  }

  absl::Status Add(uint64_t bytes, uint64_t samples = 0) {
    absl::Status status = meter_->Take(bytes, samples);
    if (!status.ok()) return status;
    bytes_ += bytes;
    samples_ += samples;
    return status;
  }

 private:
  MemoryMeter* meter_;
  uint64_t bytes_ = 0;
  uint64_t samples_ = 0;
};

}  // namespace slowburn::promql
