// model/span_batch.h: one trace export, projected: what consumers read of it, as views into the
// request.
//
// Room     model
// Uses     model/
// Threads  one owner; reuse it for the next request (Clear keeps the memory)
// Units    times are unix nanoseconds as on the wire (0: unknown); sizes are counts
// Source   OTLP trace.proto
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "model/signal.h"
#include "model/signal_batch.h"

namespace slowburn::model {

enum class SpanKind : int32_t {
  kUnspecified = 0,
  kInternal = 1,
  kServer = 2,
  kClient = 3,
  kProducer = 4,
  kConsumer = 5
};
enum class SpanStatusCode : int32_t { kUnset = 0, kOk = 1, kError = 2 };

struct Span {
  std::string_view trace_id;        // 16 bytes, not all zero: others are in `rejected`
  std::string_view span_id;         // 8 bytes, not all zero
  std::string_view parent_span_id;  // empty: a root span
  std::string_view trace_state;
  std::string_view name;
  std::string_view status_message;
  uint64_t start_time_unix_nano = 0;
  uint64_t end_time_unix_nano = 0;
  int32_t kind = 0;         // SpanKind; unknown numbers are kept
  int32_t status_code = 0;  // SpanStatusCode; unknown numbers are kept
  uint32_t dropped_attributes_count = 0;
  uint32_t dropped_events_count = 0;
  uint32_t dropped_links_count = 0;
  uint32_t ordinal = 0;  // among all spans of the request, rejected ones included, in wire order
  AttributeRange attributes;

  // When it counts; 0: unknown, so it counts as of its arrival.
  uint64_t event_time_unix_nano() const { return end_time_unix_nano; }
  // end - start in nanoseconds; a span that ends before it starts lasted 0; capped at int64.
  int64_t duration_nanos() const {
    if (end_time_unix_nano <= start_time_unix_nano) return 0;
    const uint64_t nanos = end_time_unix_nano - start_time_unix_nano;
    return nanos > INT64_MAX ? INT64_MAX : static_cast<int64_t>(nanos);
  }
};

// The spans of one request: the valid ones.
struct SpanBatch : SignalBatch {
  using Item = Span;
  static constexpr Signal kSignal = Signal::kTraces;
  std::vector<Span> spans;

  const std::vector<Span>& items() const { return spans; }
  void Clear();
  // Moves spans that end later than `latest_unix_nano` to `rejected` (kTooNew).
  void RejectAfter(uint64_t latest_unix_nano);
  uint32_t accepted() const { return static_cast<uint32_t>(spans.size()); }
  uint32_t decoded() const { return static_cast<uint32_t>(spans.size() + rejected.size()); }
  size_t memory_bytes() const;
};

}  // namespace slowburn::model
