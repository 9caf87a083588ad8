// app/target_info.h: the series target_info, which has what of a resource is no label elsewhere.
//
// Room     app
// Uses     model/
// Threads  pure functions
// Units    unix milliseconds
// Source   OpenTelemetry specification, "Prometheus and OpenMetrics Compatibility", "Resource
//          Attributes"; its times as Prometheus' OTLP receiver
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "model/label_set.h"
#include "model/metric_batch.h"

namespace slowburn::app {

inline constexpr std::string_view kTargetInfo = "target_info";

// Of all attributes as they came: who has seen them need not make the labels.
model::StreamHash TargetInfoKey(const model::MetricBatch& batch, size_t resource);
// Of what job and instance are made of: a target has one target_info at a time.
uint64_t TargetKey(const model::MetricBatch& batch, size_t resource);

// Job, instance, and the attributes that are in neither. Empty where there is no such attribute, or
// neither job nor instance. `dropped` counts attributes that are no labels.
model::LabelSet TargetInfoLabels(const model::MetricBatch& batch, size_t resource,
                                 uint64_t& dropped);

// When it has samples: at the latest point, and from the earliest on so often that a query of five
// minutes' lookback never misses it. Points that are too late for the store are not followed.
template <typename Visit>
void VisitTargetInfoTimes(int64_t earliest_ms, int64_t latest_ms, Visit&& visit) {
  constexpr int64_t kStep = 150'000;
  constexpr int64_t kBackMax = 3'600'000;
  for (int64_t at = std::max(earliest_ms, latest_ms - kBackMax); at < latest_ms; at += kStep) {
    visit(at);
  }
  visit(latest_ms);
}

}  // namespace slowburn::app
