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
};

}  // namespace slowburn::collector
