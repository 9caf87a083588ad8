// collector/remote_write.h: prometheus.WriteRequest (remote write 1.0), read once from the wire.
//
// Room     collector
// Uses     base/, model/, protozero, xxHash
// Threads  pure functions
// Units    unix milliseconds
// Source   Prometheus remote write 1.0; prompb types.proto (exemplars, native histograms, metadata)
#pragma once

#include <string_view>

#include <absl/status/status.h>

#include "base/memory_budget.h"
#include "model/series_batch.h"

namespace slowburn::collector {

// Fills `batch` (cleared first) with views into `body`; collector/series_labels.h reads its labels.
// The memory for it is charged to `lease` before it is taken; null: to nobody.
//
// kInvalidArgument where it is no WriteRequest (a 2.0 request is none: a reader that skipped what
// it has would lose it in silence), kResourceExhausted where what it holds would take more memory
// than a request may, kUnavailable when the lease cannot grow.
absl::Status DecodeRemoteWrite(std::string_view body, model::SeriesBatch& batch,
                               base::MemoryLease* lease = nullptr);

}  // namespace slowburn::collector
