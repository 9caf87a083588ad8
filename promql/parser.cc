#include "promql/parser.h"

#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "promql/internal/query_parser.h"
#include "promql/internal/type_checker.h"

namespace slowburn::promql {

absl::StatusOr<ExprPtr> Parse(std::string_view query, const ParserOptions& options) {
  if (query.size() > kQueryBytesMax) {
    return base::InvalidArgument(
        "1:1: parse error: the query has {} bytes, at most {}; write it "
        "in parts",
        query.size(), kQueryBytesMax);
  }
  SB_ASSIGN_OR_RETURN(ExprPtr expr, internal::QueryParser(query, options).Parse());
  SB_RETURN_IF_ERROR(internal::CheckTypes(*expr, query));
  return expr;
}

std::string PositionText(std::string_view query, uint32_t offset) {
  if (query.empty()) return "unknown position";
  if (offset > query.size()) return "invalid position";
  size_t line = 1;
  size_t line_begin = 0;
  for (size_t at = 0; at < offset; ++at) {
    if (query[at] != '\n') continue;
    ++line;
    line_begin = at + 1;
  }
  return fmt::format("{}:{}", line, offset - line_begin + 1);
}

}  // namespace slowburn::promql
