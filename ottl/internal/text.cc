#include "ottl/internal/text.h"

#include <algorithm>
#include <vector>

#include "base/status.h"

namespace slowburn::ottl::internal {
namespace {

constexpr size_t kExcerptBytes = 60;
constexpr size_t kNameBytesMax = 80;  // No name is longer; the distance is quadratic.

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// At most kExcerptBytes, ending between characters.
std::string_view Beginning(std::string_view text) {
  size_t end = std::min(text.size(), kExcerptBytes);
  while (end > 0 && end < text.size() && IsContinuation(text[end])) --end;
  return text.substr(0, end);
}

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

absl::Status ErrorAt(std::string_view condition, size_t offset, std::string_view message) {
  const std::string_view before = condition.substr(0, offset);
  const auto characters =
      std::count_if(before.begin(), before.end(), [](char c) { return !IsContinuation(c); });
  return base::InvalidArgument("column {}: {}", characters + 1, message);
}

std::string QuoteString(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        quoted += "\\\"";
        break;
      case '\\':
        quoted += "\\\\";
        break;
      case '\n':
        quoted += "\\n";
        break;
      case '\t':
        quoted += "\\t";
        break;
      case '\r':
        quoted += "\\r";
        break;
      default:
        quoted += c;
    }
  }
  return quoted + "\"";
}

std::string Shorten(std::string_view text) {
  const std::string_view kept = Beginning(text);
  return fmt::format("{}{}", kept, kept.size() < text.size() ? "..." : "");
}

std::string Excerpt(std::string_view text) {
  const std::string_view kept = Beginning(text);
  return QuoteString(kept) + (kept.size() < text.size() ? "..." : "");
}

std::string HexText(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

std::string UpperCase(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string DidYouMean(std::string_view name, std::span<const std::string_view> candidates) {
  if (name.size() > kNameBytesMax) return "";
  const std::string folded = LowerCase(name);
  std::string_view best;
  size_t best_distance = std::max<size_t>(1, name.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    const size_t distance = EditDistance(folded, LowerCase(candidate));
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best.empty() ? "" : fmt::format("; did you mean {}?", best);
}

}  // namespace slowburn::ottl::internal
