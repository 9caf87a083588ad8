// promql/parser.h: a query's text to its tree, with the types checked.
//
// Room     promql
// Uses     promql/
// Threads  pure functions
// Units    bytes; positions in messages are line:column, both from 1, columns in bytes
// Source   Prometheus 3 documentation, "Querying basics"
#pragma once

#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "promql/ast.h"

namespace slowburn::promql {

inline constexpr size_t kQueryBytesMax = 256 << 10;
inline constexpr int kDepthMax = 500;

// What Prometheus has behind --enable-feature. Without its switch such a query is refused with an
// error that names the feature.
struct ParserOptions {
  bool experimental_functions = false;    // and the aggregations limitk, limit_ratio
  bool extended_range_selectors = false;  // anchored, smoothed
  bool binop_fill_modifiers = false;      // fill, fill_left, fill_right

  static ParserOptions Everything() { return {true, true, true}; }
};

// kInvalidArgument "1:5: parse error: ..." in Prometheus' words.
absl::StatusOr<ExprPtr> Parse(std::string_view query, const ParserOptions& options = {});

// "2:5": where the byte `offset` of `query` is.
std::string PositionText(std::string_view query, uint32_t offset);

}  // namespace slowburn::promql
