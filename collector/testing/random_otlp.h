// collector/testing/random_otlp.h: any OTLP message, every field of it, at random.
//
// Room     collector/testing
// Uses     protobuf's reflection
// Threads  pure functions
// Units    none
#pragma once

#include <google/protobuf/message.h>

#include "collector/testing/trace_requests.h"

namespace slowburn::collector {

// Fills `message`: each field is there or not, strings hold what JSON has to escape, numbers their
// extremes, ids any bytes (mostly of the right size), AnyValues a few levels of arrays and lists.
void FillAtRandom(google::protobuf::Message& message, Random& random);

}  // namespace slowburn::collector
