// collector/testing/metric_requests.h: metric exports for tests, and what is in them as text.
//
// Room     collector/testing
// Uses     collector/, model/, the generated OTLP classes
// Threads  one generator, one thread
// Units    none
#pragma once

#include <map>
#include <string>
#include <vector>

#include "collector/testing/request_parts.h"
#include "model/attribute_projection.h"
#include "model/metric_batch.h"
#include "opentelemetry/proto/metrics/v1/metrics.pb.h"

namespace slowburn::collector {

// The same on the wire as ExportMetricsServiceRequest.
using opentelemetry::proto::metrics::v1::MetricsData;

// The five types with valid points and with points that break one rule, metrics without name, data
// or temporality, exemplars, empty envelopes.
MetricsData RandomMetrics(Random& random);

// As an SDK sends them: one resource with 12 attributes, one scope, `numbers` points of sums and
// gauges and `histograms` points of 15 buckets, 16 points a metric, 6 attributes a point.
MetricsData TypicalMetrics(int numbers, int histograms, Random& random);

// One line per valid point with all that a batch keeps of it, its resource, scope and metric
// included, then the rejected ones. What is valid is decided here anew, in plain code.
std::vector<std::string> Describe(const MetricsData& metrics,
                                  const model::AttributeProjection& projection);
std::vector<std::string> Describe(const model::MetricBatch& batch);

// What a stream is made of, in order, as text: for each valid point, in order.
std::vector<std::string> StreamTexts(const MetricsData& metrics);

}  // namespace slowburn::collector
