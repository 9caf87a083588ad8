// promql/internal/vector_matching.h: which series of two vectors belong together, and what the
// result of two is called.
//
// Room     promql/internal
// Uses     promql/internal/
// Threads  the thread of the query
// Units    none
// Source   Prometheus documentation, "Vector matching"
#pragma once

#include <string>
#include <vector>

#include "promql/ast.h"
#include "promql/internal/query_context.h"

namespace slowburn::promql {

// Series of one match group, by their index in each side.
struct MatchGroup {
  std::vector<size_t> left, right;
};

class Matching {
 public:
  explicit Matching(const VectorMatching& matching);

  // The labels that matter, as a key.
  std::string KeyOf(const model::LabelSet& labels) const;
  // ... and as they are.
  model::LabelSet MatchedLabels(const model::LabelSet& labels) const;
  // By the first series that each has on the left, then on the right.
  std::vector<MatchGroup> Groups(const std::vector<Column>& left,
                                 const std::vector<Column>& right) const;
  // What a result is called, the name apart. `one` is the side that group_left or group_right does
  // not keep.
  model::LabelSet ResultLabels(const model::LabelSet& many, const model::LabelSet& one) const;

 private:
  bool Matters(const std::string& label) const;

  const VectorMatching& matching_;
  std::vector<std::string> labels_;  // sorted
};

}  // namespace slowburn::promql
