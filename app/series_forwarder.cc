#include "app/series_forwarder.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <string_view>
#include <utility>

#include "app/internal/at_once.h"
#include "storage/series/packed_labels.h"

namespace slowburn::app {
namespace {

using model::OutgoingSamples;
using storage::HeadSeries;
using storage::WritePlan;

constexpr std::string_view kSloSeriesPrefix = "slowburn_slo_";
// In a series' mark: it has been asked. Below it is a bit for each endpoint that takes it.
constexpr uint32_t kAsked = uint32_t{1} << SeriesForwarder::kEndpointsMax;

bool HasParts(std::string_view metric_type) {
  return metric_type == "histogram" || metric_type == "gaugehistogram" || metric_type == "summary";
}

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
  std::string_view metric;
  storage::VisitLabels(series.packed_labels, [&](std::string_view name, std::string_view value) {
    batch.samples.AddLabel(name, value);
    if (name == model::kMetricNameLabel) metric = value;
  });
  batch.samples.SetMetadata(MetadataIn(batch, metric));
  return batch.samples;
}

uint32_t SeriesForwarder::MetadataIn(Batch& batch, std::string_view metric) {
  const auto [found, is_new] =
      batch.metadata.try_emplace(std::string(metric), OutgoingSamples::kNoMetadata);
  if (!is_new) return found->second;
  if (const storage::MetricMetadata* const known = FindMetadata(metric)) {
    found->second = batch.samples.AddMetadata(
        {.metric = known->metric, .type = known->type, .help = known->help, .unit = known->unit});
  }
  return found->second;
}

// Null where nobody told. The series of classic histograms and summaries have longer names.
const storage::MetricMetadata* SeriesForwarder::FindMetadata(std::string_view metric) const {
  const auto newest = [&](std::string_view name) -> const storage::MetricMetadata* {
    if (const auto found = new_metadata_.find(name); found != new_metadata_.end())
      return found->second;
    const auto found = known_metadata_->find(name);
    return found == known_metadata_->end() ? nullptr : &found->second.back();
  };
  if (const storage::MetricMetadata* const known = newest(metric)) return known;
  for (const std::string_view suffix : {"_bucket", "_sum", "_count"}) {
    if (!metric.ends_with(suffix)) continue;
    const auto* const of_family = newest(metric.substr(0, metric.size() - suffix.size()));
    return of_family != nullptr && HasParts(of_family->type) ? of_family : nullptr;
  }
  return nullptr;
}

void SeriesForwarder::Send(size_t endpoint, Batch& batch) {
  batch.series = nullptr;
  batch.metadata.clear();
  if (batch.samples.empty()) return;
  OutgoingSamples next;
  next.is_late = batch.samples.is_late;
  endpoints_[endpoint].sender->Offer(std::exchange(batch.samples, std::move(next)));
}

void SeriesForwarder::Route(const WritePlan& plan) {
  known_metadata_ = &plan.known_metadata();
  new_metadata_.clear();
  for (const storage::MetricMetadata& one : plan.new_metadata())
    new_metadata_.insert_or_assign(one.metric, &one);
  plan.VisitSamples([&](const WritePlan::TakenSample& sample) {
    ForEach(TakersOf(sample.series), [&](size_t endpoint) {
      OutgoingSamples& out = OpenBatch(endpoint, sample.series, sample.is_late);
      if (sample.histogram == nullptr) {
        out.AddSample({sample.time_ms, sample.value});
      } else {
        out.AddHistogram(sample.time_ms, model::NativeHistogram(*sample.histogram));
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
  new_metadata_.clear();
  known_metadata_ = nullptr;
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
  std::vector<std::function<void()>> ends;
  for (const Endpoint& endpoint : endpoints_)
    ends.emplace_back([&] { endpoint.sender->Shutdown(drain); });
  internal::AtOnce(std::move(ends));
}

}  // namespace slowburn::app
