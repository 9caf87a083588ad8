// collector/receive_limits.h: how large a request may be.
//
// Room     collector
// Uses     nothing
// Threads  a value
// Units    bytes
// Source   requirements R2, R3; faults 24 to 26
#pragma once

#include <cstddef>

namespace slowburn::collector {

struct ReceiveLimits {
  size_t request_bytes_max = 64 << 20;  // on the wire, and decompressed
  size_t compression_ratio_max = 100;   // past the first MiB of what comes out
  // Each of a thread's buffers keeps up to this much between requests: 8 MiB is 18,000 spans of 459
  // bytes, 35 x the largest default batch of an SDK.
  size_t buffer_bytes_kept = 8 << 20;
};

}  // namespace slowburn::collector
