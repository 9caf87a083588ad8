// collector/internal/json_reader.h: the values of a JSON text, read forward and once.
//
// Room     collector/internal
// Uses     collector/internal, model/
// Threads  one owner
// Units    depths are counts
// Source   RFC 8259; OTLP specification, "JSON Protobuf Encoding"; requirements J1 to J10, J13
#pragma once

#include <cstdint>
#include <exception>
#include <span>
#include <string>
#include <string_view>

#include <absl/status/status.h>

#include "collector/internal/decode_cost.h"
#include "collector/internal/json_keys.h"
#include "collector/internal/json_number.h"
#include "collector/internal/json_scan.h"
#include "collector/internal/json_text.h"
#include "model/byte_arena.h"

namespace slowburn::collector {

// How many AnyValues may lie in each other: arrays and lists of them nest.
inline constexpr int kValueDepthMax = 32;

// What is wrong, and at which token. Thrown; the public functions of the room catch it.
class JsonError : public std::exception {
 public:
  JsonError(const uint32_t* token, std::string what) : token_(token), what_(std::move(what)) {}
  const char* what() const noexcept override { return what_.c_str(); }
  const uint32_t* token() const { return token_; }

 private:
  const uint32_t* token_;
  std::string what_;
};

// A cursor over the tokens. Each reading function asks for its kind of value at the cursor, moves
// behind it, and throws a JsonError when it is another or broken. null is absent: it reads as zero,
// empty or false.
//
// Text is a view of the JSON where that has no escapes, else of `arena`, as ids and bytes are.
class JsonReader {
 public:
  JsonReader(const JsonTokens& tokens, model::ByteArena& arena, DecodeCost& cost)
      : text_(tokens.text), at_(tokens.begin), end_(tokens.end), arena_(arena), cost_(cost) {
    FindEscape(text_);
  }

  // The cursor. Seek takes what at() gave.
  const uint32_t* at() const { return at_; }
  void Seek(const uint32_t* token) { at_ = token; }
  // The first byte of the token at the cursor; 0 behind the last.
  char Peek() const { return text_[*at_]; }

  // The key at the cursor, and behind its colon. JsonObject does it.
  JsonKey TakeKey();
  bool TakeNull();
  std::string_view String();
  bool Bool();
  int32_t Int32();
  uint32_t Uint32();
  int64_t Int64();
  uint64_t Uint64();
  double Double();
  // A number, or one of `names`, the first of which is 0. Unknown numbers are kept.
  int32_t Enum(std::span<const std::string_view> names);
  // What hex digits stand for. An odd number of them is no id of any length: empty.
  std::string_view Id();
  // What base64 stands for.
  std::string_view Bytes();

  // Moves behind any value without looking into it, but for its brackets: each has its partner,
  // and they are no more than kDepthMax deep.
  void Skip();
  // The same for an AnyValue that is at `depth` (the outermost: 1), held to kValueDepthMax.
  void SkipValue(int depth = 1);

  // Takes a KeyValue apart that is as all writers write it, {"key":"K","value":{"M":V}} without
  // white space, with a K without escapes and a V that holds nothing, and moves behind it. False,
  // and nothing moved, for any other shape.
  struct UsualKeyValue {
    std::string_view key;
    const uint32_t* member = nullptr;  // the token of M
    bool has_next = false;             // an object follows in the same array: moved to that
  };
  bool TakeUsualKeyValue(UsualKeyValue& parts);
  // V, if M is stringValue and V has no escapes. Nothing is moved.
  bool IsUsualString(const UsualKeyValue& parts, std::string_view& value);

  // Of the value at the cursor, or at the one that was just read.
  [[noreturn]] void Fail(std::string what) const { throw JsonError(at_, std::move(what)); }
  // All tokens were read.
  void ExpectEnd() const;

 private:
  friend class JsonObject;
  friend class JsonArray;

  // Brackets around the deepest AnyValue: four a level, {"kvlistValue":{"values":[{"value":, and
  // those of a metric's exemplar, the innermost place that has one.
  static constexpr size_t kDepthMax = 4 * kValueDepthMax + 16;

