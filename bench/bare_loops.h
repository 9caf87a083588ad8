// bench/bare_loops.h: what decoding alone costs: the measure that the whole program is held to.
//
// Room     bench
// Uses     collector/, slo/, rules/, net/ (gunzip), the generated OTLP classes, simdjson
// Threads  each runs on the calling thread
// Units    spans per second of processor time
#pragma once

#include <chrono>
#include <string>

#include "bench/slo_set.h"

namespace slowburn::bench {

struct BareRates {
  double decode = 0;         // collector::DecodeTraces with the projection of the SLOs
  double gunzip_decode = 0;  // net::DecodeContent before it
  double json_decode = 0;    // collector::DecodeTracesJson
  double simdjson = 0;       // SimdjsonWalk over the same bodies
  double decode_match = 0;   // slo::SpanMatcher after it
  double generated = 0;      // the generated protobuf class
};

// Each loop runs for `length`. Throws std::runtime_error when something is not decoded.
BareRates MeasureBareLoops(const SloSet& set, std::chrono::milliseconds length);

}  // namespace slowburn::bench
