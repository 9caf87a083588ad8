#include "rules/internal/sli_reader.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "rules/internal/spec_values.h"
#include "slo/slo_spec.h"

namespace slowburn::rules {
namespace {

using base::YamlNode;

constexpr std::array<std::string_view, 5> kOtherSources = {"logs", "counter", "histogram", "gauge",
                                                           "promql"};

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
  return slo::SliSpec{.source = slo::EventSli{.signal = model::Signal::kTraces,
                                              .match = *std::move(match),
                                              .bad = std::move(bad),
                                              .good = std::move(good),
                                              .latency_max = latency_max},
                      .group_by = std::move(group_by)};
}

}  // namespace

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

void RefuseGroupBy(const YamlNode& parent) {
  if (!parent.IsMap()) return;
  const YamlNode group_by = parent.Optional("group_by");
  if (group_by.IsPresent()) {
    group_by.Error(fmt::format("group_by does not belong to {}; write it under sli, beside spans",
                               parent.path()));
  }
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

}  // namespace slowburn::rules
