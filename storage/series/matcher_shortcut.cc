#include "storage/series/matcher_shortcut.h"

#include <algorithm>

namespace slowburn::storage {
namespace {

constexpr std::string_view kMeta = R"(\.+*?()|[]{}^$)";
constexpr std::string_view kQuantifiers = "*?{";  // what may make the character before them absent
constexpr size_t kLiteralsMax = 1000;

bool IsAscii(char c) { return static_cast<unsigned char>(c) < 0x80; }

// A backslash before punctuation means the character itself, in RE2 as everywhere.
bool IsEscapedLiteral(std::string_view rest) {
  if (rest.size() < 2 || rest[0] != '\\' || !IsAscii(rest[1])) return false;
  const char c = rest[1];
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
         (c >= '{' && c <= '~');
}

// The literal that `rest` begins with, taken off it.
std::string TakeLiteral(std::string_view& rest) {
  std::string literal;
  while (!rest.empty()) {
    size_t size = 1;
    char c = rest[0];
    if (IsEscapedLiteral(rest)) {
      size = 2;
      c = rest[1];
    } else if (kMeta.find(c) != std::string_view::npos) {
      break;
    } else {
      // A quantifier is about a whole character of UTF-8: take all its bytes.
      while (size < rest.size() && (static_cast<unsigned char>(rest[size]) & 0xC0) == 0x80) ++size;
    }
    if (size < rest.size() && kQuantifiers.find(rest[size]) != std::string_view::npos) break;
    literal.append(IsEscapedLiteral(rest) ? std::string_view(&c, 1) : rest.substr(0, size));
    rest.remove_prefix(size);
  }
  return literal;
}

// Without one pair of brackets around all of it: "(a|b)" or "(?:a|b)".
std::string_view WithoutBrackets(std::string_view pattern) {
  if (pattern.size() < 2 || pattern.front() != '(' || pattern.back() != ')') return pattern;
  std::string_view inside = pattern.substr(1, pattern.size() - 2);
  if (inside.substr(0, 2) == "?:") inside.remove_prefix(2);
  // Another bracket or an escape at the end: leave it to RE2.
  return inside.find_first_of("()\\?") == std::string_view::npos ? inside : pattern;
}

}  // namespace

std::optional<std::vector<std::string>> RegexLiterals(std::string_view pattern) {
  std::string_view rest = WithoutBrackets(pattern);
  std::vector<std::string> literals;
  while (true) {
    literals.push_back(TakeLiteral(rest));
    if (rest.empty()) break;
    if (rest.front() != '|' || literals.size() == kLiteralsMax) return std::nullopt;
    rest.remove_prefix(1);
  }
  std::sort(literals.begin(), literals.end());
  literals.erase(std::unique(literals.begin(), literals.end()), literals.end());
  return literals;
}

std::string RegexPrefix(std::string_view pattern) {
  // An alternative anywhere might be one of the whole.
  if (pattern.find('|') != std::string_view::npos) return "";
  return TakeLiteral(pattern);
}

}  // namespace slowburn::storage
