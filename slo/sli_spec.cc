#include "slo/sli_spec.h"

#include <fmt/format.h>

namespace slowburn::slo {

std::string SliSpec::CanonicalText() const {
  std::string text = fmt::format("spans match={}", match.CanonicalText());
  if (bad.has_value()) text += fmt::format(" bad={}", bad->CanonicalText());
  if (good.has_value()) text += fmt::format(" good={}", good->CanonicalText());
  if (latency_max.has_value()) text += fmt::format(" latency_max_ns={}", latency_max->count());
  for (const std::string& name : group_by) text += fmt::format(" by={}:{}", name.size(), name);
  return text;
}

}  // namespace slowburn::slo
