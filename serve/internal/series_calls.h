// serve/internal/series_calls.h: series, labels, label values, metadata, federate.
//
// Room     serve
// Uses     serve/, storage/api/
// Threads  pure but for what the context reads
// Units    as Prometheus' API
#pragma once

#include "serve/internal/api_context.h"

namespace slowburn::serve::internal {

absl::StatusOr<ApiAnswer> SeriesCall(const ApiContext& context, const ApiParameters& parameters);
absl::StatusOr<ApiAnswer> LabelsCall(const ApiContext& context, const ApiParameters& parameters);
absl::StatusOr<ApiAnswer> LabelValuesCall(const ApiContext& context,
                                          const ApiParameters& parameters);
absl::StatusOr<ApiAnswer> MetadataCall(const ApiContext& context, const ApiParameters& parameters);
// The newest sample of each series within the lookback, in the text format.
absl::StatusOr<ApiAnswer> FederateCall(const ApiContext& context, const ApiParameters& parameters);

}  // namespace slowburn::serve::internal
