// app/load_template.h: an OTLP request written once, with holes that each sending fills anew.
//
// Room     app
// Uses     protozero
// Threads  immutable after it is written: Put* from any thread, each into a body of its own
// Units    bytes
// Source   protobuf encoding; OTLP specification, JSON Protobuf Encoding
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace slowburn::app {

enum class LoadEncoding : uint8_t { kProtobuf, kJson };

// Every hole has a number that its writer chose, and a width that never changes: filling one moves
// nothing. In JSON a number that is shorter than its hole is followed by spaces.
class LoadTemplate {
 public:
  const std::string& bytes() const { return bytes_; }

  // Each fills one hole of `body`, a copy of bytes().
  void PutId(size_t hole, std::string_view id, std::string& body) const;
  void PutFixed64(size_t hole, uint64_t number, std::string& body) const;
  void PutDouble(size_t hole, double number, std::string& body) const;
  // One byte in protobuf: below 128. Two: 128 to 16383.
  void PutEnum(size_t hole, uint8_t number, std::string& body) const;
  void PutInt(size_t hole, uint16_t number, std::string& body) const;
  // As wide as the hole.
  void PutText(size_t hole, std::string_view text, std::string& body) const;
  // `digits` wide, with leading zeros.
  void PutDigits(size_t hole, uint64_t number, size_t digits, std::string& body) const;

 private:
  friend class LoadTemplateWriter;

  LoadEncoding encoding_ = LoadEncoding::kProtobuf;
  std::string bytes_;
  std::vector<uint32_t> offsets_;  // by hole
};

// Writes both encodings from one description: a field has a number and a JSON name.
class LoadTemplateWriter {
 public:
  struct Field {
    uint32_t number;
    std::string_view json;
  };
  struct TextHole {
    size_t hole;
    size_t at;  // from the start of the text
  };
  using Content = std::function<void()>;

  explicit LoadTemplateWriter(LoadEncoding encoding);

  void Message(Field field, const Content& content);
  // `content` is called with 0, 1, ... `count` - 1.
  void Messages(Field field, size_t count, const std::function<void(size_t)>& content);

  // The text must need no escape in JSON.
  void Text(Field field, std::string_view text, std::initializer_list<TextHole> holes = {});
  void Bool(Field field, bool value);
  void Enum(Field field, uint8_t value);
  void Doubles(Field field, std::span<const double> values);

  // To be filled.
  void IdHole(Field field, size_t bytes, size_t hole);
  void EnumHole(Field field, size_t hole);
  void IntHole(Field field, size_t hole);
  void Fixed64Hole(Field field, size_t hole);
  void DoubleHole(Field field, size_t hole);
  // `count` holes from `first_hole` on, in one packed field.
  void Fixed64Holes(Field field, size_t count, size_t first_hole);

  LoadTemplate Finish() &&;

 private:
  struct Hole {
    size_t hole;
    size_t offset;
  };
  // A message that is being written: its length comes before it, so it is put together apart.
  struct Open {
    std::string bytes;
    std::vector<Hole> holes;
  };

  bool is_json() const { return encoding_ == LoadEncoding::kJson; }
  std::string& out() { return open_.back().bytes; }
  void Key(Field field, uint32_t wire_type);
  void Mark(size_t hole) { open_.back().holes.push_back({hole, out().size()}); }
  void Fixed64(size_t hole);
  void Begin(Field field);
  void End();

  const LoadEncoding encoding_;
  std::vector<Open> open_;  // JSON has one only
};

}  // namespace slowburn::app
