#include "slo/metric_sli.h"

#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace slowburn::slo {

bool GaugeSli::IsGood(double value) const {
  switch (test) {
    case Test::kNotZero:
      return value != 0;
    case Test::kAtMost:
      return value <= threshold;
    case Test::kAtLeast:
      break;
  }
  return value >= threshold;
}

std::optional<double> NanosPerUnit(const model::SeriesSelector& metric) {
  std::string_view name = metric.metric_name().value_or("");
  for (const std::string_view series : {"_bucket", "_count"}) {
    if (name.ends_with(series)) name.remove_suffix(series.size());
  }
  constexpr std::pair<std::string_view, double> kUnits[] = {
      {"_nanoseconds", 1}, {"_microseconds", 1e3}, {"_milliseconds", 1e6}, {"_seconds", 1e9},
      {"_minutes", 60e9},  {"_hours", 3600e9},     {"_days", 86400e9},
  };
  for (const auto& [suffix, nanos] : kUnits) {
    if (name.ends_with(suffix)) return nanos;
  }
  return std::nullopt;
}

std::string CanonicalText(const CounterSli& sli) {
  std::string text = "counter";
  const std::pair<std::string_view, const std::optional<model::SeriesSelector>&> parts[] = {
      {"good", sli.good}, {"bad", sli.bad}, {"total", sli.total}};
  for (const auto& [name, selector] : parts) {
    if (selector.has_value()) text += fmt::format(" {}={}", name, selector->CanonicalText());
  }
  return text;
}

std::string CanonicalText(const HistogramSli& sli) {
  return fmt::format("histogram metric={} max={}", sli.metric.CanonicalText(), sli.max);
}

std::string CanonicalText(const GaugeSli& sli) {
  std::string text = fmt::format("gauge metric={} ", sli.metric.CanonicalText());
  switch (sli.test) {
    case GaugeSli::Test::kNotZero:
      return text + "bool";
    case GaugeSli::Test::kAtMost:
      return text + fmt::format("max={}", sli.threshold);
    case GaugeSli::Test::kAtLeast:
      break;
  }
  return text + fmt::format("min={}", sli.threshold);
}

}  // namespace slowburn::slo
