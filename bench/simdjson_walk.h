// bench/simdjson_walk.h: OTLP/JSON traces read by simdjson alone, beside our own reader of the
// text.
//
// Room     bench
// Uses     simdjson, xxHash
// Threads  a walker per thread
// Units    nanoseconds
// Source   after the description of the loop that DESIGN section 9 calls the bare limit of JSON:
// on-demand, times, status and the hashes of four attributes; no checks, no text kept. It is not
// that loop, and may well be slower
#pragma once

#include <cstdint>
#include <string>

#include <simdjson.h>

namespace slowburn::bench {

struct WalkedSpans {
  uint64_t spans = 0;
  uint64_t errors = 0;       // with status.code 2
  uint64_t nanos = 0;        // of all spans together
  uint64_t text_hashes = 0;  // XXH3 of the values of four attributes, added up
};

class SimdjsonWalk {
 public:
  // `body` has simdjson::SIMDJSON_PADDING bytes of capacity beyond its end. Throws
  // simdjson::simdjson_error where it is not what SDKs send.
  WalkedSpans Walk(const std::string& body);

 private:
  simdjson::ondemand::parser parser_;
};

}  // namespace slowburn::bench
