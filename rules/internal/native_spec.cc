#include "rules/internal/native_spec.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/status.h"

// Each reader takes the place where its part should be, notes all that is wrong with it and returns
// what it could read. None stops at the first error, and only the last step asks whether everything
// is there.

namespace slowburn::rules {
namespace {

using base::YamlNode;

constexpr std::string_view kDefaultPolicy = "sre-workbook";
constexpr size_t kShownBytes = 60;  // Of a value, in a message.
constexpr std::array<std::string_view, 5> kOtherSources = {"logs", "counter", "histogram", "gauge",
                                                           "promql"};
// Labels that say which alert it is; nobody else may set them.
constexpr std::array<std::string_view, 4> kReservedLabels = {"alertname", "service", "slo",
                                                             "severity"};

std::string Shown(std::string_view text) {
  if (text.size() <= kShownBytes) return std::string(text);
  return model::ValidUtf8(text.substr(0, kShownBytes)) + "...";
}

std::optional<std::string> ReadName(const YamlNode& node) {
  const std::optional<std::string> name = node.String();
  if (!name.has_value() || slo::IsValidSloName(*name)) return name;
  node.Error(fmt::format(
      "{} is \"{}\"; write at most 128 letters, digits, '.', '_' and '-', the first and the last a "
      "letter or a digit",
      node.path(), Shown(*name)));
  return std::nullopt;
}

std::string ReadRunbookUrl(const YamlNode& node) {
  const std::string url = node.String().value_or("");
  const size_t scheme = url.starts_with("https://") ? 8 : url.starts_with("http://") ? 7 : 0;
  const bool has_space = std::any_of(url.begin(), url.end(),
                                     [](char c) { return static_cast<unsigned char>(c) <= ' '; });
  if (!url.empty() && (scheme == 0 || url.size() == scheme || has_space)) {
    node.Error(fmt::format(
        "{} is \"{}\"; write a link that begins with http:// or https:// and has no spaces",
        node.path(), Shown(url)));
  }
  return url;
}

// Prometheus' rule for label names.
bool IsLabelName(std::string_view name) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

// Why nobody may write this label, or "".
std::string LabelNameTrouble(std::string_view name, bool may_be_severity) {
  if (!IsLabelName(name)) {
    return fmt::format(
        "\"{}\" is no label name; write letters, digits and '_', the first no digit, like \"{}\"",
        Shown(name), Shown(model::NormalizedLabelName(name)));
  }
  if (name.starts_with("__"))
    return fmt::format("label \"{}\" is reserved; begin the name with a letter", Shown(name));
  const bool reserved =
      std::find(kReservedLabels.begin(), kReservedLabels.end(), name) != kReservedLabels.end();
  if (!reserved || (may_be_severity && name == "severity")) return "";
  return fmt::format(
      "label \"{}\" is set by slowburn itself; choose another name{}", name,
      name == "severity" ? ", or set it under alerting.page.labels or alerting.ticket.labels" : "");
}

enum class LabelPlace { kSpecLabels, kAlertLabels, kAnnotations };

model::LabelSet ReadLabels(const YamlNode& node, LabelPlace place,
                           const std::vector<std::string>& group_by) {
  model::LabelSet labels;
  for (const auto& [name, value] : node.Entries()) {
    const std::optional<std::string> text = value.IsPresent() ? value.String() : "";
    if (place == LabelPlace::kAnnotations) {
      if (!IsLabelName(name)) value.Error(LabelNameTrouble(name, true));
    } else if (const std::string trouble =
                   LabelNameTrouble(name, place == LabelPlace::kAlertLabels);
               !trouble.empty()) {
      value.Error(trouble);
    } else if (std::any_of(group_by.begin(), group_by.end(),
                           [&name = name](const std::string& attribute) {
                             return model::NormalizedLabelName(attribute) == name;
                           })) {
      value.Error(fmt::format("label \"{}\" is also made by group_by; choose another name", name));
    }
    if (text.has_value()) labels.Set(name, *text);
  }
  return labels;
}

std::optional<slo::Objective> ReadObjective(const YamlNode& node) {
  const std::optional<std::string> text = node.String();
  if (!text.has_value()) return std::nullopt;
  const absl::StatusOr<slo::Objective> objective = slo::Objective::Parse(*text);
  if (objective.ok()) return *objective;
  node.Error(std::string(base::Message(objective.status())));
  return std::nullopt;
}

struct Window {
  std::chrono::seconds length{0};
  std::string text;
};

std::optional<Window> ReadWindow(const YamlNode& node) {
  if (node.IsMap()) {
    node.Error(fmt::format(
        "{} is a map; this build reads rolling windows only: write a duration, like 30d",
        node.path()));
    return std::nullopt;
  }
  const std::optional<std::chrono::nanoseconds> length = node.Duration();
  if (!length.has_value()) return std::nullopt;
  const std::string text = node.String().value_or("");
  if (const absl::Status status = slo::CheckWindow(*length); !status.ok()) {
    node.Error(fmt::format("{} is {}: {}", node.path(), Shown(text), base::Message(status)));
    return std::nullopt;
  }
  return Window{std::chrono::duration_cast<std::chrono::seconds>(*length), text};
}

// "match: column 12: ...": the column counts in the condition, which YAML may have folded or
// unquoted.
std::optional<ottl::Condition> ReadCondition(const YamlNode& node, std::string_view name) {
  const std::optional<std::string> text = node.String();
  if (!text.has_value()) return std::nullopt;
  absl::StatusOr<ottl::Condition> condition = ottl::Condition::Parse(*text);
  if (condition.ok()) return *std::move(condition);
  node.Error(fmt::format("{}: {}", name, base::Message(condition.status())));
  return std::nullopt;
}

std::optional<std::chrono::nanoseconds> ReadLatencyMax(const YamlNode& latency) {
  latency.AllowKeys({"max"});
  const YamlNode node = latency.Required("max");
  const std::optional<std::chrono::nanoseconds> max = node.Duration();
  if (max.has_value() && max->count() <= 0) {
    node.Error(
        fmt::format("{} is 0, which no span meets; write a duration, like 300ms", node.path()));
    return std::nullopt;
  }
  return max;
}

std::vector<std::string> ReadGroupBy(const YamlNode& node) {
  std::vector<std::string> names;
  for (const YamlNode& item : node.Items()) {
    if (!item.IsPresent()) {
      item.Error(
          fmt::format("{} is empty; write an attribute's name, like http.route", item.path()));
    } else if (std::optional<std::string> name = item.String()) {
      names.push_back(*std::move(name));
    }
  }
  if (const absl::Status status = slo::CheckGroupBy(names); !status.ok()) {
    node.Error(std::string(base::Message(status)));
  }
  return names;
}

// A group_by that stands where it does nothing is a likely slip.
void RefuseGroupBy(const YamlNode& parent) {
  if (!parent.IsMap()) return;
  const YamlNode group_by = parent.Optional("group_by");
  if (group_by.IsPresent()) {
    group_by.Error(fmt::format("group_by does not belong to {}; write it under sli, beside spans",
                               parent.path()));
  }
}

void WarnUnlessPinned(const YamlNode& node, const ottl::Condition& match) {
  const std::vector<ottl::Condition> conjuncts = match.Conjuncts();
  if (std::any_of(conjuncts.begin(), conjuncts.end(), [](const ottl::Condition& conjunct) {
        return conjunct.PinnedResourceAttribute("service.name").has_value();
      })) {
    return;
  }
  node.Warning(
      "match does not pin service.name, so it takes spans of every service; add "
      "resource.attributes[\"service.name\"] == \"...\"");
}

std::optional<slo::SliSpec> ReadSpans(const YamlNode& spans, std::vector<std::string> group_by) {
  spans.AllowKeys({"match", "bad", "good", "latency", "group_by"});
  RefuseGroupBy(spans);
  const YamlNode match_node = spans.Required("match");
  std::optional<ottl::Condition> match = ReadCondition(match_node, "match");
  if (match.has_value()) WarnUnlessPinned(match_node, *match);
  const YamlNode bad_node = spans.Optional("bad");
  const YamlNode good_node = spans.Optional("good");
  const YamlNode latency_node = spans.Optional("latency");
  std::optional<ottl::Condition> bad = ReadCondition(bad_node, "bad");
  std::optional<ottl::Condition> good = ReadCondition(good_node, "good");
  std::optional<std::chrono::nanoseconds> latency_max = ReadLatencyMax(latency_node);
  if (spans.IsMap() && !bad_node.IsPresent() && !good_node.IsPresent() &&
      !latency_node.IsPresent()) {
    spans.Error(fmt::format(
        "{} does not say which spans are bad; write bad:, good: or latency: {{max: 300ms}}",
        spans.path()));
  }
  if (good_node.IsPresent() && latency_node.IsPresent()) {
    latency_node.Error(fmt::format("{} cannot stand beside good; write bad: instead of good:",
                                   latency_node.path()));
  }
  if (!match.has_value()) return std::nullopt;
  return slo::SliSpec{.match = *std::move(match),
                      .bad = std::move(bad),
                      .good = std::move(good),
                      .latency_max = latency_max,
                      .group_by = std::move(group_by)};
}

std::optional<slo::SliSpec> ReadSli(const YamlNode& sli, std::vector<std::string> group_by) {
  sli.AllowKeys({"spans", "group_by", "logs", "counter", "histogram", "gauge", "promql"});
  bool has_other = false;
  for (const auto& [key, source] : sli.Entries()) {
    if (std::find(kOtherSources.begin(), kOtherSources.end(), key) == kOtherSources.end()) continue;
    has_other = true;
    source.Error(fmt::format(
        "{} is no source that this build reads; write spans: with match and bad, good or latency",
        source.path()));
  }
  return ReadSpans(has_other ? sli.Optional("spans") : sli.Required("spans"), std::move(group_by));
}

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
                                           const std::optional<Window>& window) {
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
      window.has_value() ? window->length : std::chrono::hours(24 * 30));
  if (policy.ok()) return *std::move(policy);
  node.Error(std::string(base::Message(policy.status())));
  return std::nullopt;
}

}  // namespace

