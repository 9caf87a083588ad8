// rules/internal/alert_values.h: values that alerts in an SLO file have: severities, shares of a
// budget, burn rates, times.
//
// Room     rules/internal
// Uses     base/
// Threads  pure functions
// Units    as each says; every error is noted at the value's line
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/yaml_reader.h"

namespace slowburn::rules {

inline constexpr uint64_t kMillion = 1'000'000;

// The value of the label `severity`: page, ticket, critical, or any other text.
std::optional<std::string> ReadSeverity(const base::YamlNode& node);
// "14.4" as millionths, exact: at most six decimals.
std::optional<uint64_t> ReadMillionths(const base::YamlNode& node);
// "2%" or "0.02" as millionths, from 0 to 1 and at most four decimals of a percent.
std::optional<uint64_t> ReadShare(const base::YamlNode& node);
// 0 or more, at most 400 d.
std::optional<std::chrono::seconds> ReadWholeSeconds(const base::YamlNode& node);

}  // namespace slowburn::rules
