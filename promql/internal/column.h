// promql/internal/column.h: one series over the steps of an evaluation.
//
// Room     promql/internal
// Uses     model/, promql/
// Threads  values; one thread at a time
// Units    none
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "model/label_set.h"
#include "promql/internal/memory_meter.h"
#include "promql/value.h"

namespace slowburn::promql {

// Where values[i] is absent there may be a histogram at i.
struct Column {
  const model::LabelSet* labels = nullptr;  // the snapshot's or the query's; outlives the column
  bool drops_name = false;                  // the labels without __name__ are meant
  std::vector<double> values;
  std::vector<HistogramPtr> histograms;  // empty: none at any step

  size_t steps() const { return values.size(); }
  bool HasNumber(size_t step) const { return !IsAbsent(values[step]); }
  const model::NativeHistogram* HistogramAt(size_t step) const {
    return histograms.empty() ? nullptr : histograms[step].get();
  }
  bool HasPoint(size_t step) const { return HasNumber(step) || HistogramAt(step) != nullptr; }

  // Nothing at any of the steps.
  void Reset(size_t steps) {
    values.assign(steps, AbsentValue());
    histograms.clear();
  }
  void SetNumber(size_t step, double value) {
    values[step] = value;
    if (!histograms.empty()) histograms[step] = nullptr;
  }
  void SetHistogram(size_t step, HistogramPtr histogram) {
    if (histograms.empty()) histograms.resize(values.size());
    values[step] = AbsentValue();
    histograms[step] = std::move(histogram);
  }
  void Remove(size_t step) {
    values[step] = AbsentValue();
    if (!histograms.empty()) histograms[step] = nullptr;
  }
  void CopyPoint(size_t step, const Column& from, size_t at) {
    if (from.HistogramAt(at) != nullptr) {
      SetHistogram(step, from.histograms[at]);
    } else {
      SetNumber(step, from.values[at]);
    }
  }
};

bool IsEmpty(const Column& column);

// All series of a vector expression, charged for while they are held.
struct Columns {
  explicit Columns(MemoryMeter& meter) : charge(meter) {}

  // kResourceExhausted when the query holds too much.
  absl::Status Add(Column&& column);

  std::vector<Column> series;
  MemoryCharge charge;
};

}  // namespace slowburn::promql
