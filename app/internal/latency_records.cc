#include "app/internal/latency_records.h"

#include "base/status.h"

namespace slowburn::app::internal {

void AppendLatencies(std::span<const slo::LatencyChange> changes, store::v1::LogRecord& record) {
  for (const slo::LatencyChange& change : changes) {
    store::v1::LatencyChange& latency = *record.add_latencies();
    latency.set_sli(static_cast<uint32_t>(change.sli));
    latency.set_group(static_cast<uint32_t>(change.group));
    latency.set_slot(change.slot);
    latency.set_histogram(change.histogram.Encode());
  }
}

absl::StatusOr<std::vector<slo::LatencyChange>> ReadLatencies(const store::v1::LogRecord& record) {
  std::vector<slo::LatencyChange> changes;
  for (const store::v1::LatencyChange& latency : record.latencies()) {
    SB_ASSIGN_OR_RETURN(slo::LatencyHistogram histogram,
                        slo::LatencyHistogram::Decode(latency.histogram()));
    changes.push_back({static_cast<slo::SliId>(latency.sli()),
                       static_cast<slo::GroupId>(latency.group()), latency.slot(),
                       std::move(histogram)});
  }
  return changes;
}

}  // namespace slowburn::app::internal
