// model/native_histogram_message.h: a native histogram as Prometheus sends it: the message
// Histogram of remote write, both versions, and of remote read.
//
// Room     model
// Uses     model/, protozero
// Threads  pure functions
// Units    unix milliseconds
// Source   Prometheus, prompb: types.proto; remote write 2.0
#pragma once

#include <cstdint>

#include <protozero/pbf_writer.hpp>

#include "model/native_histogram.h"

namespace slowburn::model {

// Writes its fields into `message`, which is empty.
void WriteNativeHistogram(protozero::pbf_writer& message, int64_t time_ms,
                          const NativeHistogram& histogram);

}  // namespace slowburn::model