NativeSpec ReadNativeSpec(const YamlNode& document) {
  document.AllowKeys({"apiVersion", "kind", "metadata", "spec"});
  document.Required("apiVersion");
  const YamlNode kind_node = document.Required("kind");
  if (const auto kind = kind_node.String(); kind.has_value() && *kind != "SLO") {
    kind_node.Error(fmt::format("kind is \"{}\"; write SLO", Shown(*kind)));
  }

  const YamlNode spec = document.Required("spec");
  spec.AllowKeys({"service", "description", "runbook_url", "sli", "objective", "window", "alerting",
                  "group_by"});
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
  std::optional<slo::SliSpec> sli = ReadSli(sli_node, group_by);
  const std::optional<slo::Objective> objective = ReadObjective(spec.Required("objective"));
  const std::optional<Window> window = ReadWindow(spec.Required("window"));
  const YamlNode alerting_node = spec.Optional("alerting");
  slo::AlertingSpec alerting = ReadAlerting(alerting_node, group_by);
  std::optional<slo::AlertPolicy> policy =
      ReadPolicy(alerting_node.Optional("policy"), objective, window);

  NativeSpec read;
  if (!name.has_value() || !service.has_value()) return read;
  read.id = *service + "/" + *name;
  if (!sli.has_value() || !objective.has_value() || !window.has_value() || !policy.has_value())
    return read;
  read.spec =
      slo::SloSpec{.service = *service,
                   .name = *name,
                   .description = std::move(description),
                   .runbook_url = std::move(runbook_url),
                   .labels = std::move(labels),
                   .sli = *std::move(sli),
                   .objective = *objective,
                   .window = window->length,
                   .window_text = window->text,
                   .alerting = std::move(alerting),
                   .policy = *std::move(policy),
                   .source = fmt::format("{}:{}", document.errors().file(), document.line()),
                   .text = ""};
  return read;
}

}  // namespace slowburn::rules
