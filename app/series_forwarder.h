// app/series_forwarder.h: which of the samples that commits store go on to whom.
//
// Room     app
// Uses     forward/, model/, storage/series
// Threads  Route by the thread that commits; Totals by any
// Units    items: samples, histograms, exemplars
// Source   docs/remote_write.md
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "app/commit_step.h"
#include "forward/prometheus_remote_write.h"
#include "model/label_set.h"
#include "model/series_selector.h"
#include "storage/series/write_plan.h"

namespace slowburn::app {

// A series is asked once who takes it, and remembers the answer for as long as it lives: after that
// a sample costs a look at it, where nobody does.
class SeriesForwarder {
 public:
  struct Endpoint {
    std::unique_ptr<forward::PrometheusRemoteWrite> sender;
    std::vector<model::SeriesSelector> match;  // beside the series of SLOs
  };
  static constexpr size_t kEndpointsMax = 16;  // as many as the config may have
  // How much is handed over at once.
  static constexpr size_t kItemsPerBatch = 2'000;
  static constexpr size_t kBytesPerBatch = 1 << 20;

  // At most kEndpointsMax.
  explicit SeriesForwarder(std::vector<Endpoint> endpoints);

  // The plan is durable, and not applied yet.
  void Route(const storage::WritePlan& plan);
  // Adds each endpoint's by its name.
  void AddTotals(DownstreamTotals& totals) const;
  void Shutdown(std::chrono::seconds drain);

 private:
  // What one endpoint gets next: what is in the order of time, and what is not.
  struct Batch {
    model::OutgoingSamples samples;
    const storage::HeadSeries* series = nullptr;  // of the last that was added
    // By the name of the metric: where in `samples` its metadata are.
    absl::flat_hash_map<std::string, uint32_t> metadata;
  };
  struct Outgoing {
    Batch in_order;
    Batch late;
  };

  uint32_t TakersOf(storage::HeadSeries& series);
  model::OutgoingSamples& OpenBatch(size_t endpoint, const storage::HeadSeries& series,
                                    bool is_late);
  uint32_t MetadataIn(Batch& batch, std::string_view metric);
  const storage::MetricMetadata* FindMetadata(std::string_view metric) const;
  void Send(size_t endpoint, Batch& batch);

  const std::vector<Endpoint> endpoints_;
  std::vector<Outgoing> outgoing_;  // parallel to them; empty between commits
  model::LabelSet labels_;          // of the series at hand
  // --- of the plan at hand
  const storage::MetadataBook* known_metadata_ = nullptr;
  absl::flat_hash_map<std::string_view, const storage::MetricMetadata*> new_metadata_;
};

}  // namespace slowburn::app
