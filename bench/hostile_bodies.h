// bench/hostile_bodies.h: valid requests that are made to cost memory.
//
// Room     bench
// Uses     protozero, net/
// Threads  pure functions
// Units    bytes
// Source   faults 25, 26
#pragma once

#include <string>
#include <vector>

namespace slowburn::bench {

struct HostileBody {
  std::string name;
  std::string path;  // "/v1/metrics"
  std::string content_type;
  std::string content_encoding;  // "" or "gzip", "zstd"
  std::string body;
};

// Each of `bytes` bytes once decompressed: empty data points, spans and log records (2 bytes each
// on the wire), the smallest valid ones, empty attributes, nested values; the same in JSON;
// compressed.
std::vector<HostileBody> MakeHostileBodies(size_t bytes);

}  // namespace slowburn::bench
