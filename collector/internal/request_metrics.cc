#include "collector/internal/request_metrics.h"

namespace slowburn::collector {

RequestOutcome OutcomeOf(const ExportAnswer& answer) {
  if (answer.outcome == ExportAnswer::Outcome::kUnavailable) return RequestOutcome::kUnavailable;
  return answer.rejected > 0 ? RequestOutcome::kPartial : RequestOutcome::kAccepted;
}

RequestMetrics::RequestMetrics(const std::string& transport, prometheus::Registry& registry) {
  constexpr std::array<const char*, kOutcomes> kNames = {"accepted", "partial", "refused",
                                                         "unavailable"};
  auto& requests = prometheus::BuildCounter()
                       .Name("slowburn_collector_requests_total")
                       .Help("Export requests by how they ended.")
                       .Register(registry);
  for (size_t i = 0; i < kOutcomes; ++i) {
    requests_[i] = &requests.Add({{"transport", transport}, {"outcome", kNames[i]}});
  }
  bytes_ = &prometheus::BuildCounter()
                .Name("slowburn_collector_request_bytes_total")
                .Help("Bytes of export requests as they came over the wire.")
                .Register(registry)
                .Add({{"transport", transport}});
}

}  // namespace slowburn::collector
