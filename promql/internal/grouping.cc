#include "promql/internal/grouping.h"

#include <algorithm>

#include "promql/internal/label_key.h"

namespace slowburn::promql {

Grouping::Grouping(QueryContext& context, bool without, std::vector<std::string> labels)
    : context_(context), without_(without), labels_(std::move(labels)) {
  std::ranges::sort(labels_);
}

bool Grouping::Keeps(const std::string& label, bool drops_name) const {
  const bool named = std::ranges::binary_search(labels_, label);
  if (without_) return !named && !context_.GoesWithName(label);
  if (drops_name && !context_.delays_names() && context_.GoesWithName(label)) return false;
  return named;
}

size_t Grouping::Of(const Column& column) {
  key_.clear();
  for (const model::Label& label : *column.labels) {
    if (Keeps(label.name, column.drops_name)) AppendLabel(key_, label);
  }
  const auto [at, is_new] = by_key_.try_emplace(key_, groups_.size());
  if (is_new) {
    model::LabelSet labels;
    for (const model::Label& label : *column.labels) {
      if (Keeps(label.name, column.drops_name)) labels.Set(label.name, label.value);
    }
    groups_.push_back({context_.Keep(std::move(labels)), false});
  }
  // It goes if that of any member goes.
  if (column.drops_name && context_.delays_names()) groups_[at->second].drops_name = true;
  return at->second;
}

}  // namespace slowburn::promql
