#include "slo/slo_spec.h"

#include <algorithm>
#include <array>

#include "base/status.h"
#include "slo/slice.h"

namespace slowburn::slo {
namespace {

using namespace std::chrono_literals;

constexpr size_t kNameMax = 128;
constexpr size_t kGroupByMax = 8;
constexpr std::array<std::string_view, 6> kTakenLabels = {"alertname", "outcome", "service",
                                                          "severity",  "slo",     "window"};

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

bool IsValidSloName(std::string_view name) {
  if (name.empty() || name.size() > kNameMax) return false;
  if (!IsAlphanumeric(name.front()) || !IsAlphanumeric(name.back())) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return IsAlphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

absl::Status CheckWindow(std::chrono::nanoseconds window) {
  if (window % kSliceLength != 0ns) {
    return base::InvalidArgument(
        "a window is counted in slices of 10 s; write a multiple of 10s, like 30d");
  }
  if (window < 1min)
    return base::InvalidArgument("a window is at least 1m; write a longer one, like 30d");
  if (window > 400 * 24h)
    return base::InvalidArgument("a window is at most 400d; write a shorter one, like 30d");
  return absl::OkStatus();
}

absl::Status CheckGroupBy(const std::vector<std::string>& names) {
  if (names.size() > kGroupByMax) {
    return base::InvalidArgument("group_by has {} names; write at most {}", names.size(),
                                 kGroupByMax);
  }
  std::vector<std::string> labels;
  for (const std::string& name : names) {
    if (name.empty())
      return base::InvalidArgument(
          "group_by has an empty name; write an attribute's name, like http.route");
    std::string label = model::NormalizedLabelName(name);
    if (std::find(kTakenLabels.begin(), kTakenLabels.end(), label) != kTakenLabels.end()) {
      return base::InvalidArgument(
          "group_by \"{}\" becomes the label \"{}\", which alerts and series already use; group by "
          "another attribute",
          name, label);
    }
    if (std::find(labels.begin(), labels.end(), label) != labels.end()) {
      return base::InvalidArgument(
          "two names in group_by become the label \"{}\"; leave one of them out", label);
    }
    labels.push_back(std::move(label));
  }
  return absl::OkStatus();
}

}  // namespace slowburn::slo
