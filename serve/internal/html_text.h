// serve/internal/html_text.h: text, durations and ratios as a person reads them in HTML.
//
// Room     serve
// Uses     model/
// Threads  pure functions
// Units    ratios come in 0..1 and leave as percent
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace slowburn::serve::internal {

// Safe as an element's text and inside a quoted attribute. Broken UTF-8 becomes U+FFFD.
std::string EscapeHtml(std::string_view text);

// The two largest units: "3d 4h", "2h 14m", "12s"; a negative one is "0s".
std::string RoughDuration(std::chrono::seconds duration);

// "99.9512%": cut, not rounded, after `decimals`, so that one bad event never shows as 100%.
std::string PercentText(double ratio, int decimals);

}  // namespace slowburn::serve::internal
