// collector/testing/wire_mangler.h: a request written in another way, and taken apart.
//
// Room     collector/testing
// Uses     collector/internal
// Threads  one generator, one thread
// Units    none
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collector/testing/request_parts.h"
#include "model/signal.h"

namespace slowburn::collector {

// The same message for protobuf: fields in another order, singular messages in two parts, packed
// numbers in several parts or not packed, unknown fields and groups, known numbers with the wrong
// wire type.
std::string Mangle(model::Signal signal, std::string_view body, Random& random);

// Some bytes are others, or the end is missing.
void Mutate(std::string& body, Random& random);

// The messages of the spans, log records or data points in `body`, as they are on the wire, in
// order. Of a metric with several data members, those of all.
std::vector<std::string> RawItems(model::Signal signal, std::string_view body);

}  // namespace slowburn::collector
