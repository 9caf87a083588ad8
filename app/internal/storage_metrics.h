// app/internal/storage_metrics.h: what /metrics says of how the store fares.
//
// Room     app/internal
// Uses     storage/api, prometheus-cpp
// Threads  one thread at a time
// Units    as the metrics' names say
#pragma once

#include <array>

#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include "storage/api/store.h"

namespace slowburn::app::internal {

class StorageMetrics {
 public:
  // `registry` must outlive it.
  explicit StorageMetrics(prometheus::Registry& registry);
  // Each second, and not by the thread that writes: it may be waiting.
  void Show(const storage::StoreCondition& now);

 private:
  std::array<prometheus::Gauge*, 4> reserve_states_;  // in the order of StoreCondition::Reserve
  prometheus::Gauge &reserve_wanted_, &reserve_held_, &writes_stopped_, &delayed_writes_;
  prometheus::Family<prometheus::Gauge>& unmerged_files_;
};

}  // namespace slowburn::app::internal
