#include <map>

#include "promql/internal/evaluator.h"

namespace slowburn::promql {
namespace {

const std::vector<model::LabelMatcher>* MatchersOf(const Expr& expr) {
  const Expr& bare = Bare(expr);
  if (bare.kind == Expr::Kind::kVectorSelector) return &As<VectorSelector>(bare).matchers;
  if (bare.kind == Expr::Kind::kMatrixSelector) return &As<MatrixSelector>(bare).vector->matchers;
  return nullptr;
}

}  // namespace

// Those that only one matcher asks for, and by equality.
model::LabelSet LabelsOfAbsent(const Expr& expr) {
  model::LabelSet labels;
  const std::vector<model::LabelMatcher>* matchers = MatchersOf(expr);
  if (matchers == nullptr) return labels;
  std::map<std::string_view, int> asked;
  for (const model::LabelMatcher& matcher : *matchers) {
    if (matcher.name() == model::kMetricNameLabel) continue;
    const bool equal = matcher.op() == model::LabelMatcher::Op::kEqual;
    labels.Set(matcher.name(), equal && asked[matcher.name()]++ == 0 ? matcher.value() : "");
  }
  return labels;
}

}  // namespace slowburn::promql
