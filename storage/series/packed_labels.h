// storage/series/packed_labels.h: a label set as bytes, the same for the same labels: a tenth of a
// LabelSet's memory, and what identifies a series.
//
// Room     storage/series: pure functions
// Uses     model/, storage/series
// Threads  pure functions
// Units    none
// Source   docs/format/series.md
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/label_set.h"
#include "storage/series/internal/bytes.h"

namespace slowburn::storage {

std::string PackLabels(const model::LabelSet& labels);
// False for what PackLabels does not write.
bool UnpackLabels(std::string_view packed, model::LabelSet& labels);

// Calls `visit(name, value)` for each label in order. `packed` must be what PackLabels wrote.
template <typename Visit>
void VisitLabels(std::string_view packed, Visit&& visit) {
  internal::ByteReader in(packed);
  while (!in.AtEnd()) {
    const std::string_view name = in.String();
    const std::string_view value = in.String();
    visit(name, value);
  }
}

}  // namespace slowburn::storage
