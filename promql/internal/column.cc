#include "promql/internal/column.h"

#include <algorithm>

namespace slowburn::promql {
namespace {

uint64_t BytesOf(const Column& column) {
  uint64_t bytes = sizeof(Column) + column.values.capacity() * sizeof(double) +
                   column.histograms.capacity() * sizeof(HistogramPtr);
  const model::NativeHistogram* last = nullptr;
  for (const HistogramPtr& histogram : column.histograms) {
    if (histogram == nullptr || histogram.get() == last) continue;
    last = histogram.get();
    bytes += sizeof(*last) + (last->positive_counts.size() + last->negative_counts.size() +
                              last->custom_bounds.size()) *
                                 sizeof(double);
  }
  return bytes;
}

}  // namespace

bool IsEmpty(const Column& column) {
  return std::ranges::all_of(column.values, IsAbsent) &&
         std::ranges::all_of(column.histograms,
                             [](const HistogramPtr& histogram) { return histogram == nullptr; });
}

absl::Status Columns::Add(Column&& column) {
  if (absl::Status status = charge.Add(BytesOf(column)); !status.ok()) return status;
  series.push_back(std::move(column));
  return absl::OkStatus();
}

}  // namespace slowburn::promql
