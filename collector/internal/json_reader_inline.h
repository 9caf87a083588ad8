// collector/internal/json_reader_inline.h: what JsonReader does for every field: the usual shapes,
// inline, before the general ones in json_reader.cc.
//
// Room     collector/internal
// Uses     collector/internal
// Threads  as JsonReader
// Units    none
#pragma once

#include "collector/internal/json_number.h"
#include "collector/internal/json_reader.h"
#include "collector/internal/json_text.h"

// Tokens and bytes are looked at ahead of the cursor without asking where they end: kTokensAhead
// and kTextAhead of them follow. The first byte behind the text is 0, which is like none of those
// compared, so what lies behind it has no say.

namespace slowburn::collector {

namespace json_reader {
// A bit for each character modulo 64.
constexpr uint64_t BitsOf(std::string_view characters) {
  uint64_t bits = 0;
  for (const char c : characters) bits |= uint64_t{1} << (static_cast<uint8_t>(c) % 64);
  return bits;
}
}  // namespace json_reader

inline std::string_view JsonReader::RawString(const uint32_t* token) const {
  const char* const begin = text_ + token[0] + 1;
  const char* const end = text_ + token[1] - 1;
  // White space behind the closing quote is seldom.
  if (*end != '"' || end < begin) [[unlikely]]
    return SpacedRawString(token);
  return {begin, static_cast<size_t>(end - begin)};
}

inline bool JsonReader::IsPlain(std::string_view raw) {
  if (raw.data() >= escape_from_ && raw.data() + raw.size() <= escape_at_) [[likely]]
    return true;
  return IsPlainAnywhere(raw);
}

inline JsonKey JsonReader::TakeKey() {
  if (Peek() != '"') [[unlikely]]
    FailAt(at_, "a key");
  const std::string_view raw = RawString(at_);
  JsonKey key = FindJsonKey(raw);
  if (key == JsonKey::kUnknown && !IsPlain(raw)) key = FindEscapedKey(raw);
  ++at_;
  Expect(':', "a colon");
  return key;
}

inline bool JsonReader::TakeNextKey(const json_keys::Entry& expected, bool is_first) {
  const uint32_t* const at = at_;
  static_assert(kTokensAhead >= 2 && kTextAhead > 1 + json_keys::kSizeMax);
  if (is_first || text_[at[0]] != ',') return false;
  const char* const key = text_ + at[1];
  const char* const colon = text_ + at[2];
  // No key has a quote in it, so that the byte before the colon is the one that ends this key.
  if (*key != '"' || *colon != ':' || colon - key != expected.size + 2 || !expected.IsAt(key + 1)) {
    return false;
  }
  at_ = at + 3;
  return true;
}

inline bool JsonReader::TakeNull() {
  if (Peek() != 'n') [[likely]]
    return false;
  if (Scalar() != "null") FailAt(at_, "null");
  ++at_;
  return true;
}

inline std::string_view JsonReader::String() {
  if (Peek() != '"') [[unlikely]] {
    if (TakeNull()) return {};
    FailAt(at_, "a string");
  }
  const uint32_t* const token = at_++;
  const std::string_view raw = RawString(token);
  return IsPlain(raw) ? raw : Unescaped(raw, token);
}

inline std::string_view JsonReader::Id() {
  if (Peek() == '"') [[likely]] {
    const std::string_view digits = RawString(at_);
    const size_t size = digits.size();
    if (size == 16 || size == 32) [[likely]] {
      char* const out = Allocate(size / 2);
      if (DecodeSixteenHex(digits.data(), out) &&
          (size == 16 || DecodeSixteenHex(digits.data() + 16, out + 8))) [[likely]] {
        ++at_;
        return {out, size / 2};
      }
    }
  }
  return AnyId();
}

inline bool JsonReader::TakePlainInteger(uint64_t max, uint64_t& value) {
  const char* begin = text_ + at_[0];
  const char* end = text_ + at_[1];
  if (end - begin == 1) {
    value = static_cast<uint8_t>(*begin - '0');
    if (value > 9) return false;
    ++at_;
    return true;
  }
  if (*begin == '"') {
    ++begin;
    --end;
    if (*end != '"') return false;
  }
  if (!ParsePlainInteger(begin, end, value) || value > max) return false;
  ++at_;
  return true;
}

inline uint64_t JsonReader::Uint64() {
  uint64_t value;
  if (TakePlainInteger(UINT64_MAX, value)) [[likely]]
    return value;
  return AnyInteger<uint64_t>("a uint64");
}
inline int64_t JsonReader::Int64() {
  uint64_t value;
  if (TakePlainInteger(INT64_MAX, value)) [[likely]]
    return static_cast<int64_t>(value);
  return AnyInteger<int64_t>("an int64");
}
inline uint32_t JsonReader::Uint32() {
  uint64_t value;
  if (TakePlainInteger(UINT32_MAX, value)) [[likely]]
    return static_cast<uint32_t>(value);
  return AnyInteger<uint32_t>("a uint32");
}
inline int32_t JsonReader::Int32() {
  uint64_t value;
  if (TakePlainInteger(INT32_MAX, value)) [[likely]]
    return static_cast<int32_t>(value);
  return AnyInteger<int32_t>("an int32");
}

inline int32_t JsonReader::Enum(std::span<const std::string_view> names) {
  uint64_t value;
  if (TakePlainInteger(INT32_MAX, value)) [[likely]]
    return static_cast<int32_t>(value);
  return AnyEnum(names);
}

// The bytes around K, M and V are compared many at a time, as they stand: `{"key":"` are four
// tokens, `","value":{"` behind the end of K five more, then comes M's colon with the begin of V,
// and the two brackets at the end.
inline bool JsonReader::TakeUsualKeyValue(UsualKeyValue& parts) {
  using json_keys::Load;
  using json_keys::WordAt;
  constexpr uint64_t kBegin = WordAt(R"({"key":")", 0);
  constexpr uint64_t kMiddle = WordAt(R"(","value":{")", 0);
  constexpr uint64_t kMiddleEnd = WordAt(R"(","value":{")", 4);
  constexpr uint64_t kEnd = WordAt("}}", 0);
  constexpr uint64_t kEndAndNext = WordAt("}},{", 0);
  constexpr int kTokens = 13;
  static_assert(kTokensAhead >= kTokens && kTextAhead >= sizeof(uint64_t) + 4);
  // V does not begin so. A bit for each byte modulo 64, which tells them from begins of scalars.
  constexpr uint64_t kNoScalar = json_reader::BitsOf(",:[]{} \t\r\n");
  static_assert((kNoScalar & json_reader::BitsOf("\"-0123456789tfn")) == 0);
  const uint32_t* const at = at_;
  const char* const begin = text_ + at[0];
  const char* const middle = text_ + at[4] - 1;
  const uint64_t colon = Load(text_ + at[9]);
  const uint64_t end = Load(text_ + at[11]);
  // Without branches: all of it is equal nearly always.
  const uint64_t difference = (Load(begin) ^ kBegin) | (Load(middle) ^ kMiddle) |
                              (Load(middle + 4) ^ kMiddleEnd) | ((colon & 0xFF) ^ ':') |
                              (kNoScalar >> (colon >> 8 & 63) & 1) | ((end & 0xFFFF) ^ kEnd);
  if (difference != 0) return false;
  parts.key = {begin + sizeof(kBegin), static_cast<size_t>(middle - begin) - sizeof(kBegin)};
  if (!IsPlain(parts.key)) return false;
  parts.member = at + 8;
  parts.end = at + kTokens;
  parts.has_next = (end & 0xFFFFFFFF) == kEndAndNext;
  at_ = parts.end + (parts.has_next ? 1 : 0);
  return true;
}

inline bool JsonReader::IsUsualString(const UsualKeyValue& parts, std::string_view& value) {
  using json_keys::Load;
  constexpr uint64_t kBegin = json_keys::WordAt(R"("stringV)", 0);
  constexpr uint64_t kEnd = json_keys::WordAt(R"(ngValue")", 0);
  const char* const member = text_ + parts.member[0];
  const uint32_t* const held = parts.member + 2;
  if (Load(member) != kBegin || Load(member + 5) != kEnd || text_[*held] != '"') return false;
  value = RawString(held);
  return IsPlain(value);
}

}  // namespace slowburn::collector
