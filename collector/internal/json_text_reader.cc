#include "collector/internal/json_text_reader.h"

#include <algorithm>
#include <array>
#include <optional>

#include <simdjson.h>

namespace slowburn::collector {
namespace {

// Brackets in each other, of what is skipped. Deeper ones are for JsonReader, which knows how deep
// values may be.
constexpr size_t kDepthMax = 16;

bool IsOfScalar(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '+' || c == '.';
}

}  // namespace

void JsonTextContext::PayForArena() {
  cost_.Charge(arena_.memory_bytes() - arena_paid_);
  arena_paid_ = arena_.memory_bytes();
}

std::string_view JsonTextContext::LongString(const char* begin, const char* at) {
  bool is_ascii = true;
  for (; *at != '"'; at = FindEnd(at)) {
    const auto c = static_cast<uint8_t>(*at);
    if (c < 0x20) throw UnusualJson();
    is_ascii &= c < 0x80;
    ++at;
    if (c != '\\') continue;
    if (static_cast<uint8_t>(*at) < 0x20) throw UnusualJson();
    if (static_cast<uint8_t>(*at) < 0x80) ++at;
  }
  const std::string_view raw(begin, static_cast<size_t>(at - begin));
  if (!is_ascii && !simdjson::validate_utf8(raw.data(), raw.size())) throw UnusualJson();
  return raw;
}

std::string_view JsonTextContext::Unescaped(std::string_view raw) {
  char* const out = Allocate(raw.size());
  const std::optional<size_t> size = Unescape(raw, out);
  if (!size) throw UnusualJson();
  return {out, *size};
}

const char* JsonTextContext::SkipNested(const char* at) {
  std::array<char, kDepthMax> closing;  // of the brackets that are open
  size_t depth = 0;
  do {
    const char c = *at;
    switch (c) {
      case '"':
        at = FindEnd(at + 1);
        if (*at != '"') {
          const std::string_view raw = LongString(at, at);
          at = raw.data() + raw.size();
        }
        break;
      case '[':
      case '{':
        if (depth == kDepthMax) throw UnusualJson();
        closing[depth++] = static_cast<char>(c + 2);  // ASCII has them two apart
        break;
      case ']':
      case '}':
        if (closing[--depth] != c) throw UnusualJson();
        break;
      case ',':
      case ':':
        break;
      default:
        if (!IsOfScalar(c)) throw UnusualJson();
    }
    ++at;
  } while (depth > 0);
  return at;
}

const char* JsonTextContext::SkipScalar(const char* at) {
  const char* end = at;
  while (IsOfScalar(*end)) ++end;
  if (end == at || !json_text::IsBehindValue(*end)) throw UnusualJson();
  return end;
}

std::string_view JsonTextReader::Scalar() {
  const char* const begin = at_;
  at_ = JsonTextContext::SkipScalar(at_);
  return {begin, static_cast<size_t>(at_ - begin)};
}

std::string_view JsonTextReader::NumberText() { return *at_ == '"' ? String() : Scalar(); }

int64_t JsonTextReader::AnyInteger(uint64_t max) {
  if (TakeNull()) return 0;
  JsonInteger value;
  if (ParseJsonInteger(NumberText(), value) != NumberError::kNone) throw UnusualJson();
  if (value.magnitude > max) throw UnusualJson();
  if (!value.is_negative) return static_cast<int64_t>(value.magnitude);
  if (max == UINT32_MAX && value.magnitude != 0) throw UnusualJson();
  return -static_cast<int64_t>(value.magnitude);
}

uint64_t JsonTextReader::AnyUint64() {
  if (TakeNull()) return 0;
  JsonInteger value;
  if (ParseJsonInteger(NumberText(), value) != NumberError::kNone) throw UnusualJson();
  if (value.is_negative && value.magnitude != 0) throw UnusualJson();
  return value.magnitude;
}

double JsonTextReader::AnyDouble() {
  if (TakeNull()) return 0;
  double value = 0;
  if (ParseJsonDouble(NumberText(), value) != NumberError::kNone) throw UnusualJson();
  return value;
}

bool JsonTextReader::AnyBool() {
  if (TakeNull()) return false;
  const std::string_view text = Scalar();
  if (text != "true" && text != "false") throw UnusualJson();
  return text == "true";
}

int32_t JsonTextReader::AnyEnum(std::span<const std::string_view> names) {
  if (*at_ != '"') return static_cast<int32_t>(AnyInteger(INT32_MAX));
  const auto found = std::find(names.begin(), names.end(), String());
  if (found == names.end()) throw UnusualJson();
  return static_cast<int32_t>(found - names.begin());
}

std::string_view JsonTextReader::AnyBytes() {
  const std::string_view digits = String();
  char* const out = context_->Allocate(digits.size() * 3 / 4);
  const std::optional<size_t> size = DecodeBase64(digits, out);
  if (!size) throw UnusualJson();
  return {out, *size};
}

void JsonTextReader::ExpectEnd() const {
  const char* at = at_;
  while (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t') ++at;
  if (at != context_->end()) throw UnusualJson();
}

}  // namespace slowburn::collector
