// collector/internal/trace_request.h: from the bytes on the wire to a decoded batch, the same for
// every transport.
//
// Room     collector/internal
// Uses     collector/, net/
// Threads  one TraceRequest a thread: it keeps its memory from one request to the next
// Units    bytes
#pragma once

#include <cstddef>
#include <string>

#include <absl/status/status.h>

#include "collector/ingest_sink.h"
#include "model/attribute_projection.h"
#include "model/span_batch.h"

namespace slowburn::collector {

// One request at a time: Read it, give body() and batch() to the sink, Release.
class TraceRequest {
 public:
  // `wire` may be moved from by whoever gets body(); it must stay until then. kInvalidArgument for
  // what is no gzip or no request, kResourceExhausted over `bytes_max` once decompressed, or when
  // its decoded form would cost too much memory.
  absl::Status Read(std::string& wire, bool is_gzip, size_t bytes_max,
                    const model::AttributeProjection& projection);

  // After an OK Read.
  std::string& body() { return *body_; }
  model::SpanBatch& batch() { return batch_; }

  // Gives back what an uncommonly large request made grow; the rest is kept for the next.
  void Release();

 private:
  std::string inflated_;
  std::string* body_ = nullptr;
  model::SpanBatch batch_;
};

// A buffer keeps up to this much between requests: 8 MiB is 18,000 spans of 459 bytes, 35 x the
// largest default batch of an SDK.
inline constexpr size_t kBufferBytesKept = 8 << 20;

// What a failed Read is counted as.
RequestRefusal RefusalOf(const absl::Status& status);

}  // namespace slowburn::collector
