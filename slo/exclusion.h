#pragma once
#include <span>
#include <string>
#include <vector>

#include "model/label_set.h"
namespace slowburn::slo {
struct Exclusion {
  bool AppliesTo(std::string_view, const model::LabelSet&) const { return false; }
};
using ExclusionSet = std::vector<Exclusion>;
inline std::string IdentityOf(std::span<const Exclusion* const>) { return ""; }
}  // namespace slowburn::slo
