// collector/series_sink.h: where samples of series go that a remote write brings. The collector
// calls it and never knows who stands behind.
//
// Room     collector
// Uses     base/, collector/, model/
// Threads  every method is called from any server thread at once
// Units    counts of samples, histograms, exemplars
// Source   Prometheus remote write 1.0 and 2.0, responses
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <absl/functional/any_invocable.h>

#include "base/memory_budget.h"
#include "collector/ingest_sink.h"
#include "model/series_batch.h"

namespace slowburn::collector {

// A decoded request with the bytes that its views are into.
struct ReceivedSeries {
  std::string body;  // never moved again once `batch` is filled
  model::SeriesBatch batch;
  base::MemoryLease lease;  // for both
};

// What a client is told about a request that could be decoded.
struct SeriesAnswer {
  ExportAnswer::Outcome outcome = ExportAnswer::Outcome::kAccepted;
  // kAccepted: durable, or known before.
  uint64_t samples_written = 0;
  uint64_t histograms_written = 0;
  uint64_t exemplars_written = 0;
  // Refused for good, of samples and histograms; `message` says why the first one was, and how
  // many. Likewise of exemplars, of which 1.0 is not told.
  uint64_t refused = 0;
  uint64_t exemplars_refused = 0;
  std::string message;  // with something refused, or kUnavailable
  std::chrono::milliseconds retry_delay{1000};
};

// Called exactly once, from any thread.
using SeriesAnswerFn = absl::AnyInvocable<void(SeriesAnswer) &&>;

class SeriesSink {
 public:
  virtual ~SeriesSink() = default;
  virtual void Ingest(std::unique_ptr<ReceivedSeries> received, SeriesAnswerFn answer) const = 0;
  // Whether requests are taken now; if not, why, for the client. Asked before a body is
  // decompressed.
  virtual std::string_view overloaded() const = 0;
  // A request that was refused before it had samples.
  virtual void CountRefused(RequestRefusal reason) = 0;
};

}  // namespace slowburn::collector
