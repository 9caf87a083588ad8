#include "rules/internal/native_spec.h"

#include <chrono>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/status.h"
#include "rules/internal/alerting_reader.h"
#include "rules/internal/sli_reader.h"
#include "rules/internal/spec_values.h"
#include "rules/internal/window_reader.h"

namespace slowburn::rules {
namespace {

using base::YamlNode;

std::optional<slo::Objective> ReadObjective(const YamlNode& node) {
  const std::optional<std::string> text = node.String();
  if (!text.has_value()) return std::nullopt;
  const absl::StatusOr<slo::Objective> objective = slo::Objective::Parse(*text);
  if (objective.ok()) return *objective;
  node.Error(std::string(base::Message(objective.status())));
  return std::nullopt;
}

slo::Compat ReadCompat(const YamlNode& node) {
  slo::Compat compat;
  if (!node.IsPresent()) return compat;
  for (const YamlNode& item : node.Items()) {
    const std::optional<std::string> name = item.String();
    if (name == "sloth") {
      compat.sloth = true;
    } else if (name == "pyrra") {
      compat.pyrra = true;
    } else if (name.has_value()) {
      item.Error(fmt::format("compat has \"{}\", whose series are not known; write sloth or pyrra",
                             Shown(*name)));
    }
  }
  return compat;
}

// A composite counts as its method says.
slo::Budgeting RefuseBudgeting(const YamlNode& node) {
  if (node.IsPresent()) {
    node.Error(fmt::format(
        "{} does not belong to a composite, whose method says what it counts; leave it out, or "
        "write any_bad with a timeslice",
        node.path()));
  }
  return {};
}

}  // namespace

NativeSpec ReadNativeSpec(const YamlNode& document) {
  document.AllowKeys({"apiVersion", "kind", "metadata", "spec"});
  document.Required("apiVersion");
  const YamlNode kind_node = document.Required("kind");
  if (const auto kind = kind_node.String(); kind.has_value() && *kind != "SLO") {
    kind_node.Error(fmt::format("kind is \"{}\"; write SLO or Exclusion", Shown(*kind)));
  }

  const YamlNode spec = document.Required("spec");
  spec.AllowKeys({"service", "description", "runbook_url", "sli", "objective", "window",
                  "budgeting", "alerting", "compat", "group_by"});
  RefuseGroupBy(spec);
  const YamlNode sli_node = spec.Required("sli");
  const std::vector<std::string> group_by = ReadGroupBy(sli_node.Optional("group_by"));

  const YamlNode metadata = document.Required("metadata");
  metadata.AllowKeys({"name", "labels"});
  const std::optional<std::string> name = ReadName(metadata.Required("name"));
  model::LabelSet labels =
      ReadLabels(metadata.Optional("labels"), LabelPlace::kSpecLabels, group_by);

  const std::optional<std::string> service = ReadName(spec.Required("service"));
  std::string description = spec.Optional("description").String().value_or("");
  std::string runbook_url = ReadRunbookUrl(spec.Optional("runbook_url"));
  const std::optional<SpecWindow> window = ReadWindow(spec.Required("window"));
  NativeSpec read;
  std::optional<slo::SliSpec> sli = ReadSli(sli_node, group_by, window, read.member_lines);
  const std::optional<slo::Objective> objective = ReadObjective(spec.Required("objective"));
  const bool is_composite = sli_node.IsMap() && sli_node.Optional("composite").IsPresent();
  const slo::Budgeting budgeting = is_composite ? RefuseBudgeting(spec.Optional("budgeting"))
                                                : ReadBudgeting(spec.Optional("budgeting"), window);
  const YamlNode alerting_node = spec.Optional("alerting");
  Alerting alerting =
      ReadAlerting(alerting_node, group_by, objective,
                   window.has_value() ? std::optional(window->window.nominal()) : std::nullopt);

  const slo::Compat compat = ReadCompat(spec.Optional("compat"));

  if (!name.has_value() || !service.has_value()) return read;
  read.id = *service + "/" + *name;
  if (!sli.has_value() || !objective.has_value() || !window.has_value() ||
      !alerting.policy.has_value())
    return read;
  read.spec =
      slo::SloSpec{.service = *service,
                   .name = *name,
                   .description = std::move(description),
                   .runbook_url = std::move(runbook_url),
                   .labels = std::move(labels),
                   .sli = *std::move(sli),
                   .objective = *objective,
                   .window = window->window,
                   .window_text = window->text,
                   .budgeting = budgeting,
                   .alerting = std::move(alerting.spec),
                   .policy = *std::move(alerting.policy),
                   .compat = compat,
                   .source = fmt::format("{}:{}", document.errors().file(), document.line()),
                   .text = ""};
  return read;
}

}  // namespace slowburn::rules
