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
#include "collector/internal/json_scan.h"
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
  // What a function that reads much works with: itself.
  using Local = JsonReader&;

  JsonReader(const JsonTokens& tokens, model::ByteArena& arena, DecodeCost& cost)
      : text_(tokens.text),
        at_(tokens.begin),
        end_(tokens.end),
        arena_(arena),
        cost_(cost),
        arena_paid_(arena.memory_bytes()) {
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
    const uint32_t* end = nullptr;     // the token behind
    bool has_next = false;             // another object of the same array follows: moved to that
  };
  bool TakeUsualKeyValue(UsualKeyValue& parts);
  // V, if M is stringValue and V has no escapes. Nothing is moved.
  bool IsUsualString(const UsualKeyValue& parts, std::string_view& value);

  // An item that is refused is counted.
  static constexpr bool kTakesRejected = true;

  // Of the value at the cursor, or at the one that was just read.
  [[noreturn]] void Fail(std::string what) const { throw JsonError(at_, std::move(what)); }
  // Two members of a oneof.
  [[noreturn]] void FailOneof() const { Fail("there are two alternatives of one field; send one"); }
  // All tokens were read.
  void ExpectEnd() const;

  // For memory beside the arena that what is read takes.
  void Charge(size_t bytes) { cost_.Charge(bytes); }
  // Of the arena.
  char* Allocate(size_t bytes) {
    char* const begin = arena_.Allocate(bytes);
    if (arena_.memory_bytes() != arena_paid_) [[unlikely]]
      PayForArena();
    return begin;
  }

 private:
  template <typename Reader>
  friend class JsonObject;
  template <typename Reader>
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
  // A comma, the key `expected` and a colon; else nothing is moved. The first is not expected.
  bool TakeNextKey(const json_keys::Entry& expected, bool is_first);
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
  int32_t AnyEnum(std::span<const std::string_view> names);
  template <typename T>
  T AnyInteger(const char* type);
  void SkipWithin(int arrays_max);
  void SkipNested(int arrays_max);
  void PayForArena();
  // "a string is wanted here, this is 12".
  [[noreturn]] void FailAt(const uint32_t* token, const char* wanted) const;

  const char* text_;
  const uint32_t* at_;
  const uint32_t* end_;
  model::ByteArena& arena_;
  DecodeCost& cost_;
  size_t arena_paid_;
  // The first backslash at or behind escape_from_: most text has none, and most of it is read
  // forward, so that two compares tell.
  const char* escape_from_ = nullptr;
  const char* escape_at_ = nullptr;
};

// "resourceSpans[0].spans[7].kind at byte 1024: ...": `error` with its place, which is found by
// walking the tokens before it once more.
absl::Status ToStatus(const JsonTokens& tokens, const JsonError& error);

}  // namespace slowburn::collector

#include "collector/internal/json_reader_inline.h"
#include "collector/internal/json_walk.h"
