// collector/remote_write_v2.h: io.prometheus.write.v2.Request (remote write 2.0), read once from
// the wire.
//
// Room     collector
// Uses     base/, model/, protozero, xxHash
// Threads  pure functions
// Units    unix milliseconds, bytes
// Source   Prometheus remote write 2.0-rc.4; io/prometheus/write/v2/types.proto
#pragma once

#include <cstddef>
#include <string_view>

#include <absl/status/status.h>

#include "base/memory_budget.h"
#include "model/series_batch.h"

namespace slowburn::collector {

// A symbol is sent once and may be meant a million times: written out, the labels and metadata of a
// request take at most this much. Prometheus' requests come to ten times their size.
constexpr size_t WrittenOutBytesMax(size_t body_bytes) { return (64 << 20) + 4 * body_bytes; }

// Fills `batch` (cleared first) with views into `body`; collector/series_labels.h reads its labels.
// The memory for it is charged to `lease` before it is taken; null: to nobody.
//
// A series is known by the hashes of its labels' texts, so by one look-up, whatever their places
// in the request. One whose references cannot be has a hash that no series has: it is refused, the
// others are not. The metadata of a metric comes once, however many of its series have it, under
// the name that 1.0 gives it (that of a classic histogram or summary without _bucket, _sum,
// _count). Start timestamps are not kept.
//
// kInvalidArgument where it is no such request, or its first symbol is not "" (then all references
// may be shifted); else as DecodeRemoteWrite.
absl::Status DecodeRemoteWriteV2(std::string_view body, model::SeriesBatch& batch,
                                 base::MemoryLease* lease = nullptr);

}  // namespace slowburn::collector
