#include "forward/internal/exporter_metrics.h"

namespace slowburn::forward::internal {
namespace {

prometheus::Gauge& AddGauge(prometheus::Registry& registry, const std::string& downstream,
                            const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add(
      {{"downstream", downstream}});
}

}  // namespace

SignalCounters::SignalCounters(prometheus::Registry& registry, const std::string& downstream,
                               const char* name, const char* help) {
  auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(registry);
  for (const model::Signal signal : model::kSignals) {
    counters_[static_cast<size_t>(signal)] = &family.Add(
        {{"downstream", downstream}, {"signal", std::string(model::SignalName(signal))}});
  }
}

ExporterMetrics::ExporterMetrics(prometheus::Registry& registry, const std::string& downstream)
    : sent(registry, downstream, "slowburn_forward_items_sent_total",
           "Items that a downstream took."),
      send_failed(registry, downstream, "slowburn_forward_items_send_failed_total",
                  "Items in requests that failed; each try counts."),
      dropped(registry, downstream, "slowburn_forward_items_dropped_total",
              "Items given up; the ledger has the reasons."),
      queue_items(AddGauge(registry, downstream, "slowburn_forward_queue_items",
                           "Items waiting or in flight.")),
      queue_bytes(AddGauge(registry, downstream, "slowburn_forward_queue_bytes",
                           "Bytes waiting or in flight.")) {}

}  // namespace slowburn::forward::internal
