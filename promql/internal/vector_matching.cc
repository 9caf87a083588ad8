#include "promql/internal/vector_matching.h"

#include <algorithm>
#include <unordered_map>

#include "promql/internal/label_key.h"

namespace slowburn::promql {

Matching::Matching(const VectorMatching& matching) : matching_(matching), labels_(matching.labels) {
  std::ranges::sort(labels_);
}

bool Matching::Matters(const std::string& label) const {
  const bool named = std::ranges::binary_search(labels_, label);
  return matching_.on ? named : !named && label != model::kMetricNameLabel;
}

std::string Matching::KeyOf(const model::LabelSet& labels) const {
  std::string key;
  for (const model::Label& label : labels) {
    if (Matters(label.name)) AppendLabel(key, label);
  }
  return key;
}

model::LabelSet Matching::MatchedLabels(const model::LabelSet& labels) const {
  model::LabelSet matched;
  for (const model::Label& label : labels) {
    if (Matters(label.name)) matched.Set(label.name, label.value);
  }
  return matched;
}

std::vector<MatchGroup> Matching::Groups(const std::vector<Column>& left,
                                         const std::vector<Column>& right) const {
  std::vector<MatchGroup> groups;
  std::unordered_map<std::string, size_t> by_key;
  const auto group_of = [&](const Column& column) -> MatchGroup& {
    const auto [at, is_new] = by_key.try_emplace(KeyOf(*column.labels), groups.size());
    if (is_new) groups.emplace_back();
    return groups[at->second];
  };
  for (size_t i = 0; i < left.size(); ++i) group_of(left[i]).left.push_back(i);
  for (size_t i = 0; i < right.size(); ++i) group_of(right[i]).right.push_back(i);
  return groups;
}

model::LabelSet Matching::ResultLabels(const model::LabelSet& many,
                                       const model::LabelSet& one) const {
  model::LabelSet result = many;
  if (matching_.cardinality == VectorMatching::Cardinality::kOneToOne) {
    for (const model::Label& label : many) {
      const bool named = std::ranges::binary_search(labels_, label.name);
      if (named != matching_.on) result.Set(label.name, "");
    }
  }
  for (const std::string& label : matching_.include) result.Set(label, one.Get(label));
  return result;
}

}  // namespace slowburn::promql
