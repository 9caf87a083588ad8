// app/otlp_series.h: OTLP metrics as Prometheus' series: what a batch of points brings to the
// store.
//
// Room     app
// Uses     app/, base/, model/
// Threads  thread-safe
// Units    unix milliseconds, cut off from nanoseconds
// Source   OpenTelemetry specification, "Prometheus and OpenMetrics Compatibility"; docs/otlp.md
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

#include <absl/status/statusor.h>

#include "app/metric_type_claims.h"
#include "app/otlp_series_write.h"
#include "app/series_identity_cache.h"
#include "base/memory_budget.h"
#include "model/metric_batch.h"

namespace slowburn::app {

// A point of a known stream costs one lookup here, and one in the plan for each of its series: no
// label is made. What is new has its labels made once.
class OtlpSeries {
 public:
  explicit OtlpSeries(SeriesIdentityCache::Options options = {});

  // Of all accepted points. Nothing of it is a view into the batch. `lease` pays for it;
  // kUnavailable: memory is short.
  absl::StatusOr<std::unique_ptr<SeriesWrite>> Read(const model::MetricBatch& batch,
                                                    std::chrono::steady_clock::time_point now,
                                                    base::MemoryLease& lease);

  // Since the process began.
  struct Counts {
    uint64_t identities_made = 0;  // streams that were new, or had left the cache
    uint64_t attributes_dropped = 0;
    size_t identities = 0;  // now
    size_t identity_bytes = 0;
  };
  Counts counts() const;

 private:
  class Reader;

  // shared: identities are held by writes that outlive this.
  const std::shared_ptr<MetricTypeClaims> claims_ = std::make_shared<MetricTypeClaims>();
  std::shared_ptr<const MetricFamily> info_;  // of target_info
  // Of resources that have none.
  const std::shared_ptr<const MetricFamily> no_info_ = std::make_shared<const MetricFamily>();
  SeriesIdentityCache cache_;
  std::atomic<uint64_t> identities_made_{0};
  std::atomic<uint64_t> attributes_dropped_{0};
};

}  // namespace slowburn::app
