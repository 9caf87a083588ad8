#include "rules/internal/spec_values.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "slo/slo_spec.h"

namespace slowburn::rules {
namespace {

using base::YamlNode;

constexpr size_t kShownBytes = 60;
// Labels that say which alert it is; nobody else may set them.
constexpr std::array<std::string_view, 4> kReservedLabels = {"alertname", "service", "slo",
                                                             "severity"};

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
std::string LabelNameTrouble(std::string_view name, LabelPlace place) {
  if (!IsLabelName(name)) {
    return fmt::format(
        "\"{}\" is no label name; write letters, digits and '_', the first no digit, like \"{}\"",
        Shown(name), Shown(model::NormalizedLabelName(name)));
  }
  if (name.starts_with("__"))
    return fmt::format("label \"{}\" is reserved; begin the name with a letter", Shown(name));
  const bool reserved =
      std::find(kReservedLabels.begin(), kReservedLabels.end(), name) != kReservedLabels.end();
  const bool is_severity = name == "severity";
  if (!reserved || (place == LabelPlace::kAlertLabels && is_severity)) return "";
  if (place == LabelPlace::kTierLabels && is_severity)
    return "label \"severity\" has a key of its own; write severity: beside labels:";
  return fmt::format(
      "label \"{}\" is set by slowburn itself; choose another name{}", name,
      is_severity ? ", or set it under alerting.page.labels or alerting.ticket.labels" : "");
}

}  // namespace

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

model::LabelSet ReadLabels(const YamlNode& node, LabelPlace place,
                           const std::vector<std::string>& group_by) {
  model::LabelSet labels;
  for (const auto& [name, value] : node.Entries()) {
    const std::optional<std::string> text = value.IsPresent() ? value.String() : "";
    if (place == LabelPlace::kAnnotations) {
      if (!IsLabelName(name)) value.Error(LabelNameTrouble(name, place));
    } else if (const std::string trouble = LabelNameTrouble(name, place); !trouble.empty()) {
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

}  // namespace slowburn::rules
