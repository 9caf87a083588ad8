#include "model/attribute_text.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "model/label_set.h"

namespace slowburn::model {
namespace {

constexpr int kNestingMax = 32;

// A field's number with its wire type, as the wire has it: a known number with another type is an
// unknown field.
constexpr uint64_t Tag(uint32_t number, uint32_t wire_type) { return number << 3 | wire_type; }

constexpr uint64_t kListValues = Tag(1, 2);  // of ArrayValue and of KeyValueList
constexpr uint64_t kKey = Tag(1, 2);
constexpr uint64_t kValue = Tag(2, 2);

// The members of AnyValue.
constexpr uint64_t kNone = 0;
constexpr uint64_t kString = Tag(1, 2);
constexpr uint64_t kBool = Tag(2, 0);
constexpr uint64_t kInt = Tag(3, 0);
constexpr uint64_t kDouble = Tag(4, 1);
constexpr uint64_t kArray = Tag(5, 2);
constexpr uint64_t kMap = Tag(6, 2);
constexpr uint64_t kBytes = Tag(7, 2);
constexpr uint64_t kStringIndex = Tag(8, 0);  // into a table that only profiles have: no value

// One field of a message; false at its end and where it is broken.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : bytes_(bytes) {}

  bool Next() {
    if (bytes_.empty()) return false;
    const std::optional<uint64_t> tag = Varint();
    if (!tag.has_value()) return false;
    tag_ = *tag;
    return (tag_ & 7) == 3 ? SkipGroup() : TakeValue(tag_);
  }
  uint64_t tag() const { return tag_; }
  uint64_t integer() const { return integer_; }
  std::string_view content() const { return content_; }

 private:
  std::optional<uint64_t> Varint() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !bytes_.empty(); shift += 7) {
      const auto byte = static_cast<uint8_t>(bytes_.front());
      bytes_.remove_prefix(1);
      value |= uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return value;
    }
    return std::nullopt;
  }
  bool TakeValue(uint64_t tag) {
    switch (tag & 7) {
      case 0:
        return TakeVarint();
      case 1:
        return TakeFixed(8);
      case 2:
        return TakeBytes();
      case 5:
        return TakeFixed(4);
      default:
        return false;
    }
  }
  bool TakeVarint() {
    const std::optional<uint64_t> value = Varint();
    integer_ = value.value_or(0);
    return value.has_value();
  }
  bool TakeFixed(size_t size) {
    if (bytes_.size() < size) return false;
    integer_ = 0;
    std::memcpy(&integer_, bytes_.data(), size);
    bytes_.remove_prefix(size);
    return true;
  }
  bool TakeBytes() {
    const std::optional<uint64_t> size = Varint();
    if (!size.has_value() || *size > bytes_.size()) return false;
    content_ = bytes_.substr(0, static_cast<size_t>(*size));
    bytes_.remove_prefix(content_.size());
    return true;
  }
  // What no message here has, and the wire allows all the same.
  bool SkipGroup() {
    for (int open = 1; open > 0;) {
      const std::optional<uint64_t> tag = Varint();
      if (!tag.has_value()) return false;
      switch (*tag & 7) {
        case 3:
          ++open;
          break;
        case 4:
          --open;
          break;
        default:
          if (!TakeValue(*tag)) return false;
      }
    }
    return true;
  }

  std::string_view bytes_;
  uint64_t tag_ = 0;
  uint64_t integer_ = 0;
  std::string_view content_;
};

// An AnyValue: its bytes, or those of the KeyValue around it, which may have it in several pieces.
struct Encoded {
  std::string_view bytes;
  bool is_key_value = false;
};

// The fields of an AnyValue; of all its pieces, which the wire merges.
class Members {
 public:
  explicit Members(Encoded value)
      : pieces_(value.is_key_value ? value.bytes : std::string_view()),
        fields_(value.is_key_value ? std::string_view() : value.bytes) {}

  bool Next() {
    while (!fields_.Next()) {
      do {
        if (!pieces_.Next()) return false;
      } while (pieces_.tag() != kValue);
      fields_ = Fields(pieces_.content());
    }
    return true;
  }
  const Fields& field() const { return fields_; }

 private:
  Fields pieces_;
  Fields fields_;
};

struct Value {
  uint64_t member = kNone;
  uint64_t integer = 0;
  std::string_view content;  // of a list: the first of its pieces
};

bool IsList(uint64_t member) { return member == kArray || member == kMap; }

// AnyValue is a oneof: the last member counts.
Value Read(Encoded any_value) {
  Value value;
  Members members(any_value);
  while (members.Next()) {
    const Fields& field = members.field();
    switch (field.tag()) {
      case kArray:
      case kMap:
        if (value.member == field.tag()) break;  // one more piece
        [[fallthrough]];
      case kString:
      case kBool:
      case kInt:
      case kDouble:
      case kBytes:
        value = {field.tag(), field.integer(), field.content()};
        break;
      case kStringIndex:
        value = {};
        break;
      default:
        break;
    }
  }
  return value;
}

