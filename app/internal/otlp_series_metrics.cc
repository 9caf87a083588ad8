#include "app/internal/otlp_series_metrics.h"

namespace slowburn::app::internal {
namespace {

prometheus::Counter& AddCounter(prometheus::Registry& registry, const char* name,
                                const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
}
prometheus::Gauge& AddGauge(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

}  // namespace

OtlpSeriesMetrics::OtlpSeriesMetrics(prometheus::Registry& registry)
    : made_(
          AddCounter(registry, "slowburn_series_otlp_identities_made_total",
                     "OTLP streams whose labels had to be made: new ones, and those that had left "
                     "the cache.")),
      dropped_(AddCounter(registry, "slowburn_series_otlp_attributes_dropped_total",
                          "Attributes that are no labels: nothing remains of their name.")),
      identities_(AddGauge(registry, "slowburn_series_otlp_identities",
                           "OTLP streams whose labels are remembered.")),
      bytes_(AddGauge(registry, "slowburn_series_otlp_identity_bytes", "Memory of these.")) {}

void OtlpSeriesMetrics::Set(const OtlpSeries::Counts& counts) {
  made_.Increment(static_cast<double>(counts.identities_made - last_.identities_made));
  dropped_.Increment(static_cast<double>(counts.attributes_dropped - last_.attributes_dropped));
  identities_.Set(static_cast<double>(counts.identities));
  bytes_.Set(static_cast<double>(counts.identity_bytes));
  last_ = counts;
}

}  // namespace slowburn::app::internal
