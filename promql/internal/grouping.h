// promql/internal/grouping.h: which series go into which group of an aggregation.
//
// Room     promql/internal
// Uses     promql/internal/
// Threads  the thread of the query
// Units    none
// Source   Prometheus documentation, "Aggregation operators"
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "promql/internal/query_context.h"

namespace slowburn::promql {

// Numbers the groups of by (...) or without (...) in the order in which they come. A series is
// looked at once, not at each step.
class Grouping {
 public:
  Grouping(QueryContext& context, bool without, std::vector<std::string> labels);

  // The group that a column belongs to.
  size_t Of(const Column& column);
  // Of group `index`; whether its name goes at the end of the query.
  const model::LabelSet* labels(size_t index) const { return groups_[index].labels; }
  bool drops_name(size_t index) const { return groups_[index].drops_name; }
  size_t size() const { return groups_.size(); }

 private:
  struct Group {
    const model::LabelSet* labels = nullptr;
    bool drops_name = false;
  };

  bool Keeps(const std::string& label, bool drops_name) const;

  QueryContext& context_;
  bool without_;
  std::vector<std::string> labels_;  // sorted
  std::string key_;
  std::unordered_map<std::string, size_t> by_key_;
  std::vector<Group> groups_;
};

}  // namespace slowburn::promql
