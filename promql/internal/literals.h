// promql/internal/literals.h: the values of numbers, durations and strings.
//
// Room     promql, internal
// Uses     promql/, model/
// Threads  pure functions
// Units    a duration is milliseconds
// Source   Prometheus 3 documentation, "Float literals and time durations"
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace slowburn::promql::internal {

// 0x1F, 017 (octal), 1_000, 1.5e3, Inf in any case; no sign. The error is the text of a message.
absl::StatusOr<double> NumberOf(std::string_view text);

// 1h30m, 0; units from large to small, at most 292 years.
absl::StatusOr<int64_t> DurationMsOf(std::string_view text);

}  // namespace slowburn::promql::internal
