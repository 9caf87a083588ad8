// model/prometheus_name.h: what an OTLP metric is called, and what type it is, in Prometheus.
//
// Room     model
// Uses     base/, model/
// Threads  pure functions
// Units    none
// Source   OpenTelemetry specification, "Prometheus and OpenMetrics Compatibility"; otlptranslator,
//          which Prometheus uses
#pragma once

#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "model/metric_batch.h"

namespace slowburn::model {

// As in Prometheus' otlp.translation_strategy.
enum class NameStrategy : uint8_t {
  kUnderscoresWithSuffixes,     // UnderscoreEscapingWithSuffixes: its default, and ours
  kUnderscoresWithoutSuffixes,  // UnderscoreEscapingWithoutSuffixes
  kUtf8WithSuffixes,            // NoUTF8EscapingWithSuffixes
  kNoTranslation,
};

enum class PrometheusType : uint8_t { kCounter, kGauge, kHistogram, kNativeHistogram, kSummary };
// Without the delta that a counter or histogram may be: whoever stores it accumulates.
PrometheusType PrometheusTypeOf(const Metric& metric);
// "counter", "gauge", "histogram", "summary": of # TYPE. What is a gauge may say that it was of
// type "unknown", "info" or "stateset".
std::string_view PrometheusTypeName(const Metric& metric);

// "bytes_per_second" for "By/s", "" for "1" or "{request}".
std::string PrometheusUnit(std::string_view unit);

// http.server.request.duration in s -> http_server_request_duration_seconds: the base name, to
// which histograms and summaries add _bucket, _sum and _count. kInvalidArgument where nothing of
// the name remains.
absl::StatusOr<std::string> PrometheusName(
    const Metric& metric, NameStrategy strategy = NameStrategy::kUnderscoresWithSuffixes);

}  // namespace slowburn::model
