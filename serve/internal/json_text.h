// serve/internal/json_text.h: Boost.JSON values as the text that goes out.
//
// Room     serve
// Uses     Boost.JSON, base/, model/
// Threads  pure functions
// Units    times in unix seconds
// Source   RFC 8259
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <boost/json.hpp>

#include "base/clock.h"

namespace slowburn::serve::internal {

// Compact JSON. Unlike Boost's own serializer: numbers as people write them (0.999, not 9.99E-1),
// what is no number as null, and strings always valid UTF-8 (a broken byte becomes U+FFFD).
std::string JsonText(const boost::json::value& value);

inline boost::json::value NumberOrNull(std::optional<double> number) {
  if (!number.has_value()) return nullptr;
  return *number;
}

// Milliseconds: what a double holds exactly enough to read back as it was written.
inline boost::json::value TimeNumber(base::UnixNanos time) {
  const auto whole = std::chrono::floor<std::chrono::milliseconds>(time);
  return static_cast<double>(whole.time_since_epoch().count()) / 1000;
}

inline boost::json::value TimeOrNull(std::optional<std::chrono::sys_seconds> time) {
  if (!time.has_value()) return nullptr;
  return time->time_since_epoch().count();
}

}  // namespace slowburn::serve::internal
