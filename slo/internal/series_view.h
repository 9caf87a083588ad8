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
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/label_set.h"
#include "model/prometheus_labels.h"
#include "slo/metric_delta.h"

namespace slowburn::slo::internal {

class SeriesView {
 public:
  SeriesView(const model::PointSource& source, std::string_view metric_name);

  // A label of the series; else an attribute of the point or its resource by its own name, else an
  // attribute of the resource by the name that it would have as a label. "" where nothing is. Valid
  // as long as the view.
  std::string_view ValueOf(std::string_view name) const;
  // Those of the series as a store has it, under a metric name.
  model::LabelSet LabelsOf(std::string_view metric_name) const {
    model::LabelSet labels = labels_;
    labels.Set(model::kMetricNameLabel, metric_name);
    return labels;
  }
  // Raw, as SliDelta has it: a value that is absent or empty is "__none__".
  std::string GroupKey(const std::vector<std::string>& group_by) const;

  uint64_t writer_hash() const { return writer_; }
  // What the series is to `use`, a number.
  StreamKey KeyOf(uint64_t use) const;

 private:
  model::LabelSet labels_;
  model::LabelSet resource_labels_;
  std::vector<model::Label> resource_attributes_;  // by their own names
  std::string identity_;
  uint64_t writer_ = 0;
};

}  // namespace slowburn::slo::internal
