// rules/internal/spec_values.h: values that several parts of an SLO file have: names, labels,
// links.
//
// Room     rules/internal
// Uses     base/, model/, slo/
// Threads  pure functions
// Units    none
//
// Each reader takes the place where its part should be, notes all that is wrong with it and returns
// what it could read. None stops at the first error, and only the last step asks whether everything
// is there.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml_reader.h"
#include "model/label_set.h"

namespace slowburn::rules {

// A value as a message shows it: not more than its first 60 bytes.
std::string Shown(std::string_view text);
// A service's or an SLO's name.
std::optional<std::string> ReadName(const base::YamlNode& node);
// Empty where there is none.
std::string ReadRunbookUrl(const base::YamlNode& node);

enum class LabelPlace { kSpecLabels, kAlertLabels, kTierLabels, kAnnotations };
// A map of labels that nobody else sets: neither slowburn itself nor `group_by`. Only kAlertLabels
// may hold `severity`.
model::LabelSet ReadLabels(const base::YamlNode& node, LabelPlace place,
                           const std::vector<std::string>& group_by);

}  // namespace slowburn::rules
