#include "rules/exclusion_text.h"

#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/status.h"
#include "base/yaml_reader.h"
#include "rules/internal/exclusion_reader.h"

namespace slowburn::rules {
namespace {

std::vector<std::string> Texts(const std::vector<base::YamlIssue>& issues) {
  std::vector<std::string> texts;
  for (const base::YamlIssue& issue : issues) texts.push_back(issue.text);
  return texts;
}

}  // namespace

absl::StatusOr<ExclusionText> ReadExclusionText(std::string_view json, std::string_view id) {
  // JSON is YAML. Below a key, so that messages call it by a name.
  const std::string text = fmt::format("{{\"exclusion\": {}}}", json);
  base::YamlErrors errors("exclusion");
  const std::vector<base::YamlNode> documents = base::ParseYaml(text, errors);
  std::optional<slo::Exclusion> exclusion;
  if (errors.empty() && !documents.empty()) {
    exclusion =
        ReadFlatExclusion(documents.front().Required("exclusion"), id, std::string(kApiSource));
  }
  if (!errors.empty()) return base::InvalidArgument("{}", fmt::join(Texts(errors.errors()), "\n"));
  if (!exclusion.has_value() || documents.size() != 1)
    return base::InvalidArgument("this is no exclusion; write one JSON object");
  return ExclusionText{*std::move(exclusion), Texts(errors.warnings())};
}

}  // namespace slowburn::rules
