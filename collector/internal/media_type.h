// collector/internal/media_type.h: what a Content-Type names, and its parameters.
//
// Room     collector/internal
// Uses     standard library
// Threads  pure functions
// Units    none
// Source   RFC 9110, section 8.3
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace slowburn::collector {

inline std::string_view WithoutSpace(std::string_view text) {
  constexpr std::string_view kSpace = " \t";
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

inline std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

// "Application/JSON; charset=utf-8" -> "application/json".
inline std::string MediaType(std::string_view content_type) {
  return LowerCase(WithoutSpace(content_type.substr(0, content_type.find(';'))));
}

// The first parameter called `name` (in lower case), without quotes: "utf-8" of `charset` above.
// Nothing where there is none.
inline std::optional<std::string_view> MediaTypeParameter(std::string_view content_type,
                                                          std::string_view name) {
  for (size_t at = content_type.find(';'); at != std::string_view::npos;
       at = content_type.find(';', at + 1)) {
    const std::string_view rest = content_type.substr(at + 1);
    const std::string_view parameter = rest.substr(0, rest.find(';'));
    const size_t equals = parameter.find('=');
    if (equals == std::string_view::npos) continue;
    if (LowerCase(WithoutSpace(parameter.substr(0, equals))) != name) continue;
    std::string_view value = WithoutSpace(parameter.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    return value;
  }
  return std::nullopt;
}

}  // namespace slowburn::collector
