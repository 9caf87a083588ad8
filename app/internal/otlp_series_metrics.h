// app/internal/otlp_series_metrics.h: what OTLP's way to the time series counts for /metrics.
//
// Room     app/internal
// Uses     app/, prometheus-cpp
// Threads  one thread at a time
// Units    as the metrics' names say
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include "app/otlp_series.h"

namespace slowburn::app::internal {

class OtlpSeriesMetrics {
 public:
  // `registry` must outlive it.
  explicit OtlpSeriesMetrics(prometheus::Registry& registry);
  void Set(const OtlpSeries::Counts& counts);

 private:
  prometheus::Counter &made_, &dropped_;
  prometheus::Gauge &identities_, &bytes_;
  OtlpSeries::Counts last_;
};

}  // namespace slowburn::app::internal
