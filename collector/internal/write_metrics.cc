#include "collector/internal/write_metrics.h"

namespace slowburn::collector {

WriteMetrics::WriteMetrics(prometheus::Registry& registry) {
  constexpr std::array<const char*, kOutcomes> kNames = {"accepted", "partial", "refused",
                                                         "unavailable"};
  auto& requests = prometheus::BuildCounter()
                       .Name("slowburn_collector_remote_write_requests_total")
                       .Help("Remote write requests by how they ended.")
                       .Register(registry);
  auto& bytes = prometheus::BuildCounter()
                    .Name("slowburn_collector_remote_write_request_bytes_total")
                    .Help("Bytes of remote write requests as they came over the wire.")
                    .Register(registry);
  auto& samples = prometheus::BuildCounter()
                      .Name("slowburn_collector_remote_write_samples_total")
                      .Help("Samples and histograms of remote write by what became of them.")
                      .Register(registry);
  const auto requests_of = [&](const char* version) {
    Requests of;
    for (size_t i = 0; i < kOutcomes; ++i) {
      of[i] = &requests.Add({{"version", version}, {"outcome", kNames[i]}});
    }
    return of;
  };
  const auto of_version = [&](const char* version) {
    return OfVersion{
        .requests = requests_of(version),
        .bytes = &bytes.Add({{"version", version}}),
        .accepted = &samples.Add({{"version", version}, {"outcome", "accepted"}}),
        .refused = &samples.Add({{"version", version}, {"outcome", "refused"}}),
        .unavailable = &samples.Add({{"version", version}, {"outcome", "unavailable"}})};
  };
  versions_ = {of_version("1.0"), of_version("2.0")};
  unknown_ = requests_of("none");
}

void WriteMetrics::Count(WriteVersion version, uint64_t samples, const SeriesAnswer& answer) {
  if (answer.outcome == ExportAnswer::Outcome::kUnavailable) {
    of(version).unavailable->Increment(static_cast<double>(samples));
    return Count(version, RequestOutcome::kUnavailable);
  }
  of(version).accepted->Increment(
      static_cast<double>(answer.samples_written + answer.histograms_written));
  of(version).refused->Increment(static_cast<double>(answer.refused));
  Count(version,
        IsAllWritten(version, answer) ? RequestOutcome::kAccepted : RequestOutcome::kPartial);
}

}  // namespace slowburn::collector