  void Expect(char c, const char* wanted) {
    if (Peek() != c) [[unlikely]]
      FailAt(at_, wanted);
    ++at_;
  }
  bool Take(char c) {
    if (Peek() != c) return false;
    ++at_;
    return true;
  }
  // A comma, the key `expected` and a colon; else nothing is moved.
  bool TakeNextKey(const json_keys::Entry& expected);
  JsonKey FindEscapedKey(std::string_view raw) const;
  // The text between the quotes of the string at `token`, escapes and all.
  std::string_view RawString(const uint32_t* token) const;
  std::string_view SpacedRawString(const uint32_t* token) const;
  // Whether it has no escapes.
  bool IsPlain(std::string_view raw);
  bool IsPlainAnywhere(std::string_view raw);
  void FindEscape(const char* from);
  // The same without its escapes.
  std::string_view Unescaped(std::string_view raw, const uint32_t* token);
  // The token at the cursor, which is no string.
  std::string_view Scalar() const;
  // Moves behind a number, or a string of one, and returns it.
  std::string_view NumberText();
  // Moves behind a number or a string of only digits, at most `max`; else nothing is moved.
  bool TakePlainInteger(uint64_t max, uint64_t& value);
  std::string_view AnyId();
  template <typename T>
  T AnyInteger(const char* type);
  void SkipWithin(int arrays_max);
  void SkipNested(int arrays_max);
  char* Allocate(size_t bytes) {
    cost_.Charge(bytes);
    return arena_.Allocate(bytes);
  }
  // "a string is wanted here, this is 12".
  [[noreturn]] void FailAt(const uint32_t* token, const char* wanted) const;

  static constexpr uint64_t BitsOf(std::string_view characters) {
    uint64_t bits = 0;
    for (const char c : characters) bits |= uint64_t{1} << (static_cast<uint8_t>(c) % 64);
    return bits;
  }

  const char* text_;
  const uint32_t* at_;
  const uint32_t* end_;
  model::ByteArena& arena_;
  DecodeCost& cost_;
  // The first backslash at or behind escape_from_: most text has none, and most of it is read
  // forward, so that two compares tell.
  const char* escape_from_ = nullptr;
  const char* escape_at_ = nullptr;
};

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

inline bool JsonReader::TakeNextKey(const json_keys::Entry& expected) {
  const uint32_t* const at = at_;
  static_assert(kTokensAhead >= 2 && kTextAhead > 1 + json_keys::kSizeMax);
  if (text_[at[0]] != ',') return false;
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
  constexpr uint64_t kNoScalar = BitsOf(",:[]{} \t\r\n");
  static_assert((kNoScalar & BitsOf("\"-0123456789tfn")) == 0);
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
  parts.has_next = (end & 0xFFFFFFFF) == kEndAndNext;
  at_ = at + kTokens + (parts.has_next ? 1 : 0);
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

// The fields of the object at the cursor: for (JsonObject o(reader); o.Next();) reads or skips the
// value of o.key().
class JsonObject {
 public:
  explicit JsonObject(JsonReader& reader) : reader_(reader) { reader.Expect('{', "an object"); }

  bool Next() {
    if (reader_.Take('}')) return false;
    if (!is_first_) reader_.Expect(',', "a comma or a closing brace");
    is_first_ = false;
    key_ = reader_.TakeKey();
    return true;
  }
  // The same, faster where `order` is right, which it learns.
  bool Next(JsonKeyOrder& order) {
    const json_keys::Entry& expected = order.After(key_);
    if (!is_first_ && reader_.TakeNextKey(expected)) [[likely]] {
      key_ = expected.key;
      return true;
    }
    const JsonKey previous = key_;
    if (!Next()) return false;
    order.Set(previous, key_);
    return true;
  }
  JsonKey key() const { return key_; }

 private:
  JsonReader& reader_;
  JsonKey key_ = JsonKey::kUnknown;
  bool is_first_ = true;
};

// The elements of the array at the cursor; null is an empty array, but no element.
class JsonArray {
 public:
  explicit JsonArray(JsonReader& reader) : reader_(reader), is_open_(!reader.TakeNull()) {
    if (is_open_) reader.Expect('[', "an array");
  }

  bool Next() {
    if (!is_open_ || reader_.Take(']')) return false;
    if (!is_first_) reader_.Expect(',', "a comma or a closing bracket");
    is_first_ = false;
    if (reader_.Peek() == 'n') [[unlikely]]
      reader_.FailAt(reader_.at_, "an element");
    return true;
  }

 private:
  JsonReader& reader_;
  bool is_open_;
  bool is_first_ = true;
};

// "resourceSpans[0].spans[7].kind at byte 1024: ...": `error` with its place, which is found by
// walking the tokens before it once more.
absl::Status ToStatus(const JsonTokens& tokens, const JsonError& error);

}  // namespace slowburn::collector
