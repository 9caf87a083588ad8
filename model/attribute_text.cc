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

// The wire's field numbers of AnyValue, KeyValue, ArrayValue and KeyValueList.
enum Member : uint32_t { kNone, kString, kBool, kInt, kDouble, kArray, kMap, kBytes };
constexpr uint32_t kListValues = 1;
constexpr uint32_t kKey = 1;
constexpr uint32_t kValue = 2;

// One field of a message; false at its end and where it is broken.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : bytes_(bytes) {}

  bool Next() {
    if (bytes_.empty()) return false;
    const std::optional<uint64_t> tag = Varint();
    if (!tag.has_value()) return false;
    number_ = static_cast<uint32_t>(*tag >> 3);
    switch (*tag & 7) {
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
  uint32_t number() const { return number_; }
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

  std::string_view bytes_;
  uint32_t number_ = 0;
  uint64_t integer_ = 0;
  std::string_view content_;
};

struct Value {
  uint32_t member = kNone;
  uint64_t integer = 0;
  std::string_view content;
};

// AnyValue is a oneof: the last member counts.
Value Read(std::string_view any_value) {
  Value value;
  Fields fields(any_value);
  while (fields.Next()) {
    if (fields.number() < kString || fields.number() > kBytes) continue;
    value = {fields.number(), fields.integer(), fields.content()};
  }
  return value;
}

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

void AppendJson(std::string& json, std::string_view any_value, int depth);

void AppendJsonList(std::string& json, std::string_view array, int depth) {
  json += '[';
  const size_t begin = json.size();
  Fields fields(array);
  while (fields.Next()) {
    if (fields.number() != kListValues) continue;
    if (json.size() > begin) json += ',';
    AppendJson(json, fields.content(), depth);
  }
  json += ']';
}

void AppendJsonMap(std::string& json, std::string_view map, int depth) {
  json += '{';
  const size_t begin = json.size();
  Fields fields(map);
  while (fields.Next()) {
    if (fields.number() != kListValues) continue;
    std::string_view key, value;
    Fields pair(fields.content());
    while (pair.Next()) {
      if (pair.number() == kKey) key = pair.content();
      if (pair.number() == kValue) value = pair.content();
    }
    if (json.size() > begin) json += ',';
    AppendJsonString(json, key);
    json += ':';
    AppendJson(json, value, depth);
  }
  json += '}';
}

// The nesting limit bounds the stack.
void AppendJson(std::string& json, std::string_view any_value, int depth) {
  const Value value = Read(any_value);
  switch (value.member) {
    case kString:
      return AppendJsonString(json, value.content);
    case kBytes:
      return AppendJsonString(json, Base64(value.content));
    case kDouble: {
      const auto number = std::bit_cast<double>(value.integer);
      if (std::isfinite(number)) {
        json += NumberText(number);
      } else {
        AppendJsonString(json, NumberText(number));
      }
      return;
    }
    case kArray:
    case kMap:
      if (depth == kNestingMax) break;
      return value.member == kArray ? AppendJsonList(json, value.content, depth + 1)
                                    : AppendJsonMap(json, value.content, depth + 1);
    case kBool:
    case kInt:
      json += AttributeText(any_value);
      return;
    default:
      break;
  }
  json += "null";
}

}  // namespace

std::string AttributeText(std::string_view any_value) {
  const Value value = Read(any_value);
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
    case kArray:
    case kMap: {
      std::string json;
      AppendJson(json, any_value, 0);
      return json;
    }
    default:
      return "";
  }
}

std::string PlainDecimal(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "+Inf" : "-Inf";
  char text[400];  // 1.8e308 has 309 digits, 5e-324 326.
  const auto end = std::to_chars(text, text + sizeof text, number, std::chars_format::fixed);
  return {text, end.ptr};
}

}  // namespace slowburn::model
