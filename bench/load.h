// bench/load.h: clients that send as fast as the server acks.
//
// Room     bench
// Uses     gRPC, POSIX sockets
// Threads  a load has its own; acked and failures from any
// Units    requests
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/payload.h"

namespace slowburn::bench {

// Sends from construction until it is stopped or destroyed.
class Load {
 public:
  virtual ~Load() = default;
  // Waits for the last answers. Twice is harmless.
  virtual void Stop() = 0;
  uint64_t acked() const { return acked_; }
  // Answers other than success, and broken connections: a measurement with any is void.
  uint64_t failures() const { return failures_; }

 protected:
  std::atomic<uint64_t> acked_{0};
  std::atomic<uint64_t> failures_{0};
};

// Both must outlive the load. `first_serial`: stamps count from here.
struct LoadOptions {
  std::string address;  // HOST:PORT
  const std::vector<Payload>& payloads;
  Encoding encoding = Encoding::kNone;
  std::string ca;  // PEM of the server's authority; empty: plaintext
  uint64_t first_serial = 0;
};

// 8 keep-alive connections, a blocking thread each.
std::unique_ptr<Load> StartHttpLoad(const LoadOptions& options);
// 4 channels with 8 calls in flight together, one thread; gRPC's own gzip is not used.
std::unique_ptr<Load> StartGrpcLoad(const LoadOptions& options);

}  // namespace slowburn::bench
