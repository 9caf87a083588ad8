#include "serve/internal/html_text.h"

#include <array>
#include <cmath>
#include <cstdint>

#include <fmt/format.h>

#include "model/label_set.h"

namespace slowburn::serve::internal {

std::string EscapeHtml(std::string_view text) {
  std::string escaped;
  for (const char c : model::ValidUtf8(text)) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string RoughDuration(std::chrono::seconds duration) {
  struct Unit {
    int64_t seconds;
    char name;
  };
  constexpr std::array<Unit, 4> kUnits{{{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}}};
  const int64_t seconds = duration.count();
  for (size_t i = 0; i < kUnits.size(); ++i) {
    if (seconds < kUnits[i].seconds) continue;
    std::string text = fmt::format("{}{}", seconds / kUnits[i].seconds, kUnits[i].name);
    if (i + 1 < kUnits.size()) {
      const int64_t rest = seconds % kUnits[i].seconds / kUnits[i + 1].seconds;
      if (rest > 0) text += fmt::format(" {}{}", rest, kUnits[i + 1].name);
    }
    return text;
  }
  return "0s";
}

std::string PercentText(double ratio, int decimals) {
  const double scale = std::pow(10.0, decimals);
  // The nudge undoes what the multiplication lost: 0.9995 is 99.95, not 99.9499.
  const double percent = std::floor(ratio * 100 * scale + 1e-6) / scale;
  return fmt::format("{:.{}f}%", percent, decimals);
}

}  // namespace slowburn::serve::internal
