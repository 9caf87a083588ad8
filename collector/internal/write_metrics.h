// collector/internal/write_metrics.h: what the receiver of remote write counts.
//
// Room     collector/internal
// Uses     prometheus-cpp, collector/
// Threads  thread-safe
// Units    bytes as they came over the wire; samples and histograms
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include "collector/internal/request_metrics.h"
#include "collector/series_sink.h"

namespace slowburn::collector {

enum class WriteVersion : uint8_t { k1, k2 };

// 2.0 is told that all is written only where all is. For 1.0 exemplars are an extra.
inline bool IsAllWritten(WriteVersion version, const SeriesAnswer& answer) {
  return answer.refused == 0 && (version == WriteVersion::k1 || answer.exemplars_refused == 0);
}

// slowburn_collector_remote_write_requests_total{version,outcome}, ..._request_bytes_total{version}
// and ..._samples_total{version,outcome}. What was decoded is what was accepted, refused and
// unavailable; the last comes again. Requests whose message is of no version have the version
// "none".
class WriteMetrics {
 public:
  // The registry must outlive this.
  explicit WriteMetrics(prometheus::Registry& registry);

  void CountBytes(WriteVersion version, size_t bytes) {
    of(version).bytes->Increment(static_cast<double>(bytes));
  }
  // A request that ended without a sink.
  void Count(WriteVersion version, RequestOutcome outcome) {
    of(version).requests[static_cast<size_t>(outcome)]->Increment();
  }
  // One whose message is of no version.
  void CountUnknown(RequestOutcome outcome) { unknown_[static_cast<size_t>(outcome)]->Increment(); }
  // One that brought `samples` samples and histograms.
  void Count(WriteVersion version, uint64_t samples, const SeriesAnswer& answer);

 private:
  static constexpr size_t kOutcomes = 4;
  using Requests = std::array<prometheus::Counter*, kOutcomes>;
  struct OfVersion {
    Requests requests;
    prometheus::Counter* bytes;
    prometheus::Counter* accepted;
    prometheus::Counter* refused;
    prometheus::Counter* unavailable;
  };
  OfVersion& of(WriteVersion version) { return versions_[static_cast<size_t>(version)]; }

  std::array<OfVersion, 2> versions_;
  Requests unknown_;
};

}  // namespace slowburn::collector
