// base/status.h: the few lines that make absl::Status pleasant with fmt.
//
// Room     base
// Uses     Abseil, fmt
// Threads  values; no state
// Units    none
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <fmt/format.h>

namespace slowburn::base {

// The message as std's view (Debian's absl::string_view is a type of its own).
inline std::string_view Message(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

// `context: message`, same code. Once per room on the way up.
inline absl::Status Annotate(const absl::Status& status, std::string_view context) {
  if (status.ok()) return status;
  return {status.code(), fmt::format("{}: {}", context, Message(status))};
}

template <typename... Args>
absl::Status InvalidArgument(fmt::format_string<Args...> text, Args&&... args) {
  return absl::InvalidArgumentError(fmt::format(text, std::forward<Args>(args)...));
}
template <typename... Args>
absl::Status Unavailable(fmt::format_string<Args...> text, Args&&... args) {
  return absl::UnavailableError(fmt::format(text, std::forward<Args>(args)...));
}
template <typename... Args>
absl::Status DataLoss(fmt::format_string<Args...> text, Args&&... args) {
  return absl::DataLossError(fmt::format(text, std::forward<Args>(args)...));
}
template <typename... Args>
absl::Status Internal(fmt::format_string<Args...> text, Args&&... args) {
  return absl::InternalError(fmt::format(text, std::forward<Args>(args)...));
}
template <typename... Args>
absl::Status FailedPrecondition(fmt::format_string<Args...> text, Args&&... args) {
  return absl::FailedPreconditionError(fmt::format(text, std::forward<Args>(args)...));
}
template <typename... Args>
absl::Status NotFound(fmt::format_string<Args...> text, Args&&... args) {
  return absl::NotFoundError(fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace slowburn::base

#define SB_CONCAT_INNER(a, b) a##b
#define SB_CONCAT(a, b) SB_CONCAT_INNER(a, b)

// Leaves the function with the status when it is not OK.
#define SB_RETURN_IF_ERROR(expr)                            \
  do {                                                      \
    if (absl::Status sb_status = (expr); !sb_status.ok()) { \
      return sb_status;                                     \
    }                                                       \
  } while (false)

// SB_ASSIGN_OR_RETURN(auto value, MaybeValue());
#define SB_ASSIGN_OR_RETURN(lhs, expr) \
  SB_ASSIGN_OR_RETURN_INNER(SB_CONCAT(sb_status_or_, __LINE__), lhs, expr)
#define SB_ASSIGN_OR_RETURN_INNER(status_or, lhs, expr) \
  auto status_or = (expr);                              \
  if (!status_or.ok()) return status_or.status();       \
  lhs = *std::move(status_or)
