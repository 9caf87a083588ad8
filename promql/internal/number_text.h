// promql/internal/number_text.h: numbers in labels, as Go reads them.
//
// Room     promql/internal
// Uses     standard library
// Threads  pure functions
// Units    none
// Source   Go, strconv.ParseFloat
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace slowburn::promql {

// "1", "0.5", "1e3", "+Inf", "NaN"; nothing for what is no number as a whole.
inline std::optional<double> ParseGoFloat(std::string_view text) {
  const bool plus = text.starts_with('+');
  if (plus) text.remove_prefix(1);
  if (text.empty() || (plus && text.starts_with('-'))) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace slowburn::promql
