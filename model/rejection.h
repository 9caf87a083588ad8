// model/rejection.h: why a single item of a request is refused for good while its neighbours are
// taken.
//
// Room     model
// Uses     model/signal.h
// Threads  pure functions
// Units    none
// Source   OTLP requirements V1 to V14; DESIGN section 4
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/signal.h"

namespace slowburn::model {

enum class Rejection : uint8_t {
  kInvalidTraceId,
  kInvalidSpanId,
  kTooNew,
  kNoTime,  // a data point without time_unix_nano
  kNoMetricName,
  kNoValue,          // a number point without value
  kNoTemporality,    // a sum or histogram whose temporality is unspecified or unknown
  kBrokenHistogram,  // bounds, buckets and count do not fit together
  kNotFinite,        // NaN or infinity in a monotonic sum
  kNegative,         // below zero in a monotonic sum
  kConflict,         // another value for a point that is already stored
};
inline constexpr size_t kRejections = 11;

// "invalid_trace_id": in the ledger and in metrics.
std::string_view RejectionName(Rejection rejection);

struct RejectedItem {
  uint32_t ordinal = 0;  // among all items of the request, in wire order
  Rejection reason = Rejection::kInvalidTraceId;
};

using RejectionCounts = std::array<uint32_t, kRejections>;
RejectionCounts CountRejections(const std::vector<RejectedItem>& rejected);

// For the client: "2 spans have a span_id that is not 8 bytes, or all zero; 1 span has ...". Empty
// where nothing was rejected.
std::string ExplainRejections(Signal signal, const RejectionCounts& counts);

}  // namespace slowburn::model
