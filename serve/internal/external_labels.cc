#include "serve/internal/external_labels.h"

#include <string>

#include "base/status.h"

namespace slowburn::serve::internal {

absl::StatusOr<ReadQuery> WithoutExternal(ReadQuery query, const model::LabelSet& external) {
  for (model::LabelMatcher& matcher : query.matchers) {
    if (matcher.op() != model::LabelMatcher::Op::kEqual || matcher.value().empty() ||
        external.Get(matcher.name()) != matcher.value())
      continue;
    SB_ASSIGN_OR_RETURN(
        matcher, model::LabelMatcher::Create(matcher.name(), model::LabelMatcher::Op::kEqual, ""));
  }
  return query;
}

model::LabelSet WithExternal(model::LabelSet labels, const model::LabelSet& external) {
  for (const model::Label& label : external) {
    if (!labels.Has(label.name)) labels.Set(label.name, label.value);
  }
  return labels;
}

}  // namespace slowburn::serve::internal
