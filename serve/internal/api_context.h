// serve/internal/api_context.h: what a call to Prometheus' API works with.
//
// Room     serve
// Uses     serve/
// Threads  immutable; a call has its own
// Units    none
#pragma once

#include <stop_token>

#include <absl/status/statusor.h>

#include "serve/internal/api_answer.h"
#include "serve/internal/api_parameters.h"
#include "serve/prometheus_api.h"

namespace slowburn::serve::internal {

struct ApiContext {
  const PrometheusSources& sources;
  const PrometheusOptions& options;
  std::stop_token stop;                         // asked for once nobody wants the answer
  std::chrono::steady_clock::time_point asked;  // when it began to wait for its turn
  std::chrono::steady_clock::time_point begun;  // when its turn came

  int64_t NowMs() const {
    return std::chrono::floor<std::chrono::milliseconds>(sources.clock.Now())
        .time_since_epoch()
        .count();
  }
  std::unique_ptr<storage::SeriesSnapshot> Snapshot() const {
    return sources.series.TakeSnapshot(options.engine.read, stop);
  }
};

using ApiCall = absl::StatusOr<ApiAnswer> (*)(const ApiContext& context,
                                              const ApiParameters& parameters);

}  // namespace slowburn::serve::internal
