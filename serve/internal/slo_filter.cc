#include "serve/internal/slo_filter.h"

#include <algorithm>
#include <string_view>

#include "base/status.h"

namespace slowburn::serve::internal {
namespace {

constexpr std::string_view kLabelPrefix = "label.";

std::optional<slo::SloState> StateNamed(std::string_view name) {
  for (const slo::SloState state : kStatesByUrgency) {
    if (slo::SloStateName(state) == name) return state;
  }
  return std::nullopt;
}

template <typename T>
bool IsEmptyOrHolds(const std::vector<T>& wanted, const T& value) {
  return wanted.empty() || std::ranges::find(wanted, value) != wanted.end();
}

}  // namespace

absl::StatusOr<SloFilter> SloFilter::Parse(const net::HttpRequest& request) {
  SloFilter filter;
  for (auto& [name, value] : net::ParseQuery(request.query)) {
    if (value.empty()) continue;
    if (name == "state") {
      const std::optional<slo::SloState> state = StateNamed(value);
      if (!state.has_value()) {
        return base::InvalidArgument(
            "there is no state \"{}\"; write one of ok, burning, exhausted, no_data, invalid",
            value);
      }
      filter.states_.push_back(*state);
    } else if (name == "service") {
      filter.services_.push_back(value);
    } else if (name.starts_with(kLabelPrefix)) {
      filter.labels_.emplace_back(name.substr(kLabelPrefix.size()), value);
    }
  }
  return filter;
}

bool SloFilter::Matches(const slo::SloSpec& spec, const slo::SloStatus& status) const {
  return IsEmptyOrHolds(states_, status.state) && IsEmptyOrHolds(services_, spec.service) &&
         std::ranges::all_of(labels_, [&](const auto& label) {
           return spec.labels.Get(label.first) == label.second;
         });
}

}  // namespace slowburn::serve::internal
