// collector/internal/write_parts.h: what the series of a remote write are made of, the same in both
// of its versions: samples, histograms, exemplars.
//
// Room     collector/internal
// Uses     base/, model/, collector/internal
// Threads  one owner
// Units    unix milliseconds
// Source   prompb types.proto; io/prometheus/write/v2/types.proto
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <absl/functional/function_ref.h>
#include <absl/status/status.h>

#include "base/memory_budget.h"
#include "collector/internal/decode_cost.h"
#include "collector/internal/wire_reader.h"
#include "model/series_batch.h"

namespace slowburn::collector {

// Appends to a batch what it has paid for. What is broken throws, as the classes it is made of do.
class WriteParts {
 public:
  WriteParts(std::string_view body, model::SeriesBatch& batch, base::MemoryLease* lease)
      : cost_(body.size(), lease),
        batch_(batch),
        series_(batch.series, cost_),
        samples_(batch.samples, cost_),
        exemplars_(batch.exemplars, cost_),
        metadata_(batch.metadata, cost_) {}

  // What is added until the end of a series is its own.
  void BeginSeries(std::string_view message) { series_.Append().message = message; }
  void EndSeries(uint64_t labels_hash_high, uint64_t labels_hash_low);

  // Each from its message. 2.0's start timestamps are skipped: we store none.
  void AddSample(std::string_view message);
  void AddHistogram(std::string_view message);
  void AddExemplar(std::string_view message);
  model::SeriesBatch::Metadata& AddMetadata() { return metadata_.Append(); }
  uint32_t metadata_size() const { return metadata_.size(); }

  DecodeCost& cost() { return cost_; }

 private:
  DecodeCost cost_;
  model::SeriesBatch& batch_;
  PaidVector<model::SeriesBatch::Series> series_;
  PaidVector<model::Sample> samples_;
  PaidVector<model::SeriesBatch::Exemplar> exemplars_;
  PaidVector<model::SeriesBatch::Metadata> metadata_;
};

// "counter" for 1, ...: both versions have the same numbers.
std::string_view MetricTypeName(uint64_t type);

// Runs `decode`, which fills `batch` from `body`, and says how it went: as the decoders of the room
// do. `batch` is empty unless that is OK.
absl::Status DecodeWrite(std::string_view body, std::string_view message_name,
                         model::SeriesBatch& batch, absl::FunctionRef<absl::Status()> decode);

}  // namespace slowburn::collector
