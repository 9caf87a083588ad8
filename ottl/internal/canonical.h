// ottl/internal/canonical.h: a tree back to text, in one form.
//
// Room     ottl, internal
// Uses     ottl/condition.h
// Threads  pure function
// Units    none
#pragma once

#include <string>

#include "ottl/condition.h"

namespace slowburn::ottl::internal {

// One space around operators, parentheses only where the grammar needs them, enums by name beside
// the paths that have some, durations as base::FormatDuration writes them.
std::string WriteTree(const Node& node);

}  // namespace slowburn::ottl::internal
