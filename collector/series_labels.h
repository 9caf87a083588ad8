// collector/series_labels.h: the labels of a series or an exemplar that a remote write brought,
// whichever version it came in.
//
// Room     collector
// Uses     model/, protozero
// Threads  pure functions
// Units    none
// Source   Prometheus remote write 1.0 and 2.0, labels
#pragma once

#include <cstddef>
#include <string_view>

#include "model/label_set.h"
#include "model/series_batch.h"

namespace slowburn::collector {

// Of one series or exemplar: more are not read. The store takes 64.
inline constexpr size_t kLabelsMax = 256;

// Of a decoded batch whose request is still there. Returns "", or what about the labels cannot be:
// more than kLabelsMax, a name that is empty or comes twice, bytes that are no label; in 2.0 also
// names out of order, and references without a pair or beyond the symbols. Then `labels` is empty.
// A label with an empty value is no label.
std::string_view ReadSeriesLabels(const model::SeriesBatch& batch,
                                  const model::SeriesBatch::Series& series,
                                  model::LabelSet& labels);
std::string_view ReadExemplarLabels(const model::SeriesBatch& batch,
                                    const model::SeriesBatch::Exemplar& exemplar,
                                    model::LabelSet& labels);

}  // namespace slowburn::collector
