// model/attribute_value.h: one OTLP attribute value, as a view.
//
// Room     model
// Uses     standard library
// Threads  immutable values
// Units    none
// Source   OTLP common.proto, AnyValue
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace slowburn::model {

// Text and bytes point into the request they came from. An AnyValue with no member set is kNil,
// like an absent attribute (OTTL's nil); arrays and maps are kComposite: present, but unequal to
// every literal.
class AttributeValue {
 public:
  enum class Kind : uint8_t { kNil, kString, kBool, kInt, kDouble, kBytes, kComposite };

  AttributeValue() = default;
  static AttributeValue String(std::string_view text) { return {Kind::kString, text}; }
  static AttributeValue Bytes(std::string_view bytes) { return {Kind::kBytes, bytes}; }
  static AttributeValue Composite() { return {Kind::kComposite, {}}; }
  static AttributeValue Bool(bool value) {
    AttributeValue v;
    v.kind_ = Kind::kBool;
    v.int_ = value ? 1 : 0;
    return v;
  }
  static AttributeValue Int(int64_t value) {
    AttributeValue v;
    v.kind_ = Kind::kInt;
    v.int_ = value;
    return v;
  }
  static AttributeValue Double(double value) {
    AttributeValue v;
    v.kind_ = Kind::kDouble;
    v.double_ = value;
    return v;
  }

  Kind kind() const { return kind_; }
  bool is_nil() const { return kind_ == Kind::kNil; }
  // Each accessor asks for its kind.
  std::string_view text() const { return {data_, size_}; }  // kString, kBytes
  bool boolean() const { return int_ != 0; }
  int64_t integer() const { return int_; }
  double number() const { return double_; }

 private:
  AttributeValue(Kind kind, std::string_view text)
      : kind_(kind), size_(static_cast<uint32_t>(text.size())), data_(text.data()) {}

  Kind kind_ = Kind::kNil;
  uint32_t size_ = 0;  // A request is at most 64 MiB, so a value's size fits.
  union {
    const char* data_ = nullptr;
    int64_t int_;
    double double_;
  };
};
static_assert(sizeof(AttributeValue) == 16, "a span's attributes are copied by the million");

}  // namespace slowburn::model
