#include "rules/internal/exclusion_reader.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "rules/internal/exclusion_time_reader.h"
#include "rules/internal/spec_values.h"

namespace slowburn::rules {
namespace {

using base::YamlNode;

// What is empty would read as none of the SLOs and mean all of them.
void RefuseEmpty(const YamlNode& spec) {
  if (!spec.IsMap()) return;
  for (const auto& [key, value] : spec.Entries()) {
    if (key != "slos" && key != "labels") continue;
    const bool is_empty = !value.IsPresent() || (value.IsSequence() && value.Items().empty()) ||
                          (value.IsMap() && value.Entries().empty());
    if (!is_empty) continue;
    value.Error(fmt::format("{} is empty; write which SLOs, or leave it out if every SLO is meant",
                            value.path()));
  }
}

void ReadSlos(const YamlNode& node, slo::Exclusion& exclusion, std::vector<int>& lines) {
  if (!node.IsPresent()) return;
  const std::vector<YamlNode> items = node.Items();
  for (const YamlNode& item : items) {
    if (!item.IsPresent()) {
      item.Error(
          fmt::format("{} is empty; write service/name, like checkout/availability", item.path()));
    }
    const std::optional<std::string> pattern = item.String();
    if (!pattern.has_value()) continue;
    if (const absl::Status status = slo::CheckSloPattern(*pattern); !status.ok()) {
      item.Error(fmt::format("{}: {}", item.path(), base::Message(status)));
      continue;
    }
    exclusion.slos.push_back(*pattern);
    lines.push_back(item.line());
  }
}

// The labels that an SLO must have; by what no SLO has as a label, none could be meant.
model::LabelSet ReadSelectedLabels(const YamlNode& node) {
  if (!node.IsPresent()) return {};
  const std::vector<std::pair<std::string, YamlNode>> entries = node.Entries();
  for (const auto& [name, value] : entries) {
    if (name == "service" || name == "slo") {
      value.Error(fmt::format("{} names no label of an SLO; write slos: [service/name] instead",
                              value.path()));
      return {};
    }
    if (!value.IsPresent() || value.String() == "") {
      value.Error(fmt::format("{} is empty, which no label is; write a value, or leave it out",
                              value.path()));
      return {};
    }
  }
  return ReadLabels(node, LabelPlace::kSpecLabels, {});
}

std::string ReadId(const YamlNode& node) {
  const std::optional<std::string> id = node.String();
  if (!id.has_value()) return "";
  if (slo::IsValidExclusionId(*id)) return *id;
  node.Error(fmt::format("{} is \"{}\"; write 1 to 128 letters, digits, '.', '_' and '-'",
                         node.path(), Shown(*id)));
  return "";
}

}  // namespace

ExclusionDocument ReadExclusion(const YamlNode& document) {
  document.AllowKeys({"apiVersion", "kind", "metadata", "spec"});
  document.Required("apiVersion");
  const YamlNode metadata = document.Required("metadata");
  metadata.AllowKeys({"name"});
  ExclusionDocument read;
  read.id = ReadId(metadata.Required("name"));

  const YamlNode spec = document.Required("spec");
  spec.AllowKeys(
      {"description", "slos", "labels", "start", "end", "duration", "rrule", "time_zone"});
  RefuseEmpty(spec);
  auto when = ReadExclusionTime(spec);
  slo::Exclusion exclusion{
      .id = read.id,
      .description = spec.Optional("description").String().value_or(""),
      .when = slo::Exclusion::Once{},
      .slos = {},
      .labels = ReadSelectedLabels(spec.Optional("labels")),
      .source = fmt::format("{}:{}", document.errors().file(), document.line())};
  ReadSlos(spec.Optional("slos"), exclusion, read.slo_lines);
  if (read.id.empty() || !when.has_value()) return read;
  exclusion.when = *std::move(when);
  if (const absl::Status status = slo::CheckExclusion(exclusion); !status.ok()) {
    spec.Error(fmt::format("exclusion \"{}\": {}", read.id, base::Message(status)));
    return read;
  }
  read.exclusion = std::move(exclusion);
  return read;
}

std::vector<std::string> UnmatchedSelectors(const ExclusionDocument& document,
                                            const slo::SloSet& slos) {
  std::vector<std::string> warnings;
  if (slos.empty() || !document.exclusion.has_value()) return warnings;
  const slo::Exclusion& exclusion = *document.exclusion;
  const std::string file = exclusion.source.substr(0, exclusion.source.rfind(':'));
  for (size_t i = 0; i < exclusion.slos.size(); ++i) {
    const std::string& pattern = exclusion.slos[i];
    if (std::none_of(slos.begin(), slos.end(), [&](const slo::SloSpec& slo) {
          return slo::MatchesSloPattern(pattern, slo.id());
        })) {
      warnings.push_back(fmt::format("{}:{}: no SLO is \"{}\"; correct the name, or leave it out",
                                     file, document.slo_lines[i], pattern));
    }
  }
  if (warnings.empty() && std::none_of(slos.begin(), slos.end(), [&](const slo::SloSpec& slo) {
        return exclusion.AppliesTo(slo.id(), slo.labels);
      })) {
    warnings.push_back(fmt::format(
        "{}: exclusion \"{}\" applies to no SLO; correct its slos or labels, or remove it",
        exclusion.source, exclusion.id));
  }
  return warnings;
}

}  // namespace slowburn::rules
