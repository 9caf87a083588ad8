// model/prometheus_labels.h: the labels that an OTLP data point has in Prometheus.
//
// Room     model
// Uses     model/
// Threads  pure functions
// Units    none
// Source   OpenTelemetry specification, "Prometheus and OpenMetrics Compatibility"; where it is
//          silent, what Prometheus' OTLP receiver does by default
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "model/label_set.h"
#include "model/metric_batch.h"

namespace slowburn::model {

// http.route -> http_route, 5xx -> key_5xx, _private -> key_private; __x__ is kept. Runs of '_' are
// one. "" where nothing remains: such an attribute is no label.
std::string PrometheusLabelName(std::string_view attribute);

// So many different attributes of a point, a resource or a scope become labels, the first ones; the
// rest is left out and counted. A store takes no series with a tenth of them, and a label is sixty
// times what an empty attribute is on the wire.
inline constexpr size_t kLabelAttributesMax = 1024;

// Attributes as labels. Two that come to one name are joined with ';' in the order of their keys;
// of a key that is there twice the last one counts; __name__ and what has no name are left out, and
// counted in `dropped`.
LabelSet PrometheusLabels(std::span<const RawAttribute> attributes, uint64_t& dropped);

// What one point's labels are made of: views into its batch.
struct PointSource {
  std::span<const RawAttribute> resource;
  std::span<const RawAttribute> scope;
  std::span<const RawAttribute> point;
  std::string_view scope_name;
  std::string_view scope_version;
  std::string_view schema_url;

  static PointSource Of(const MetricBatch& batch, size_t resource, size_t scope,
                        const MetricPoint& point);
};

// "shop/checkout" of service.namespace and service.name; "" without service.name.
std::string PrometheusJob(std::span<const RawAttribute> resource);

// All labels but __name__, le and quantile: the point's attributes; over them job and instance,
// then otel_scope_name, otel_scope_version, otel_scope_schema_url and otel_scope_<attribute>; an
// attribute that would be called like one of the three is left out and counted. Other resource
// attributes are no labels (Prometheus has them in target_info).
LabelSet SeriesLabels(const PointSource& source, uint64_t& dropped);

}  // namespace slowburn::model
