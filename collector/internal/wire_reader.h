// collector/internal/wire_reader.h: the fields of one protobuf message, one after the other.
//
// Room     collector/internal
// Uses     protozero (varints and its exceptions)
// Threads  one owner
// Units    bytes
// Source   Protocol Buffers, "Encoding"
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <protozero/exception.hpp>
#include <protozero/varint.hpp>

namespace slowburn::collector {

enum class WireType : uint32_t {
  kVarint = 0,
  kFixed64 = 1,
  kBytes = 2,
  kGroup = 3,
  kGroupEnd = 4,
  kFixed32 = 5
};

// A field number with its wire type, as the wire has it: what a reader switches on, so that a known
// number with another type is an unknown field, as for protobuf.
constexpr uint32_t FieldTag(uint32_t number, WireType type) {
  return (number << 3) | static_cast<uint32_t>(type);
}

// A view of one message. It is protozero's reader with one difference: a group (which OTLP has none
// of) is a field that can be skipped, nested up to kGroupDepthMax, where protozero refuses the
// whole message.
//
// Whatever is wrong with the bytes throws a protozero::exception: the public functions of the room
// catch it.
class WireReader {
 public:
  static constexpr size_t kGroupDepthMax = 32;

  explicit WireReader(std::string_view message)
      : at_(message.data()), end_(message.data() + message.size()), field_(at_) {}

  // Moves to the next field; false at the end. Each field must be read or skipped before the next.
  bool Next() {
    if (at_ == end_) return false;
    field_ = at_;
    tag_ = ReadTag();
    return true;
  }

  uint32_t tag() const { return tag_; }
  // The current field from its tag to where reading has come.
  std::string_view field() const { return {field_, static_cast<size_t>(at_ - field_)}; }

  // Each asks for a tag of its wire type.
  uint64_t Varint() { return protozero::decode_varint(&at_, end_); }
  uint64_t Fixed64() { return Load<uint64_t>(); }
  uint32_t Fixed32() { return Load<uint32_t>(); }
  std::string_view Bytes() {
    const uint64_t size = Varint();
    const char* begin = at_;
    Advance(size);
    return {begin, static_cast<size_t>(size)};
  }

  // Whatever the current field is.
  void Skip() {
    if (WireType{tag_ & 7} == WireType::kGroup) {
      SkipGroup();
    } else {
      SkipValue(tag_);
    }
  }

 private:
  uint32_t ReadTag() {
    // Protobuf takes 5 bytes and of them 32 bits.
    const uint64_t wide = protozero::decode_varint(&at_, end_);
    const auto tag = static_cast<uint32_t>(wide);
    if ((wide >> 35) != 0 || (tag >> 3) == 0) throw protozero::invalid_tag_exception{};
    return tag;
  }

  void Advance(uint64_t size) {
    if (size > static_cast<uint64_t>(end_ - at_)) throw protozero::end_of_buffer_exception{};
    at_ += size;
  }

  template <typename T>
  T Load() {
    static_assert(std::endian::native == std::endian::little, "the wire is little-endian");
    const char* begin = at_;
    Advance(sizeof(T));
    T value;
    std::memcpy(&value, begin, sizeof(T));
    return value;
  }

  void SkipValue(uint32_t tag) {
    switch (WireType{tag & 7}) {
      case WireType::kVarint:
        return protozero::skip_varint(&at_, end_);
      case WireType::kFixed64:
        return Advance(8);
      case WireType::kBytes:
        return Advance(Varint());
      case WireType::kFixed32:
        return Advance(4);
      default:
        throw protozero::unknown_pbf_wire_type_exception{};
    }
  }

  // Without recursion: the depth is the input's to choose.
  void SkipGroup() {
    std::array<uint32_t, kGroupDepthMax> open;
    size_t depth = 0;
    open[depth++] = tag_ >> 3;
    while (depth > 0) {
      const uint32_t tag = ReadTag();
      switch (WireType{tag & 7}) {
        case WireType::kGroup:
          if (depth == kGroupDepthMax) throw protozero::unknown_pbf_wire_type_exception{};
          open[depth++] = tag >> 3;
          break;
        case WireType::kGroupEnd:
          if (open[--depth] != tag >> 3) throw protozero::invalid_tag_exception{};
          break;
        default:
          SkipValue(tag);
      }
    }
  }

  const char* at_;
  const char* end_;
  const char* field_;
  uint32_t tag_ = 0;
};

}  // namespace slowburn::collector
