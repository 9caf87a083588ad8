// serve/internal/external_labels.h: the labels that only others see on our series.
//
// Room     serve
// Uses     model/, serve/
// Threads  pure functions
// Units    none
// Source   Prometheus, "Remote Read API"
#pragma once

#include <absl/status/statusor.h>

#include "model/label_set.h"
#include "serve/read_messages.h"

namespace slowburn::serve::internal {

// What a query that means our series by such labels means here.
absl::StatusOr<ReadQuery> WithoutExternal(ReadQuery query, const model::LabelSet& external);

// A series' own labels win.
model::LabelSet WithExternal(model::LabelSet labels, const model::LabelSet& external);

}  // namespace slowburn::serve::internal
