#include "serve/internal/group_alerts.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include <fmt/format.h>

namespace slowburn::serve::internal {
namespace {

// With its length before it, so that no two lists of parts give one key.
void AppendPart(std::string& key, std::string_view part) {
  fmt::format_to(std::back_inserter(key), "{}:{}", part.size(), part);
}

bool ComesBefore(const model::Alert* a, const model::Alert* b) {
  for (const std::string_view name : {"alertname", "severity"}) {
    if (a->labels.Get(name) != b->labels.Get(name)) {
      return a->labels.Get(name) < b->labels.Get(name);
    }
  }
  return a->labels < b->labels;
}

}  // namespace

GroupAlerts::GroupAlerts(const SloReading& reading) {
  std::unordered_map<std::string, const slo::SloSpec*> specs;
  for (const slo::SloStatus& status : reading.statuses) {
    const slo::SloSpec& spec = (*reading.slos)[status.index];
    specs.emplace(spec.id(), &spec);
  }
  for (const model::Alert& alert : reading.alerts) {
    std::string id = fmt::format("{}/{}", alert.labels.Get("service"), alert.labels.Get("slo"));
    const auto spec = specs.find(id);
    if (spec == specs.end()) continue;
    std::string key = std::move(id);
    for (const std::string& name : spec->second->sli.group_by) {
      AppendPart(key, alert.labels.Get(model::NormalizedLabelName(name)));
    }
    by_group_[key].push_back(&alert);
  }
  for (auto& [key, alerts] : by_group_) std::ranges::sort(alerts, ComesBefore);
}

const std::vector<const model::Alert*>& GroupAlerts::Of(const slo::SloSpec& spec,
                                                        const slo::GroupStatus& group) const {
  std::string key = spec.id();
  for (size_t i = 0; i < spec.sli.group_by.size(); ++i) {
    AppendPart(key, i < group.values.size() ? std::string_view(group.values[i]) : "");
  }
  const auto found = by_group_.find(key);
  return found == by_group_.end() ? none_ : found->second;
}

}  // namespace slowburn::serve::internal
