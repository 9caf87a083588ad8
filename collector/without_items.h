// collector/without_items.h: a protobuf request without some of its items.
//
// Room     collector
// Uses     model/, protozero
// Threads  pure functions
// Units    bytes
// Source   requirements R6, X13, X17
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/rejection.h"
#include "model/signal.h"

namespace slowburn::collector {

// `body` without the items of these ordinals (ascending): spans, log records or data points. The
// envelopes are framed anew around the unchanged bytes of what stays; unknown fields survive,
// envelopes left empty go, metrics without points among them. `body` must have passed its decoder.
std::string WithoutItems(model::Signal signal, std::string_view body,
                         const std::vector<model::RejectedItem>& rejected);

}  // namespace slowburn::collector
