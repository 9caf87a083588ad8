// collector/internal/json_text_reader_inline.h: what JsonTextReader does for every field.
//
// Room     collector/internal
// Uses     collector/internal
// Threads  as JsonTextReader
// Units    none
#pragma once

#include <algorithm>
#include <limits>

#include "collector/internal/json_text_reader.h"

namespace slowburn::collector {

namespace json_text {
inline uint32_t LoadFour(const char* text) {
  uint32_t four;
  std::memcpy(&four, text, sizeof(four));
  return four;
}
constexpr uint32_t Word(std::string_view text) {
  return static_cast<uint32_t>(json_keys::WordAt(text, 0));
}
// What may stand behind a value.
inline bool IsBehindValue(char c) { return c == ',' || c == '}' || c == ']'; }
}  // namespace json_text

inline std::string_view JsonTextReader::RawString(bool& has_escapes) {
  Expect('"');
  const char* const begin = at_;
  const char* const end = FindEnd(begin);
  if (*end == '"') [[likely]] {
    has_escapes = false;
    at_ = end + 1;
    return {begin, static_cast<size_t>(end - begin)};
  }
  has_escapes = true;
  const std::string_view raw = context_->LongString(begin, end);
  at_ = raw.data() + raw.size() + 1;
  return raw;
}

inline void JsonTextReader::SkipStringContent() {
  const char* end = FindEnd(at_);
  if (*end != '"') [[unlikely]] {
    const std::string_view raw = context_->LongString(at_, end);
    end = raw.data() + raw.size();
  }
  at_ = end + 1;
}

inline JsonKey JsonTextReader::TakeKey() {
  bool has_escapes;
  const std::string_view raw = RawString(has_escapes);
  if (has_escapes) [[unlikely]]
    throw UnusualJson();
  Expect(':');
  return FindJsonKey(raw);
}

inline bool JsonTextReader::TakeNextKey(const json_keys::Entry& expected, bool is_first) {
  if (expected.key == JsonKey::kUnknown || (!is_first && *at_ != ',')) return false;
  const char* const begin = at_ + (is_first ? 0 : 1);
  const json_keys::QuotedKey& key =
      json_keys::kQuotedKeys.data()[static_cast<size_t>(expected.key)];
  if (!IsEqualUnder(key.mask.data(), begin, key.text.data())) return false;
  at_ = begin + expected.size + 3;
  return true;
}

inline bool JsonTextReader::TakeNull() {
  if (*at_ != 'n') [[likely]]
    return false;
  if (json_text::LoadFour(at_) != json_text::Word("null") || !json_text::IsBehindValue(at_[4])) {
    throw UnusualJson();
  }
  at_ += 4;
  return true;
}

inline std::string_view JsonTextReader::String() {
  if (TakeNull()) [[unlikely]]
    return {};
  bool has_escapes;
  const std::string_view raw = RawString(has_escapes);
  return has_escapes ? context_->Unescaped(raw) : raw;
}

inline std::string_view JsonTextReader::Id() {
  const char* const at = at_;
  if (*at == '"') [[likely]] {
    if (at[17] == '"') {
      char* const out = context_->Allocate(8);
      if (DecodeSixteenHex(at + 1, out)) [[likely]] {
        at_ = at + 18;
        return {out, 8};
      }
    } else if (at[33] == '"') {
      char* const out = context_->Allocate(16);
      if (DecodeSixteenHex(at + 1, out) && DecodeSixteenHex(at + 17, out + 8)) [[likely]] {
        at_ = at + 34;
        return {out, 16};
      }
    }
    if (at[1] == '"') {
      at_ = at + 2;
      return {};
    }
  }
  throw UnusualJson();
}

template <auto Read, typename... Arguments>
auto JsonTextReader::ByCopy(Arguments... arguments) {
  JsonTextReader copy = *this;
  const auto value = (copy.*Read)(arguments...);
  at_ = copy.at_;
  return value;
}

inline bool JsonTextReader::Bool() { return ByCopy<&JsonTextReader::AnyBool>(); }
inline double JsonTextReader::Double() { return ByCopy<&JsonTextReader::AnyDouble>(); }
inline std::string_view JsonTextReader::Bytes() { return ByCopy<&JsonTextReader::AnyBytes>(); }
inline int32_t JsonTextReader::Int32() {
  return static_cast<int32_t>(ByCopy<&JsonTextReader::AnyInteger>(uint64_t{INT32_MAX}));
}
inline uint32_t JsonTextReader::Uint32() {
  return static_cast<uint32_t>(ByCopy<&JsonTextReader::AnyInteger>(uint64_t{UINT32_MAX}));
}
inline int64_t JsonTextReader::Int64() {
  return ByCopy<&JsonTextReader::AnyInteger>(uint64_t{INT64_MAX});
}

inline uint64_t JsonTextReader::Uint64() {
  // Nanoseconds of this century, as a string: 19 digits.
  const char* const at = at_;
  if (uint64_t high, low, last; *at == '"' && at[20] == '"' && at[1] != '0' &&
                                ParseEightDigits(at + 1, high) && ParseEightDigits(at + 9, low) &&
                                ParseEightDigits(at + 12, last)) [[likely]] {
    at_ = at + 21;
    return high * 100'000'000'000 + low * 1000 + last % 1000;
  }
  return ByCopy<&JsonTextReader::AnyUint64>();
}

inline int32_t JsonTextReader::Enum(std::span<const std::string_view> names) {
  const auto digit = static_cast<uint8_t>(*at_ - '0');
  if (digit <= 9 && json_text::IsBehindValue(at_[1])) [[likely]] {
    ++at_;
    return digit;
  }
  return ByCopy<&JsonTextReader::AnyEnum>(names);
}

inline void JsonTextReader::Skip() {
  switch (*at_) {
    case '"':
      ++at_;
      SkipStringContent();
      break;
    case '{':
    case '[':
      at_ = context_->SkipNested(at_);
      break;
    default:
      at_ = JsonTextContext::SkipScalar(at_);
  }
}

}  // namespace slowburn::collector
