// promql/internal/label_key.h: label sets, or parts of them, as keys of a hash table.
//
// Room     promql/internal
// Uses     model/
// Threads  pure functions
// Units    none
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/label_set.h"

namespace slowburn::promql {

// Names and values, each with its length before it, so that no two label sets have the same.
inline void AppendLabel(std::string& key, const model::Label& label) {
  for (const std::string* text : {&label.name, &label.value}) {
    const auto length = static_cast<uint32_t>(text->size());
    key.append(reinterpret_cast<const char*>(&length), sizeof(length));
    key.append(*text);
  }
}

inline std::string LabelKey(const model::LabelSet& labels) {
  std::string key;
  for (const model::Label& label : labels) AppendLabel(key, label);
  return key;
}

}  // namespace slowburn::promql
