// collector/internal/json_text_reader.h: the values of a JSON text that is written as SDKs write
// it, straight from its bytes.
//
// Room     collector/internal
// Uses     collector/internal, model/
// Threads  one owner
// Units    bytes
// Source   RFC 8259; OTLP specification, "JSON Protobuf Encoding"
#pragma once

#include <cstdint>
#include <exception>
#include <span>
#include <string_view>

#include "collector/internal/byte_block.h"
#include "collector/internal/decode_cost.h"
#include "collector/internal/json_keys.h"
#include "collector/internal/json_number.h"
#include "collector/internal/json_text.h"
#include "model/byte_arena.h"

namespace slowburn::collector {

// The text is broken, or only not written as usual: whoever wants to know asks a JsonReader. Thrown
// by JsonTextReader, and caught by ReadUsualJson.
class UnusualJson : public std::exception {};

// What a JsonTextReader and its copies share.
class JsonTextContext {
 public:
  // A byte 0 follows `text`, and kTextAhead bytes behind its end can be read.
  JsonTextContext(std::string_view text, model::ByteArena& arena, DecodeCost& cost)
      : text_(text), arena_(arena), cost_(cost), arena_paid_(arena.memory_bytes()) {}

  const char* begin() const { return text_.data(); }
  const char* end() const { return text_.data() + text_.size(); }
  // Of the arena, paid for.
  char* Allocate(size_t bytes) {
    char* const begin = arena_.Allocate(bytes);
    if (arena_.memory_bytes() != arena_paid_) [[unlikely]]
      PayForArena();
    return begin;
  }
  // The string whose content begins at `begin`, as it stands; it has characters that are not ASCII,
  // or escapes, from `at` on.
  std::string_view LongString(const char* begin, const char* at);
  std::string_view Unescaped(std::string_view raw);
  // Behind the object or array that begins at `at`.
  const char* SkipNested(const char* at);
  // The same for a number or a word.
  static const char* SkipScalar(const char* at);

 private:
  void PayForArena();

  const std::string_view text_;
  model::ByteArena& arena_;
  DecodeCost& cost_;
  size_t arena_paid_;
};

// A cursor with the functions of JsonReader, to the same effect, over text without white space
// between its tokens. It looks at each byte once, where JsonReader needs the positions of all
// tokens first, and says nothing about what it does not know: that throws UnusualJson, as broken
// text does.
//
// Every loop ends at the byte 0 behind the text, which is in no value, so that the cursor never
// moves past it. Copies go their own way; a local one stays in registers.
class JsonTextReader {
 public:
  // What a function that reads much makes of a reader to work with, and seeks back from.
  using Local = JsonTextReader;

  explicit JsonTextReader(JsonTextContext& context) : at_(context.begin()), context_(&context) {}

  const char* at() const { return at_; }
  void Seek(const char* at) { at_ = at; }
  char Peek() const { return *at_; }

  JsonKey TakeKey();
  bool TakeNull();
  std::string_view String();
  bool Bool();
  int32_t Int32();
  uint32_t Uint32();
  int64_t Int64();
  uint64_t Uint64();
  double Double();
  int32_t Enum(std::span<const std::string_view> names);
  std::string_view Id();
  std::string_view Bytes();
  void Skip();
  void SkipValue() { Skip(); }

  // The text between the quotes of the string at the cursor, and moves behind it. Escapes stay.
  std::string_view RawString(bool& has_escapes);
  // Moves behind a string whose content begins at the cursor.
  void SkipStringContent();

  [[noreturn]] void Fail(const char* /*what*/) const { throw UnusualJson(); }
  [[noreturn]] void FailOneof() const { throw UnusualJson(); }
  // An item that is refused, which the other reader counts.
  static constexpr bool kTakesRejected = false;

  // But for white space all was read.
  void ExpectEnd() const;

 private:
  template <typename Reader>
  friend class JsonObject;
  template <typename Reader>
  friend class JsonArray;

  void Expect(char c, const char* /*wanted*/ = nullptr) {
    if (*at_ != c) [[unlikely]]
      throw UnusualJson();
    ++at_;
  }
  bool Take(char c) {
    if (*at_ != c) return false;
    ++at_;
    return true;
  }
  // A comma (before the first: nothing), the key `expected` and a colon; else nothing is moved.
  bool TakeNextKey(const json_keys::Entry& expected, bool is_first);
  // What is not usual enough to be inline, on a copy: a reader whose address is given away is in
  // memory from then on.
  template <auto Read, typename... Arguments>
  auto ByCopy(Arguments... arguments);
  // A number or a word, and moves behind it.
  std::string_view Scalar();
  // A number, or a string of one.
  std::string_view NumberText();
  int64_t AnyInteger(uint64_t max);
  uint64_t AnyUint64();
  double AnyDouble();
  bool AnyBool();
  int32_t AnyEnum(std::span<const std::string_view> names);
  std::string_view AnyBytes();
  [[noreturn]] void FailAt(const char* /*at*/, const char* /*wanted*/) const {
    throw UnusualJson();
  }

  const char* at_;
  JsonTextContext* context_;
};

}  // namespace slowburn::collector

#include "collector/internal/json_text_reader_inline.h"
