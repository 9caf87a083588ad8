// model/log_batch.h: one logs export, projected: what consumers read of it, as views into the
// request.
//
// Room     model
// Uses     model/
// Threads  one owner; reuse it for the next request (Clear keeps the memory)
// Units    times are unix nanoseconds as on the wire (0: unknown)
// Source   OTLP logs.proto
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "model/attribute_value.h"
#include "model/signal.h"
#include "model/signal_batch.h"

namespace slowburn::model {

struct LogRecord {
  std::string_view trace_id;  // 16 bytes, or empty: no trace, or an id that is none (V3)
  std::string_view span_id;   // 8 bytes, or empty
  std::string_view severity_text;
  std::string_view event_name;
  AttributeValue body;
  uint64_t time_unix_nano = 0;
  uint64_t observed_time_unix_nano = 0;
  int32_t severity_number = 0;  // unknown numbers are kept
  uint32_t flags = 0;
  uint32_t dropped_attributes_count = 0;
  uint32_t ordinal = 0;  // among all records of the request, rejected ones included
  AttributeRange attributes;

  // When it happened, else when it was seen; 0: neither is known, so it counts as of its arrival.
  uint64_t event_time_unix_nano() const {
    return time_unix_nano != 0 ? time_unix_nano : observed_time_unix_nano;
  }
};

// The log records of one request: the valid ones.
struct LogBatch : SignalBatch {
  using Item = LogRecord;
  static constexpr Signal kSignal = Signal::kLogs;
  std::vector<LogRecord> records;

  const std::vector<LogRecord>& items() const { return records; }
  void Clear();
  // Moves records of a later time to `rejected` (kTooNew).
  void RejectAfter(uint64_t latest_unix_nano);
  uint32_t accepted() const { return static_cast<uint32_t>(records.size()); }
  uint32_t decoded() const { return static_cast<uint32_t>(records.size() + rejected.size()); }
  size_t memory_bytes() const;
};

}  // namespace slowburn::model
