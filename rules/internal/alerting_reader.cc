#include "rules/internal/alerting_reader.h"

#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "rules/internal/spec_values.h"

namespace slowburn::rules {
namespace {

using base::YamlNode;

constexpr std::string_view kDefaultPolicy = "sre-workbook";

slo::SeverityAlerting ReadSeverity(const YamlNode& node, const std::vector<std::string>& group_by) {
  node.AllowKeys({"disable", "labels", "annotations"});
  return {.disabled = node.Optional("disable").Bool().value_or(false),
          .labels = ReadLabels(node.Optional("labels"), LabelPlace::kAlertLabels, group_by),
          .annotations = ReadLabels(node.Optional("annotations"), LabelPlace::kAnnotations, {})};
}

slo::AlertScope ReadScope(const YamlNode& node, bool grouped) {
  const std::optional<std::string> text = node.String();
  if (!text.has_value()) return grouped ? slo::AlertScope::kGroups : slo::AlertScope::kTotal;
  if (*text == "total") return slo::AlertScope::kTotal;
  // Without groups, both is the total.
  if (*text == "both") return grouped ? slo::AlertScope::kBoth : slo::AlertScope::kTotal;
  if (*text != "groups") {
    node.Error(fmt::format("{} is \"{}\"; write groups, total or both", node.path(), Shown(*text)));
  } else if (!grouped) {
    node.Error(fmt::format(
        "{} is groups, but the SLI has none; add group_by under sli, or write total", node.path()));
  }
  return slo::AlertScope::kGroups;
}

}  // namespace

slo::AlertingSpec ReadAlerting(const YamlNode& node, const std::vector<std::string>& group_by) {
  node.AllowKeys({"policy", "scope", "page", "ticket"});
  const YamlNode page = node.Optional("page");
  const YamlNode ticket = node.Optional("ticket");
  slo::AlertingSpec alerting{.scope = ReadScope(node.Optional("scope"), !group_by.empty()),
                             .page = ReadSeverity(page, group_by),
                             .ticket = ReadSeverity(ticket, group_by)};
  // The severity tells the page from the ticket: alerts are known by their labels.
  const auto severity = [](const slo::SeverityAlerting& one, std::string_view otherwise) {
    return one.labels.Has("severity") ? std::string(one.labels.Get("severity"))
                                      : std::string(otherwise);
  };
  const std::string of_page = severity(alerting.page, "page");
  if (!alerting.page.disabled && !alerting.ticket.disabled &&
      of_page == severity(alerting.ticket, "ticket")) {
    (ticket.IsPresent() ? ticket : page)
        .Error(
            fmt::format("page and ticket both have the severity \"{}\"; give them different ones",
                        Shown(of_page)));
  }
  return alerting;
}

std::optional<slo::AlertPolicy> ReadPolicy(const YamlNode& node,
                                           const std::optional<slo::Objective>& objective,
                                           const std::optional<std::chrono::seconds>& window) {
  if (node.IsSequence() || node.IsMap()) {
    node.Error(
        fmt::format("{} is a list of tiers, which this build does not read; write the name of a "
                    "policy, like {}",
                    node.path(), kDefaultPolicy));
    return std::nullopt;
  }
  // The name is checked even where the figures that the policy is made of are missing.
  const slo::Objective stand_in = slo::Objective::Parse("99.9%").value();
  absl::StatusOr<slo::AlertPolicy> policy = slo::MakeAlertPolicy(
      node.String().value_or(std::string(kDefaultPolicy)), objective.value_or(stand_in),
      window.value_or(std::chrono::hours(24 * 30)));
  if (policy.ok()) return *std::move(policy);
  node.Error(std::string(base::Message(policy.status())));
  return std::nullopt;
}

}  // namespace slowburn::rules
