// collector/internal/media_type.h: what a Content-Type names, without its parameters.
//
// Room     collector/internal
// Uses     standard library
// Threads  pure functions
// Units    none
// Source   RFC 9110, section 8.3
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace slowburn::collector {

// "Application/JSON; charset=utf-8" -> "application/json".
inline std::string MediaType(std::string_view content_type) {
  constexpr std::string_view kSpace = " \t";
  std::string_view name = content_type.substr(0, content_type.find(';'));
  name.remove_prefix(std::min(name.find_first_not_of(kSpace), name.size()));
  name = name.substr(0, name.find_last_not_of(kSpace) + 1);
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

}  // namespace slowburn::collector
