#include "storage/series/packed_labels.h"

namespace slowburn::storage {

std::string PackLabels(const model::LabelSet& labels) {
  std::string packed;
  for (const model::Label& label : labels) {
    internal::PutString(packed, label.name);
    internal::PutString(packed, label.value);
  }
  return packed;
}

bool UnpackLabels(std::string_view packed, model::LabelSet& labels) {
  labels = {};
  internal::ByteReader in(packed);
  std::string_view before;
  while (!in.AtEnd()) {
    const std::string_view name = in.String();
    const std::string_view value = in.String();
    if (!in.ok() || value.empty() || (!labels.empty() && name <= before)) return false;
    labels.Set(name, value);
    before = name;
  }
  return in.ok();
}

}  // namespace slowburn::storage
