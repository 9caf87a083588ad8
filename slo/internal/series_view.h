// slo/internal/series_view.h: a series by all the names that a spec may know it by, and its
// identity.
//
// Room     slo/internal
// Uses     model/
// Threads  one thread
// Units    none
// Source   docs/metrics_sli.md
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/label_set.h"
#include "model/prometheus_labels.h"
#include "slo/internal/identity_prefix.h"
#include "slo/metric_delta.h"

namespace slowburn::slo::internal {

// What the series of a resource have in common. It may be much, and the series many: it is read
// once.
class ResourceView {
 public:
  explicit ResourceView(const model::PointSource& source);

 private:
  friend class ScopeView;
  friend class SeriesView;
  model::LabelSet target_;                // job and instance
  model::LabelSet labels_;                // each attribute as one
  std::vector<model::Label> attributes_;  // by their own names, ascending
  IdentityPrefix identity_;
};

// Likewise those of one of its scopes. `resource` must outlive it.
class ScopeView {
 public:
  ScopeView(const ResourceView& resource, const model::PointSource& source);

 private:
  friend class SeriesView;
  const ResourceView& resource_;
  model::LabelSet labels_;
  IdentityPrefix identity_;
};

class SeriesView {
 public:
  // `scope` must outlive it.
  SeriesView(const ScopeView& scope, const model::PointSource& source,
             std::string_view metric_name);

  // A label of the series; else an attribute of the point or its resource by its own name, else an
  // attribute of the resource by the name that it would have as a label. "" where nothing is. Valid
  // as long as the view.
  std::string_view ValueOf(std::string_view name) const;
  // Those of the series as a store has it, under a metric name; nothing where they are more than it
  // takes.
  std::optional<model::LabelSet> LabelsOf(std::string_view metric_name) const;
  // Raw, as SliDelta has it: a value that is absent or empty is "__none__".
  std::string GroupKey(const std::vector<std::string>& group_by) const;

  uint64_t writer_hash() const { return writer_; }
  // What the series is to `use`, a number.
  StreamKey KeyOf(uint64_t use) const { return scope_.identity_.Key(identity_, use); }

 private:
  std::string_view LabelOf(std::string_view name) const;

  const ScopeView& scope_;
  model::LabelSet labels_;  // of the point; those of its scope and resource go over them
  std::string identity_;    // beyond the scope's
  uint64_t writer_ = 0;
};

}  // namespace slowburn::slo::internal
