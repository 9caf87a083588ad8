// model/le_matcher.h: matchers of the label le, whose values are numbers.
//
// Room     model
// Uses     model/
// Threads  pure functions
// Units    none
// Source   docs/metrics_sli.md
#pragma once

#include <optional>
#include <string_view>

#include "model/label_matcher.h"

namespace slowburn::model {

inline constexpr std::string_view kBucketLabel = "le";

// The number that a le is; nothing where it is none.
std::optional<double> LeNumber(std::string_view le);

// le="5" is le="5.0": numbers are compared as such. An expression may mean either text. What is no
// number is text.
bool MatchesLe(const LabelMatcher& matcher, std::string_view le);

}  // namespace slowburn::model
