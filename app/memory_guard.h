// app/memory_guard.h: keeps the process under its memory limit by refusing work in time.
//
// Room     app
// Uses     base/, prometheus-cpp
// Threads  Look by one thread; overloaded from any
// Units    bytes
// Source   DESIGN section 7, limits.memory_bytes; faults 37
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>

#include <prometheus/gauge.h>
#include <prometheus/registry.h>

namespace slowburn::app {

// The budgets count what is asked of them; this looks at what the kernel says the process holds.
// From eight tenths of the limit on, freed memory goes back to the kernel and queries are refused;
// from nine tenths on what is sent is refused too (503, UNAVAILABLE), until it holds less than
// eight. So nobody's dashboard costs what an application has to say.
class MemoryGuard {
 public:
  using ReadResident = std::function<uint64_t()>;
  // Metrics: slowburn_app_memory_{resident,limit}_bytes. The registry must outlive it.
  MemoryGuard(uint64_t bytes_max, ReadResident read_resident, prometheus::Registry& registry);

  // Several times a second.
  void Look();
  // Empty, or why nothing is taken now.
  std::string_view overloaded() const {
    return is_full_.load(std::memory_order_relaxed) ? "the server is at its memory limit" : "";
  }
  // The same for queries.
  std::string_view short_for_queries() const {
    return is_high_.load(std::memory_order_relaxed) ? "the server is short of memory" : "";
  }

 private:
  const uint64_t bytes_max_;
  const ReadResident read_resident_;
  prometheus::Gauge& resident_;
  std::atomic<bool> is_full_{false};
  std::atomic<bool> is_high_{false};
};

// From /proc/self/statm; 0 where it cannot be read.
uint64_t ResidentBytes();

}  // namespace slowburn::app
