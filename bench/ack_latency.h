// bench/ack_latency.h: how long a durable ack takes, and how long the disk needs for it.
//
// Room     bench
// Uses     POSIX
// Threads  a measurement has its own, and blocks its caller
// Units    seconds
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "bench/payload.h"

namespace slowburn::bench {

struct Quantiles {
  size_t samples = 0;
  double p50 = 0;
  double p99 = 0;
};

// Appends of 4 KiB, each with an fdatasync, to a new file in `directory`. With `preallocated` the
// file has its blocks beforehand, as a write-ahead log does, which saves the file system work.
Quantiles MeasureFdatasync(const std::filesystem::path& directory, bool preallocated,
                           std::chrono::milliseconds length);

// `rate` writes a second, each due at its own moment: one append of 4 KiB with an fdatasync for all
// that came due while the one before ran. A latency counts from that moment, as those of acks do:
// when the disk stands still, all that come meanwhile have waited.
Quantiles MeasurePacedFdatasync(const std::filesystem::path& directory, int rate,
                                std::chrono::milliseconds length);

// `rate` requests a second over HTTP, each at its own moment whether or not earlier ones are
// answered; a latency counts from that moment. Throws std::runtime_error when one is refused.
Quantiles MeasureAcks(const std::string& address, const std::vector<Payload>& payloads, int rate,
                      std::chrono::milliseconds length, uint64_t first_serial);

}  // namespace slowburn::bench