// The values of a list, or the pairs of a map: of all pieces of it.
class Elements {
 public:
  // `list` was read from `any_value`.
  Elements(Encoded any_value, const Value& list)
      : members_(any_value), list_(list), fields_(std::string_view()) {}

  bool Next() {
    while (true) {
      while (fields_.Next()) {
        if (fields_.tag() == kListValues) return true;
      }
      do {
        if (!members_.Next()) return false;
      } while (!IsPiece(members_.field()));
      fields_ = Fields(members_.field().content());
    }
  }
  std::string_view bytes() const { return fields_.content(); }

 private:
  bool IsPiece(const Fields& member) const {
    return member.tag() == list_.member && member.content().data() >= list_.content.data();
  }

  Members members_;
  Value list_;
  Fields fields_;
};

std::string NumberText(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  const double size = std::fabs(number);
  if (size == 0 || (size >= 1e-6 && size < 1e21)) return PlainDecimal(number);
  // As JSON of JavaScript and Go has them: 1e-7, where C has 1e-07.
  std::string text = fmt::format("{}", number);
  const size_t exponent = text.find('e') + 2;
  if (text[exponent] == '0') text.erase(exponent, 1);
  return text;
}

std::string Base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const std::string_view three = bytes.substr(i, 3);
    uint32_t bits = 0;
    for (size_t k = 0; k < 3; ++k)
      bits = bits << 8 | (k < three.size() ? static_cast<uint8_t>(three[k]) : 0u);
    for (size_t k = 0; k < 4; ++k)
      text += k <= three.size() ? kDigits[bits >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

void AppendJsonString(std::string& json, std::string_view text) {
  constexpr std::string_view kShort = "\n\r\t\b\f";
  constexpr std::string_view kLetters = "nrtbf";
  json += '"';
  for (const char c : ValidUtf8(text)) {
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (const size_t at = kShort.find(c); at != std::string_view::npos) {
      json += '\\';
      json += kLetters[at];
    } else if (static_cast<unsigned char>(c) < 0x20) {
      json += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      json += c;
    }
  }
  json += '"';
}

void AppendJson(std::string& json, Encoded any_value, int depth);

void AppendJsonList(std::string& json, Elements values, int depth) {
  json += '[';
  for (bool is_first = true; values.Next(); is_first = false) {
    if (!is_first) json += ',';
    AppendJson(json, {values.bytes()}, depth);
  }
  json += ']';
}

void AppendJsonMap(std::string& json, Elements pairs, int depth) {
  json += '{';
  for (bool is_first = true; pairs.Next(); is_first = false) {
    std::string_view key;
    Fields pair(pairs.bytes());
    while (pair.Next()) {
      if (pair.tag() == kKey) key = pair.content();
    }
    if (!is_first) json += ',';
    AppendJsonString(json, key);
    json += ':';
    AppendJson(json, {pairs.bytes(), true}, depth);
  }
  json += '}';
}

// Of what is neither a list nor a map.
std::string ScalarText(const Value& value) {
  switch (value.member) {
    case kString:
      return ValidUtf8(value.content);
    case kBool:
      return value.integer != 0 ? "true" : "false";
    case kInt:
      return std::to_string(static_cast<int64_t>(value.integer));
    case kDouble:
      return NumberText(std::bit_cast<double>(value.integer));
    case kBytes:
      return Base64(value.content);
    default:
      return "";
  }
}

// The nesting limit bounds the stack.
void AppendJson(std::string& json, Encoded any_value, int depth) {
  const Value value = Read(any_value);
  switch (value.member) {
    case kString:
    case kBytes:
      return AppendJsonString(json, ScalarText(value));
    case kDouble:
      if (std::isfinite(std::bit_cast<double>(value.integer))) break;
      return AppendJsonString(json, ScalarText(value));
    case kArray:
      if (depth < kNestingMax) return AppendJsonList(json, {any_value, value}, depth + 1);
      break;
    case kMap:
      if (depth < kNestingMax) return AppendJsonMap(json, {any_value, value}, depth + 1);
      break;
    default:
      break;
  }
  json += value.member == kNone || IsList(value.member) ? "null" : ScalarText(value);
}

}  // namespace

std::string AttributeText(std::string_view any_value) {
  const Value value = Read({any_value});
  if (!IsList(value.member)) return ScalarText(value);
  std::string json;
  AppendJson(json, {any_value}, 0);
  return json;
}

std::string PlainDecimal(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "+Inf" : "-Inf";
  char text[400];  // 1.8e308 has 309 digits, 5e-324 326.
  const auto end = std::to_chars(text, text + sizeof text, number, std::chars_format::fixed);
  return {text, end.ptr};
}

}  // namespace slowburn::model
