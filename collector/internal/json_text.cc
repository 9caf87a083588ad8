#include "collector/internal/json_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace slowburn::collector {
namespace {

constexpr uint32_t kReplacement = 0xFFFD;
constexpr uint8_t kNoDigit = 0xFF;

constexpr std::array<uint8_t, 256> MakeHexDigits() {
  std::array<uint8_t, 256> digits{};
  digits.fill(kNoDigit);
  for (uint8_t i = 0; i < 10; ++i) digits[static_cast<size_t>('0' + i)] = i;
  for (uint8_t i = 0; i < 6; ++i) {
    digits[static_cast<size_t>('a' + i)] = digits[static_cast<size_t>('A' + i)] =
        static_cast<uint8_t>(10 + i);
  }
  return digits;
}
constexpr std::array<uint8_t, 256> kHexDigits = MakeHexDigits();

constexpr std::array<uint8_t, 256> MakeBase64Digits() {
  std::array<uint8_t, 256> digits{};
  digits.fill(kNoDigit);
  for (uint8_t i = 0; i < 26; ++i) {
    digits[static_cast<size_t>('A' + i)] = i;
    digits[static_cast<size_t>('a' + i)] = static_cast<uint8_t>(26 + i);
  }
  for (uint8_t i = 0; i < 10; ++i)
    digits[static_cast<size_t>('0' + i)] = static_cast<uint8_t>(52 + i);
  digits['+'] = digits['-'] = 62;
  digits['/'] = digits['_'] = 63;
  return digits;
}
constexpr std::array<uint8_t, 256> kBase64Digits = MakeBase64Digits();

uint8_t HexDigit(char c) { return kHexDigits[static_cast<uint8_t>(c)]; }

// The four digits of \uXXXX.
std::optional<uint32_t> CodeUnit(std::string_view text) {
  if (text.size() < 4) return std::nullopt;
  uint32_t unit = 0;
  for (const char c : text.substr(0, 4)) {
    const uint8_t digit = HexDigit(c);
    if (digit == kNoDigit) return std::nullopt;
    unit = unit << 4 | digit;
  }
  return unit;
}

char* AppendUtf8(uint32_t point, char* out) {
  const auto put = [&out](uint32_t byte) { *out++ = static_cast<char>(byte); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0 | point >> 6);
    put(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    put(0xE0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  } else {
    put(0xF0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3F));
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  }
  return out;
}

// Takes what follows "\u" from `text`: one code unit, or the two of a pair.
std::optional<uint32_t> TakeCodePoint(std::string_view& text) {
  const std::optional<uint32_t> unit = CodeUnit(text);
  if (!unit) return std::nullopt;
  text.remove_prefix(4);
  if (*unit < 0xD800 || *unit > 0xDFFF) return unit;
  if (*unit > 0xDBFF || !text.starts_with("\\u")) return kReplacement;
  const std::optional<uint32_t> low = CodeUnit(text.substr(2));
  if (!low) return std::nullopt;
  if (*low < 0xDC00 || *low > 0xDFFF) return kReplacement;
  text.remove_prefix(6);
  return 0x10000 + ((*unit - 0xD800) << 10 | (*low - 0xDC00));
}

// What a single character after a backslash stands for; 0 when it stands for nothing.
char Escaped(char c) {
  switch (c) {
    case '"':
    case '\\':
    case '/':
      return c;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return 0;
  }
}

// Without its padding; false when that does not fill it up to a multiple of four.
bool RemovePadding(std::string_view& text) {
  const size_t size = text.size();
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  return text.size() == size || size % 4 == 0;
}

}  // namespace

std::optional<size_t> Unescape(std::string_view text, char* out) {
  char* const begin = out;
  while (!text.empty()) {
    const size_t plain = std::min(text.find('\\'), text.size());
    std::memcpy(out, text.data(), plain);
    out += plain;
    text.remove_prefix(plain);
    if (text.empty()) break;
    if (text.size() < 2) return std::nullopt;
    const char kind = text[1];
    text.remove_prefix(2);
    if (kind == 'u') {
      const std::optional<uint32_t> point = TakeCodePoint(text);
      if (!point) return std::nullopt;
      out = AppendUtf8(*point, out);
    } else {
      const char c = Escaped(kind);
      if (c == 0) return std::nullopt;
      *out++ = c;
    }
  }
  return static_cast<size_t>(out - begin);
}

bool DecodeHex(std::string_view text, char* out) {
  const char* at = text.data();
  const char* const end = at + text.size() / 2 * 2;
  for (; end - at >= 16; at += 16, out += 8) {
    if (!DecodeSixteenHex(at, out)) return false;
  }
  for (; at != end; at += 2) {
    const uint8_t high = HexDigit(at[0]);
    const uint8_t low = HexDigit(at[1]);
    if ((high | low) > 0x0F) return false;
    *out++ = static_cast<char>(high << 4 | low);
  }
  return text.size() % 2 == 0 || HexDigit(*end) != kNoDigit;
}

std::optional<size_t> DecodeBase64(std::string_view text, char* out) {
  if (!RemovePadding(text) || text.size() % 4 == 1) return std::nullopt;
  char* const begin = out;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const uint8_t digit = kBase64Digits[static_cast<uint8_t>(c)];
    if (digit == kNoDigit) return std::nullopt;
    bits = bits << 6 | digit;
    count += 6;
    if (count >= 8) {
      count -= 8;
      *out++ = static_cast<char>(bits >> count);
    }
  }
  return static_cast<size_t>(out - begin);
}

}  // namespace slowburn::collector
