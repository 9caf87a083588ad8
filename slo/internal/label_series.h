// slo/internal/label_series.h: a series of which labels are all that is known.
//
// Room     slo/internal
// Uses     model/, slo/
// Threads  pure functions
// Units    none
// Source   docs/metrics_sli.md
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/label_set.h"
#include "slo/metric_delta.h"

namespace slowburn::slo::internal {

// Raw, as SliDelta has it: by the name as it is written, else by its label; "__none__" where
// neither is.
std::string GroupKeyOf(const model::LabelSet& labels, const std::vector<std::string>& group_by);

// What the series is to `use`, a number.
StreamKey StreamKeyOf(const model::LabelSet& labels, uint64_t use);

// The series of one process and metric, as far as labels say.
uint64_t WriterOf(const model::LabelSet& labels);

}  // namespace slowburn::slo::internal
