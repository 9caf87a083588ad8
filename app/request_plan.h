// app/request_plan.h: what becomes of the requests of one commit: what was sent before, what is
// refused, what is counted, and how the ledger has it.
//
// Room     app
// Uses     app/, collector/ (the answer), model/, slo/, proto (slowburn/store)
// Threads  one thread at a time
// Units    items: spans, data points, log records; of a remote write samples and exemplars
// Source   DESIGN section 3; faults 3.1, 3.5
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "app/dedup_window.h"
#include "app/series_write.h"
#include "app/sli_pasts.h"
#include "app/stream_table.h"
#include "base/clock.h"
#include "collector/ingest_sink.h"
#include "model/rejection.h"
#include "model/signal.h"
#include "slo/metric_streams.h"
#include "slo/sli_delta.h"
#include "slowburn/store/v1/log_record.pb.h"
#include "storage/series/series_store.h"

namespace slowburn::app {

// One decoded and matched request on its way to its commit.
struct CountedRequest {
  model::Signal signal = model::Signal::kTraces;
  // It brings samples alone, and no signal of OTLP.
  bool is_remote_write = false;
  slo::SliDelta delta;
  std::vector<StreamPoint> points;      // metrics: those of cumulative streams
  slo::MetricDelta metrics;             // what SLIs read of them
  std::unique_ptr<SeriesWrite> series;  // what time series get of it; null: nothing
  RequestHash hash;
  bool deduplicate = true;  // false when an item has no timestamp
  // Requests that a generation of SLIs matched are under way as long as somebody holds it.
  std::shared_ptr<const void> matched_by;
  bool is_transcodable = true;  // false: JSON that cannot be passed on, though it could be counted
  uint32_t items = 0;           // decoded: accepted and rejected
  model::RejectionCounts rejected{};
};

struct RequestOutcome {
  bool is_resent = false;  // it was answered before: none of it counts
  uint32_t accepted = 0;
  // To downstreams: the accepted, and those that count and have no place in the series.
  uint32_t passed_on = 0;
  // Points that came before, or do not agree with one that did, by their place among the items that
  // the request was submitted with: they are not passed on. Ascending.
  std::vector<model::RejectedItem> removed;
  SeriesOutcome series;
  collector::ExportAnswer answer;
};

// What one commit of requests changes.
struct RequestPlan {
  store::v1::LogRecord record;
  slo::CountPlan counts;                       // the counting part of `record`, ready to apply
  slo::MetricStreams::Plan metrics;            // likewise the states of metric series
  std::unique_ptr<storage::WritePlan> series;  // likewise samples; null: there are none
  absl::Status series_lost;  // why the samples of a request are left out that counts otherwise
  std::vector<RequestOutcome> outcomes;      // one per request, in order
  std::vector<SliPasts::Deferred> deferred;  // that wait until their SLI begins
  uint64_t out_of_order_points = 0;
  uint64_t untracked_points = 0;
  uint64_t duplicate_points = 0;  // without those of resent requests
};

// Where accepted items are passed on.
struct Downstream {
  std::string name;
  std::set<model::Signal> signals;
};

// Adds requests up, in the order in which they came. Changes nothing; `dedup`, `streams` and
// `series` must outlive it and stay as they are.
class RequestPlanner {
 public:
  // `spent` is a record of before whose memory is used again.
  RequestPlanner(const DedupWindow& dedup, const StreamTable& streams, storage::SeriesStore& series,
                 base::UnixNanos now, store::v1::LogRecord spent);

  // `request` must outlive the planner.
  void Add(const CountedRequest& request);
  // OK, or why what some request brings to the series could not be planned: only without any of it
  // there may be a plan.
  const absl::Status& series_status() const { return series_status_; }
  void LeaveOutSeries();
  // Those of requests that count.
  const std::vector<const slo::SliDelta*>& deltas() const { return deltas_; }
  const std::vector<slo::MetricStreams::Request>& metrics() const { return metrics_; }
  // Once: `metrics` is what the metrics come to, `counts` what the deltas and `metrics` do.
  RequestPlan Finish(slo::MetricStreams::Plan metrics, slo::CountPlan counts,
                     const std::vector<Downstream>& downstreams);

 private:
  // What the ledger gets, of one signal.
  struct Tally {
    uint64_t decoded = 0, accepted = 0, passed_on = 0, duplicate = 0, not_transcodable = 0;
    std::array<uint64_t, model::kRejections> rejected{};
    storage::FateCounts not_stored{};  // rejected as well, by what the series said
  };

  void AddRemoteWrite(const CountedRequest& request, RequestOutcome& outcome);
  void AddSeries(const CountedRequest& request, RequestOutcome& outcome);
  void RejectNotStored(RequestOutcome& outcome, Tally& tally);
  bool IsResent(const CountedRequest& request, RequestOutcome& outcome) const;
  model::RejectionCounts PlacePoints(const CountedRequest& request, RequestOutcome& outcome);
  void Remember(const CountedRequest& request, const collector::ExportAnswer& answer);
  void WriteLedger(const std::vector<Downstream>& downstreams);
  void WriteLedgerOfRemoteWrites();

  const DedupWindow& dedup_;
  StreamTable::Plan streams_;
  storage::SeriesStore& series_;
  const base::UnixNanos now_;
  RequestPlan plan_;
  absl::Status series_status_;
  std::vector<const slo::SliDelta*> deltas_;
  std::vector<slo::MetricStreams::Request> metrics_;
  absl::flat_hash_map<RequestHash, size_t> in_this_commit_;
  std::array<Tally, model::kSignals.size()> tallies_{};
  uint64_t remote_write_decoded_ = 0;
  storage::FateCounts remote_write_{};
};

}  // namespace slowburn::app
