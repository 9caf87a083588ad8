#include "app/request_plan.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "app/internal/count_records.h"
#include "app/internal/latency_records.h"
#include "app/internal/metric_records.h"
#include "app/ledger.h"
#include "base/mutant.h"

namespace slowburn::app {

RequestPlanner::RequestPlanner(const DedupWindow& dedup, const StreamTable& streams,
                               storage::SeriesStore& series, base::UnixNanos now,
                               store::v1::LogRecord spent)
    : dedup_(dedup), streams_(streams), series_(series), now_(now) {
  spent.Clear();
  plan_.record = std::move(spent);
  plan_.record.set_time_unix_nano(now.time_since_epoch().count());
}

// Gives a request that was answered before its first answer again.
bool RequestPlanner::IsResent(const CountedRequest& request, RequestOutcome& outcome) const {
  if (!request.deduplicate) return false;
  if (const store::v1::DedupEntry* first = dedup_.Find(request.hash)) {
    outcome.answer = {.rejected = first->rejected(), .message = first->message()};
    if (SB_MUTANT("other_answer")) outcome.answer = {};
    return true;
  }
  const auto twin = in_this_commit_.find(request.hash);
  if (twin == in_this_commit_.end()) return false;
  outcome.answer = plan_.outcomes[twin->second].answer;
  return true;
}

// The request's rejections, conflicts among them.
model::RejectionCounts RequestPlanner::PlacePoints(const CountedRequest& request,
                                                   RequestOutcome& outcome) {
  model::RejectionCounts rejected = request.rejected;
  streams_.Expect(request.points.size());
  for (size_t i = 0; i < request.points.size(); ++i) {
    constexpr size_t kAhead = 8;  // as many as memory brings at once
    if (i + kAhead < request.points.size()) streams_.Prefetch(request.points[i + kAhead]);
    const StreamPoint& point = request.points[i];
    switch (streams_.Place(point)) {
      case PointFate::kNewest:
        break;
      case PointFate::kOutOfOrder:
        ++plan_.out_of_order_points;
        break;
      case PointFate::kUntracked:
        ++plan_.untracked_points;
        break;
      case PointFate::kConflict:
        ++rejected[static_cast<size_t>(model::Rejection::kConflict)];
        [[fallthrough]];
      case PointFate::kDuplicate:
        outcome.removed.push_back({point.position, model::Rejection::kConflict});
        break;
    }
  }
  return rejected;
}

void RequestPlanner::AddSeries(const CountedRequest& request, RequestOutcome& outcome) {
  if (request.series == nullptr || !series_status_.ok()) return;
  if (plan_.series == nullptr) plan_.series = series_.Plan(UnixMillis(now_));
  series_status_ = request.series->AddTo(*plan_.series, outcome.series);
}

// Points that count and go on, and of which no series keeps all: whoever sent them has to know.
// What the planner has left out is no matter of the series.
void RequestPlanner::RejectNotStored(RequestOutcome& outcome, Tally& tally) {
  if (!series_status_.ok()) return;
  uint32_t not_stored = 0;
  for (const RefusedPoint& point : outcome.series.refused_points) {
    const bool is_left_out = std::ranges::binary_search(outcome.removed, point.position, {},
                                                        &model::RejectedItem::ordinal);
    if (is_left_out) continue;
    ++tally.not_stored[static_cast<size_t>(point.fate)];
    ++not_stored;
  }
  if (not_stored == 0) return;
  outcome.accepted -= not_stored;
  outcome.answer.rejected += not_stored;
  if (!outcome.answer.message.empty()) outcome.answer.message += "; ";
  outcome.answer.message +=
      fmt::format("{} data point{} not stored; the first, of {}", not_stored,
                  not_stored == 1 ? " is" : "s are", outcome.series.first_refused);
}

void RequestPlanner::LeaveOutSeries() {
  plan_.series.reset();
  for (RequestOutcome& outcome : plan_.outcomes) outcome.series = {};
  plan_.series_lost = std::exchange(series_status_, absl::OkStatus());
}

// Samples have no answer to be repeated: what came before is found sample by sample.
void RequestPlanner::AddRemoteWrite(const CountedRequest& request, RequestOutcome& outcome) {
  AddSeries(request, outcome);
  remote_write_decoded_ += request.items;
  uint64_t taken = 0, refused = 0;
  const SeriesOutcome& series = outcome.series;
  for (const storage::FateCounts* counts :
       {&series.samples, &series.histograms, &series.exemplars}) {
    for (size_t i = 0; i < counts->size(); ++i) remote_write_[i] += (*counts)[i];
    taken += SeriesOutcome::Taken(*counts);
    refused += SeriesOutcome::Refused(*counts);
  }
  outcome.accepted = static_cast<uint32_t>(taken);
  outcome.answer.rejected = static_cast<int64_t>(refused);
  outcome.answer.message = ExplainRefused(series);
  // What SLIs read of it knows for itself which samples it had.
  if (!request.metrics.empty()) metrics_.emplace_back().delta = &request.metrics;
}

void RequestPlanner::Add(const CountedRequest& request) {
  RequestOutcome& outcome = plan_.outcomes.emplace_back();
  if (request.is_remote_write) return AddRemoteWrite(request, outcome);
  Tally& tally = tallies_[static_cast<size_t>(request.signal)];
  tally.decoded += request.items;
  outcome.is_resent = IsResent(request, outcome);
  if (outcome.is_resent) {
    if (!SB_MUTANT("ledger_forgets")) tally.duplicate += request.items;
    return;
  }
  const model::RejectionCounts rejected = PlacePoints(request, outcome);
  const uint32_t refused = std::accumulate(rejected.begin(), rejected.end(), 0u);
  const uint32_t conflicts =
      refused - std::accumulate(request.rejected.begin(), request.rejected.end(), 0u);
  const auto duplicate = static_cast<uint32_t>(outcome.removed.size()) - conflicts;
  outcome.accepted = outcome.passed_on = request.items - refused - duplicate;
  outcome.answer.rejected = refused;
  outcome.answer.message = model::ExplainRejections(request.signal, rejected);
  AddSeries(request, outcome);
  RejectNotStored(outcome, tally);

  tally.accepted += outcome.accepted;
  tally.passed_on += outcome.passed_on;
  tally.duplicate += duplicate;
  plan_.duplicate_points += duplicate;
  if (!request.is_transcodable) tally.not_transcodable += outcome.passed_on;
  for (size_t i = 0; i < rejected.size(); ++i) tally.rejected[i] += rejected[i];
  if (!request.delta.empty()) deltas_.push_back(&request.delta);
  if (!request.metrics.empty()) {
    slo::MetricStreams::Request& metrics = metrics_.emplace_back();
    metrics.delta = &request.metrics;
    for (const model::RejectedItem& removed : outcome.removed)
      metrics.left_out.push_back(removed.ordinal);
  }
  if (request.deduplicate) Remember(request, outcome.answer);
}

void RequestPlanner::Remember(const CountedRequest& request,
                              const collector::ExportAnswer& answer) {
  in_this_commit_.emplace(request.hash, plan_.outcomes.size() - 1);
  store::v1::DedupEntry& entry = *plan_.record.add_dedup();
  entry.set_hash_high(request.hash.high);
  entry.set_hash_low(request.hash.low);
  entry.set_time_unix_nano(
      std::max<int64_t>(plan_.record.time_unix_nano(), dedup_.newest_time_unix_nano()));
  entry.set_items(request.items);
  entry.set_rejected(static_cast<uint32_t>(answer.rejected));
  entry.set_message(answer.message);
}

void RequestPlanner::WriteLedger(const std::vector<Downstream>& downstreams) {
  store::v1::LogRecord& record = plan_.record;
  for (const model::Signal signal : model::kSignals) {
    const Tally& tally = tallies_[static_cast<size_t>(signal)];
    const auto add = [&](std::string_view outcome, uint64_t items) {
      AddToLedger(record, fmt::format("{}/{}", model::SignalName(signal), outcome), items);
    };
    add("decoded", tally.decoded);
    add("accepted", tally.accepted);
    add("duplicate", tally.duplicate);
    add("too_late", plan_.counts.too_late[static_cast<size_t>(signal)]);
    for (size_t i = 0; i < tally.rejected.size(); ++i) {
      if (tally.rejected[i] == 0) continue;
      add(fmt::format("rejected/{}", model::RejectionName(static_cast<model::Rejection>(i))),
          tally.rejected[i]);
    }
    for (size_t i = 0; i < tally.not_stored.size(); ++i) {
      if (tally.not_stored[i] == 0) continue;
      add(fmt::format("rejected/not_stored_{}",
                      storage::FateName(static_cast<storage::SampleFate>(i))),
          tally.not_stored[i]);
    }
  }
  WriteLedgerOfRemoteWrites();
  for (const Downstream& downstream : downstreams) {
    uint64_t routed = 0, not_transcodable = 0;
    for (const model::Signal signal : downstream.signals) {
      const Tally& tally = tallies_[static_cast<size_t>(signal)];
      routed += tally.passed_on;
      not_transcodable += tally.not_transcodable;
    }
    const std::string prefix = fmt::format("forward/{}/", downstream.name);
    AddToLedger(record, prefix + "routed", routed);
    AddToLedger(record, prefix + "dropped/not_transcodable", not_transcodable);
  }
}

void RequestPlanner::WriteLedgerOfRemoteWrites() {
  using storage::SampleFate;
  const auto add = [&](std::string_view outcome, uint64_t items) {
    AddToLedger(plan_.record, fmt::format("remote_write/{}", outcome), items);
  };
  add("decoded", remote_write_decoded_);
  add("accepted", SeriesOutcome::Taken(remote_write_));
  add("duplicate", remote_write_[static_cast<size_t>(SampleFate::kDuplicate)]);
  for (size_t i = 0; i < remote_write_.size(); ++i) {
    const auto fate = static_cast<SampleFate>(i);
    if (storage::IsRefused(fate))
      add(fmt::format("rejected/{}", storage::FateName(fate)), remote_write_[i]);
  }
}

RequestPlan RequestPlanner::Finish(slo::MetricStreams::Plan metrics, slo::CountPlan counts,
                                   const std::vector<Downstream>& downstreams) {
  plan_.counts = std::move(counts);
  plan_.metrics = std::move(metrics);
  plan_.counts.too_late[static_cast<size_t>(model::Signal::kMetrics)] +=
      plan_.metrics.tally.too_late;
  plan_.counts.latencies_dropped += plan_.metrics.tally.without_latency;
  internal::AppendCounts(plan_.counts, plan_.record);
  internal::AppendLatencies(plan_.counts.latencies, plan_.record);
  internal::AppendMetricStates(plan_.metrics, plan_.record);
  streams_.Write(plan_.record);
  if (plan_.series != nullptr) plan_.record.set_samples(plan_.series->Encode());
  WriteLedger(downstreams);
  return std::move(plan_);
}

}  // namespace slowburn::app
