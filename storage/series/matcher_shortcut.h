// storage/series/matcher_shortcut.h: what a matcher says about the values that can match, so that
// not every value of a label has to meet its regular expression.
//
// Room     storage/series: pure functions
// Uses     model/
// Threads  pure functions
// Units    none
// Source   RE2 syntax
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/label_matcher.h"

namespace slowburn::storage {

// The values that `pattern` means when it means nothing but a few literals ("a|b|c", "(a|b)c" not):
// sorted, each once. Nothing where it means more, or where it is not certain.
std::optional<std::vector<std::string>> RegexLiterals(std::string_view pattern);

// What every value that matches begins with; "" where nothing is certain.
std::string RegexPrefix(std::string_view pattern);

}  // namespace slowburn::storage
