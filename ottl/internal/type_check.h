// ottl/internal/type_check.h: comparisons and calls that could never be true, found while parsing.
//
// Room     ottl, internal
// Uses     ottl/condition.h
// Threads  pure functions
// Units    none
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ottl/condition.h"

namespace slowburn::ottl::internal {

// What is wrong with `path op other` and what to write instead, or nothing. `left` is a path.
// `spelling` is `right` as written: the number 2 may have been STATUS_CODE_ERROR.
std::optional<std::string> ComparisonProblem(Context context, const Node::Operand& left,
                                             Node::Op op, const Node::Operand& right,
                                             std::string_view spelling);

// The same for the first argument of IsMatch, HasPrefix and HasSuffix.
std::optional<std::string> TextArgumentProblem(std::string_view call, const Node::Operand& path);

}  // namespace slowburn::ottl::internal
