#include "collector/internal/request_metrics.h"

namespace slowburn::collector {

RequestOutcome OutcomeOf(const ExportAnswer& answer) {
  if (answer.outcome == ExportAnswer::Outcome::kUnavailable) return RequestOutcome::kUnavailable;
  return answer.rejected > 0 ? RequestOutcome::kPartial : RequestOutcome::kAccepted;
}

RequestOutcome OutcomeOf(RequestRefusal refusal) {
  return refusal == RequestRefusal::kOverloaded ? RequestOutcome::kUnavailable
                                                : RequestOutcome::kRefused;
}

RequestMetrics::RequestMetrics(const std::string& transport, prometheus::Registry& registry) {
  constexpr std::array<const char*, kOutcomes> kNames = {"accepted", "partial", "refused",
                                                         "unavailable"};
  auto& requests = prometheus::BuildCounter()
                       .Name("slowburn_collector_requests_total")
                       .Help("Export requests by how they ended.")
                       .Register(registry);
  auto& bytes = prometheus::BuildCounter()
                    .Name("slowburn_collector_request_bytes_total")
                    .Help("Bytes of export requests as they came over the wire.")
                    .Register(registry);
  for (size_t signal = 0; signal < signals_.size(); ++signal) {
    const std::string name(signal < model::kSignals.size()
                               ? model::SignalName(model::kSignals[signal])
                               : std::string_view("none"));
    for (size_t i = 0; i < kOutcomes; ++i) {
      signals_[signal].requests[i] =
          &requests.Add({{"transport", transport}, {"signal", name}, {"outcome", kNames[i]}});
    }
    signals_[signal].bytes = &bytes.Add({{"transport", transport}, {"signal", name}});
  }
}

}  // namespace slowburn::collector
