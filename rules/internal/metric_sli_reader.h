// rules/internal/metric_sli_reader.h: counter:, histogram: and gauge: of an SLO file.
//
// Room     rules/internal
// Uses     base/, model/, slo/
// Threads  pure functions
// Units    thresholds in the metric's unit
// Source   docs/metrics_sli.md
#pragma once

#include <optional>

#include "base/yaml_reader.h"
#include "slo/metric_sli.h"

namespace slowburn::rules {

// Each takes the place of its source under `sli`; nothing where a part of it is wrong.
//   counter:   {total: SELECTOR, bad: SELECTOR}       any two of good, bad, total
//   histogram: {metric: SELECTOR, max: 300ms}         or a number in the metric's unit
//   gauge:     {metric: SELECTOR, bool: true}         or max: 0.5, or min: 10
std::optional<slo::CounterSli> ReadCounter(const base::YamlNode& counter);
std::optional<slo::HistogramSli> ReadHistogram(const base::YamlNode& histogram);
std::optional<slo::GaugeSli> ReadGauge(const base::YamlNode& gauge);

}  // namespace slowburn::rules
