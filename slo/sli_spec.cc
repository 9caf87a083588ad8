#include "slo/sli_spec.h"

#include <fmt/format.h>

namespace slowburn::slo {
namespace {

std::string SourceText(const EventSli& sli) {
  const std::string_view items = sli.signal == model::Signal::kLogs ? "logs" : "spans";
  std::string text = fmt::format("{} match={}", items, sli.match.CanonicalText());
  if (sli.bad.has_value()) text += fmt::format(" bad={}", sli.bad->CanonicalText());
  if (sli.good.has_value()) text += fmt::format(" good={}", sli.good->CanonicalText());
  if (sli.latency_max.has_value())
    text += fmt::format(" latency_max_ns={}", sli.latency_max->count());
  return text;
}

std::string SourceText(const CompositeSli& sli) {
  std::string text = fmt::format("composite {}", CompositeMethodName(sli.method));
  if (sli.timeslice != 0) text += fmt::format(" timeslice={}", sli.timeslice);
  for (const CompositeSli::Member& member : sli.members)
    text += fmt::format(" {}*{}", member.slo, member.weight);
  return text;
}

template <typename MetricSli>
std::string SourceText(const MetricSli& sli) {
  return slo::CanonicalText(sli);
}

}  // namespace

std::optional<SliSpec::Latency> SliSpec::latency() const {
  if (events() != nullptr && events()->latency_max.has_value())
    return Latency{.max = *events()->latency_max, .nanos_per_unit = 1};
  if (histogram() == nullptr) return std::nullopt;
  const std::optional<double> nanos = NanosPerUnit(histogram()->metric);
  if (!nanos.has_value()) return std::nullopt;
  return Latency{.max = std::chrono::duration<double>(histogram()->max * *nanos / 1e9),
                 .nanos_per_unit = *nanos};
}

std::string SliSpec::CanonicalText() const {
  std::string text = std::visit([](const auto& sli) { return SourceText(sli); }, source);
  for (const std::string& name : group_by) text += fmt::format(" by={}:{}", name.size(), name);
  return text;
}

}  // namespace slowburn::slo
