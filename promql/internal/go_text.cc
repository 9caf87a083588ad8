#include "promql/internal/go_text.h"

#include <array>

#include <fmt/format.h>

#include "model/label_set.h"

namespace slowburn::promql::internal {
namespace {

constexpr int32_t kRuneMax = 0x10FFFF;

uint8_t ByteAt(std::string_view text, size_t at) {
  return at < text.size() ? static_cast<uint8_t>(text[at]) : uint8_t{0};
}

bool Continues(uint8_t byte) { return (byte & 0xC0) == 0x80; }

std::string EscapedRune(int32_t code, std::string_view bytes, char quote) {
  if (code == quote || code == '\\') return fmt::format("\\{}", static_cast<char>(code));
  constexpr std::string_view kControls = "\a\b\f\n\r\t\v";
  constexpr std::string_view kLetters = "abfnrtv";
  if (code > 0 && code < 0x20) {
    const size_t at = kControls.find(static_cast<char>(code));
    if (at != std::string_view::npos) return fmt::format("\\{}", kLetters[at]);
  }
  if (code < 0x20 || code == 0x7F) return fmt::format("\\x{:02x}", code);
  const bool invisible = (code >= 0x80 && code <= 0xA0) || code == 0xAD ||
                         (code >= 0x2000 && code <= 0x200F) || (code >= 0x2028 && code <= 0x202F) ||
                         (code >= 0xE000 && code <= 0xF8FF) || code == 0xFEFF || code > 0xE0000;
  if (!invisible) return std::string(bytes);
  return code < 0x10000 ? fmt::format("\\u{:04x}", code) : fmt::format("\\U{:08x}", code);
}

std::string Utf8(int32_t code) {
  if (code < 0 || code > kRuneMax) code = kRuneError;
  const auto byte = [](int32_t value) { return static_cast<char>(value); };
  if (code < 0x80) return {byte(code)};
  if (code < 0x800) return {byte(0xC0 | code >> 6), byte(0x80 | (code & 0x3F))};
  if (code < 0x10000) {
    return {byte(0xE0 | code >> 12), byte(0x80 | (code >> 6 & 0x3F)), byte(0x80 | (code & 0x3F))};
  }
  return {byte(0xF0 | code >> 18), byte(0x80 | (code >> 12 & 0x3F)),
          byte(0x80 | (code >> 6 & 0x3F)), byte(0x80 | (code & 0x3F))};
}

}  // namespace

Rune FirstRune(std::string_view text) {
  const uint8_t a = ByteAt(text, 0), b = ByteAt(text, 1), c = ByteAt(text, 2), d = ByteAt(text, 3);
  if (a < 0x80) return {a, 1};
  if (a >= 0xC2 && a <= 0xDF && Continues(b)) return {(a & 0x1F) << 6 | (b & 0x3F), 2};
  if (a >= 0xE0 && a <= 0xEF && Continues(b) && Continues(c)) {
    const int32_t code = (a & 0x0F) << 12 | (b & 0x3F) << 6 | (c & 0x3F);
    if (code >= 0x800 && (code < 0xD800 || code > 0xDFFF)) return {code, 3};
  }
  if (a >= 0xF0 && a <= 0xF4 && Continues(b) && Continues(c) && Continues(d)) {
    const int32_t code = (a & 0x07) << 18 | (b & 0x3F) << 12 | (c & 0x3F) << 6 | (d & 0x3F);
    if (code >= 0x10000 && code <= kRuneMax) return {code, 4};
  }
  return {kRuneError, 1};
}

std::string Quoted(std::string_view text) { return QuotedPrefix(text, text.size()); }

std::string QuotedPrefix(std::string_view text, size_t count) {
  std::string quoted = "\"";
  for (; !text.empty() && count > 0; --count) {
    const Rune rune = FirstRune(text);
    const bool is_broken = rune.code == kRuneError && rune.length == 1;
    quoted += is_broken ? fmt::format("\\x{:02x}", ByteAt(text, 0))
                        : EscapedRune(rune.code, text.substr(0, rune.length), '"');
    text.remove_prefix(rune.length);
  }
  return quoted + "\"";
}

std::string QuotedRune(int32_t code) {
  if (code < 0) code = kRuneError;
  return fmt::format("'{}'", EscapedRune(code, Utf8(code), '\''));
}

std::string RuneWithCode(int32_t code) { return fmt::format("U+{:04X} '{}'", code, Utf8(code)); }

std::string DurationText(int64_t ms) {
  struct Unit {
    std::string_view name;
    uint64_t ms;
    bool only_even;
  };
  constexpr uint64_t kDay = 86'400'000;
  constexpr std::array<Unit, 7> kUnits = {{{"y", 365 * kDay, true},
                                           {"w", 7 * kDay, true},
                                           {"d", kDay, false},
                                           {"h", 3'600'000, false},
                                           {"m", 60'000, false},
                                           {"s", 1000, false},
                                           {"ms", 1, false}}};
  if (ms == 0) return "0s";
  uint64_t rest = ms < 0 ? -static_cast<uint64_t>(ms) : static_cast<uint64_t>(ms);
  std::string text = ms < 0 ? "-" : "";
  for (const Unit& unit : kUnits) {
    if (unit.only_even && rest % unit.ms != 0) continue;
    if (const uint64_t count = rest / unit.ms; count > 0) {
      text += fmt::format("{}{}", count, unit.name);
      rest -= count * unit.ms;
    }
  }
  return text;
}

std::string LabelNameText(std::string_view name) {
  return model::NormalizedLabelName(name) == name && !name.empty() ? std::string(name)
                                                                   : Quoted(name);
}

}  // namespace slowburn::promql::internal
