#include "promql/internal/column.h"

#include <algorithm>

#include "promql/internal/sample_count.h"

namespace slowburn::promql {
namespace {

struct Weight {
  uint64_t bytes = 0;
  uint64_t samples = 0;  // what stands for none is one too
};

Weight WeightOf(const Column& column) {
  Weight weight{.bytes = sizeof(Column) + column.values.capacity() * sizeof(double) +
                         column.histograms.capacity() * sizeof(HistogramPtr),
                .samples = column.steps()};
  const model::NativeHistogram* last = nullptr;
  for (const HistogramPtr& histogram : column.histograms) {
    if (histogram == nullptr || histogram.get() == last) continue;
    last = histogram.get();
    weight.bytes += sizeof(*last) + (last->positive_counts.size() + last->negative_counts.size() +
                                     last->custom_bounds.size()) *
                                        sizeof(double);
    weight.samples += SamplesOf(*last, false);
  }
  return weight;
}

}  // namespace

bool IsEmpty(const Column& column) {
  return std::ranges::all_of(column.values, IsAbsent) &&
         std::ranges::all_of(column.histograms,
                             [](const HistogramPtr& histogram) { return histogram == nullptr; });
}

absl::Status Columns::Add(Column&& column) {
  const Weight weight = WeightOf(column);
  if (absl::Status status = charge.Add(weight.bytes, weight.samples); !status.ok()) return status;
  series.push_back(std::move(column));
  return absl::OkStatus();
}

}  // namespace slowburn::promql
