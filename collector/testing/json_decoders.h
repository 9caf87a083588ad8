// collector/testing/json_decoders.h: the three decoders of JSON under one name, for tests that ask
// the same of each.
//
// Room     collector/testing
// Uses     collector/, model/
// Threads  pure functions
// Units    none
#pragma once

#include <string>
#include <vector>

#include "collector/otlp_json.h"

namespace slowburn::collector {

inline absl::Status DecodeAnyJson(std::string& body, const model::AttributeProjection& projection,
                                  model::SpanBatch& batch) {
  return DecodeTracesJson(body, projection, batch);
}
inline absl::Status DecodeAnyJson(std::string& body, const model::AttributeProjection& projection,
                                  model::MetricBatch& batch) {
  return DecodeMetricsJson(body, projection, batch);
}
inline absl::Status DecodeAnyJson(std::string& body, const model::AttributeProjection& projection,
                                  model::LogBatch& batch) {
  return DecodeLogsJson(body, projection, batch);
}

// The streams of a batch's points, in order: none but metrics have any.
inline std::vector<model::StreamHash> StreamsOf(const model::MetricBatch& batch) {
  std::vector<model::StreamHash> streams;
  for (const model::MetricPoint& point : batch.points) streams.push_back(point.stream);
  return streams;
}
inline std::vector<model::StreamHash> StreamsOf(const model::SignalBatch&) { return {}; }

}  // namespace slowburn::collector
