// collector/remote_write.h: prometheus.WriteRequest (remote write 1.0), read once from the wire.
//
// Room     collector
// Uses     model/, protozero, xxHash
// Threads  pure functions
// Units    unix milliseconds
// Source   Prometheus remote write 1.0; prompb types.proto (exemplars, native histograms, metadata)
#pragma once

#include <string_view>

#include <absl/status/status.h>

#include "model/label_set.h"
#include "model/series_batch.h"

namespace slowburn::collector {

// Fills `batch` (cleared first) with views into `body`. kInvalidArgument where it is no
// WriteRequest, kResourceExhausted where what it holds would take more memory than a request may.
absl::Status DecodeRemoteWrite(std::string_view body, model::SeriesBatch& batch);

// The labels of a series or an exemplar of a decoded batch. False where a name is empty or comes
// twice. An empty value is no label.
bool ReadRemoteWriteLabels(std::string_view message, model::LabelSet& labels);

}  // namespace slowburn::collector
