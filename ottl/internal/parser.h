// ottl/internal/parser.h: a condition's text to its tree.
//
// Room     ottl, internal
// Uses     ottl/condition.h, RE2
// Threads  pure function
// Units    none
#pragma once

#include <string_view>

#include <absl/status/statusor.h>
#include <re2/re2.h>

#include "ottl/condition.h"

namespace slowburn::ottl::internal {

inline constexpr size_t kTextBytesMax = 16 * 1024;

// The tree in its one form: `and` and `or` flattened, a literal to the right of its path, an
// all-zero id that may be absent as nil, every regular expression checked. Errors and limits as
// ottl/condition.h says.
absl::StatusOr<Node> ParseTree(std::string_view text, Context context);

// How every regular expression of a condition is compiled.
RE2::Options RegexOptions();

}  // namespace slowburn::ottl::internal
