#include "app/series_forwarder.h"

#include <algorithm>
#include <bit>
#include <string_view>
#include <utility>

#include "storage/series/packed_labels.h"

namespace slowburn::app {
namespace {

using model::OutgoingSamples;
using storage::HeadSeries;
using storage::WritePlan;

constexpr std::string_view kSloSeriesPrefix = "slowburn_slo_";
// In a series' mark: it has been asked. Below it is a bit for each endpoint that takes it.
constexpr uint32_t kAsked = uint32_t{1} << SeriesForwarder::kEndpointsMax;

template <typename Visit>
void ForEach(uint32_t takers, Visit&& visit) {
  for (; takers != 0; takers &= takers - 1) visit(static_cast<size_t>(std::countr_zero(takers)));
}

}  // namespace

SeriesForwarder::SeriesForwarder(std::vector<Endpoint> endpoints)
    : endpoints_(std::move(endpoints)), outgoing_(endpoints_.size()) {
  for (Outgoing& outgoing : outgoing_) outgoing.late.samples.is_late = true;
}

uint32_t SeriesForwarder::TakersOf(HeadSeries& series) {
  if (series.mark != 0) return series.mark & ~kAsked;
  storage::UnpackLabels(series.packed_labels, labels_);
  const bool is_of_slo = labels_.Get(model::kMetricNameLabel).starts_with(kSloSeriesPrefix);
  uint32_t takers = 0;
  for (size_t i = 0; i < endpoints_.size(); ++i) {
    const bool takes = is_of_slo || std::ranges::any_of(endpoints_[i].match, [&](const auto& one) {
                         return one.Matches(labels_);
                       });
    if (takes) takers |= uint32_t{1} << i;
  }
  series.mark = takers | kAsked;
  return takers;
}

// Where something of the series is added next.
OutgoingSamples& SeriesForwarder::OpenBatch(size_t endpoint, const HeadSeries& series,
                                            bool is_late) {
  Outgoing& outgoing = outgoing_[endpoint];
  Batch& batch = is_late ? outgoing.late : outgoing.in_order;
  if (batch.samples.items() >= kItemsPerBatch || batch.samples.memory_bytes() >= kBytesPerBatch)
    Send(endpoint, batch);
  if (batch.series == &series) return batch.samples;
  batch.series = &series;
  batch.samples.BeginSeries();
  storage::VisitLabels(series.packed_labels, [&](std::string_view name, std::string_view value) {
    batch.samples.AddLabel(name, value);
  });
  return batch.samples;
}

void SeriesForwarder::Send(size_t endpoint, Batch& batch) {
  batch.series = nullptr;
  if (batch.samples.empty()) return;
  OutgoingSamples next;
  next.is_late = batch.samples.is_late;
  endpoints_[endpoint].sender->Offer(std::exchange(batch.samples, std::move(next)));
}

void SeriesForwarder::Route(const WritePlan& plan) {
  plan.VisitSamples([&](const WritePlan::TakenSample& sample) {
    ForEach(TakersOf(sample.series), [&](size_t endpoint) {
      OutgoingSamples& out = OpenBatch(endpoint, sample.series, sample.is_late);
      if (sample.histogram == nullptr) {
        out.AddSample({sample.time_ms, sample.value});
      } else {
        out.AddHistogram(sample.time_ms, *sample.histogram);
      }
    });
  });
  plan.VisitExemplars(
      [&](HeadSeries& series, int64_t time_ms, const storage::ExemplarValue& exemplar) {
        ForEach(TakersOf(series), [&](size_t endpoint) {
          OpenBatch(endpoint, series, /*is_late=*/false)
              .AddExemplar(time_ms, exemplar.value, exemplar.labels);
        });
      });
  for (size_t i = 0; i < endpoints_.size(); ++i) {
    Send(i, outgoing_[i].in_order);
    Send(i, outgoing_[i].late);
  }
}

void SeriesForwarder::AddTotals(DownstreamTotals& totals) const {
  for (const Endpoint& endpoint : endpoints_) {
    forward::ForwardTotals done = endpoint.sender->totals();
    totals.emplace(endpoint.sender->name(), serve::DownstreamLedger{.routed = done.routed,
                                                                    .delivered = done.delivered,
                                                                    .pending = done.pending,
                                                                    .dropped = done.dropped});
  }
}

void SeriesForwarder::Shutdown(std::chrono::seconds drain) {
  for (const Endpoint& endpoint : endpoints_) endpoint.sender->Shutdown(drain);
}

}  // namespace slowburn::app
