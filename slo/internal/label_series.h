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

// What a series of a selector is to an SLI. Part of stream keys: never change a number.
enum class SeriesRole : uint8_t { kGood = 1, kBad = 2, kTotal = 3, kWhole = 4 };

inline uint64_t UseOf(SliId sli, SeriesRole role) {
  return uint64_t{static_cast<uint32_t>(sli)} << 16 | uint64_t{static_cast<uint8_t>(role)} << 8;
}

// What the series is to `use`, a number.
StreamKey StreamKeyOf(const model::LabelSet& labels, uint64_t use);

// The series of one process and metric, as far as labels say.
uint64_t WriterOf(const model::LabelSet& labels);

}  // namespace slowburn::slo::internal
