#include "collector/testing/otlp_json_printer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>

namespace slowburn::collector {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Prints plainly without a generator, oddly with one.
class Printer {
 public:
  explicit Printer(Random* random) : random_(random) {}

  void Print(const Message& message);
  std::string Take() { return std::move(out_); }

 private:
  bool OneIn(uint64_t n) { return random_ != nullptr && (*random_)() % n == 0; }
  void Space() {
    constexpr std::array<const char*, 4> kSpaces = {" ", "\n", "\t", "\r\n  "};
    if (OneIn(6)) out_ += kSpaces[(*random_)() % kSpaces.size()];
  }
  void Put(std::string_view text) {
    Space();
    out_ += text;
    Space();
  }

  void PrintField(const Message& message, const FieldDescriptor& field);
  void PrintUnknown();
  void PrintKey(std::string_view key);
  void PrintValue(const Message& message, const FieldDescriptor& field, int index);
  void PrintNumber(const std::string& digits, bool is_string);
  void PrintInteger(const std::string& digits, bool is_string);
  void PrintDouble(double value);
  void PrintText(std::string_view text);
  void PrintHex(std::string_view bytes);
  void PrintBase64(std::string_view bytes);

  Random* random_;
  std::string out_;
};

bool IsId(const FieldDescriptor& field) { return field.name().ends_with("_id"); }

// What a reader that knows only the last of two equal keys never sees. No field of a oneof: any
// other member there would be an error.
std::string_view Earlier(const FieldDescriptor& field) {
  if (field.is_repeated()) return "[]";
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return "\"\"";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return "{}";
    default:
      return "7";
  }
}

void Printer::Print(const Message& message) {
  const auto& descriptor = *message.GetDescriptor();
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  if (random_ != nullptr) std::ranges::shuffle(fields, *random_);
  Put("{");
  bool is_first = true;
  const auto separate = [&] {
    if (!is_first) Put(",");
    is_first = false;
  };
  for (const FieldDescriptor* field : fields) {
    while (OneIn(12)) {
      separate();
      PrintUnknown();
    }
    if (OneIn(12)) {
      separate();
      PrintKey(field->json_name());
      // The whole field, to see that it does not come twice.
      if (OneIn(2)) {
        PrintField(message, *field);
      } else {
        Put(field->containing_oneof() != nullptr ? "null" : Earlier(*field));
      }
    }
    separate();
    PrintKey(field->json_name());
    PrintField(message, *field);
  }
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    const bool is_set = std::ranges::find(fields, &field) != fields.end();
    if (is_set || !OneIn(12)) continue;
    separate();
    PrintKey(field.json_name());
    Put("null");
  }
  Put("}");
}

void Printer::PrintField(const Message& message, const FieldDescriptor& field) {
  if (!field.is_repeated()) return PrintValue(message, field, -1);
  Put("[");
  const int size = message.GetReflection()->FieldSize(message, &field);
  for (int i = 0; i < size; ++i) {
    if (i > 0) Put(",");
    PrintValue(message, field, i);
  }
  Put("]");
}

void Printer::PrintUnknown() {
  constexpr std::array<const char*, 6> kFields = {
      "\"trace_id\":\"snake case\"",      "\"\":[[],{\"kind\":[1,2,{}]},\"]}\",null]",
      "\"Name\":{\"name\":\"{[\"}",       "\"resourcespans\":[[{}]]",
      "\"resourceSpansAndMore\":-1.5e+7", "\"k\\u0065yz\":false",
  };
  Put(kFields[(*random_)() % kFields.size()]);
}

void Printer::PrintKey(std::string_view key) {
  if (OneIn(20)) {
    Put(fmt::format("\"\\u{:04x}{}\"", key.front(), key.substr(1)));
  } else {
    Put(fmt::format("\"{}\"", key));
  }
  Put(":");
}

void Printer::PrintValue(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& reflection = *message.GetReflection();
  const bool is_repeated = index >= 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return Print(is_repeated ? reflection.GetRepeatedMessage(message, &field, index)
                               : reflection.GetMessage(message, &field));
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string text = is_repeated ? reflection.GetRepeatedString(message, &field, index)
                                           : reflection.GetString(message, &field);
      if (field.type() == FieldDescriptor::TYPE_STRING) return PrintText(text);
      return IsId(field) ? PrintHex(text) : PrintBase64(text);
    }
    case FieldDescriptor::CPPTYPE_BOOL:
      return Put(reflection.GetBool(message, &field) ? "true" : "false");
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return PrintDouble(is_repeated ? reflection.GetRepeatedDouble(message, &field, index)
                                     : reflection.GetDouble(message, &field));
    case FieldDescriptor::CPPTYPE_INT64:
      return PrintInteger(fmt::to_string(reflection.GetInt64(message, &field)), true);
    case FieldDescriptor::CPPTYPE_UINT64:
      return PrintInteger(
          fmt::to_string(is_repeated ? reflection.GetRepeatedUInt64(message, &field, index)
                                     : reflection.GetUInt64(message, &field)),
          true);
    case FieldDescriptor::CPPTYPE_INT32:
      return PrintInteger(fmt::to_string(reflection.GetInt32(message, &field)), false);
    case FieldDescriptor::CPPTYPE_UINT32:
      return PrintInteger(fmt::to_string(reflection.GetUInt32(message, &field)), false);
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int number = reflection.GetEnumValue(message, &field);
      const auto* value = field.enum_type()->FindValueByNumber(number);
      if (value != nullptr && OneIn(3)) return PrintText(value->name());
      return PrintInteger(fmt::to_string(number), false);
    }
    default:
      return Put("null");  // OTLP has no floats.
  }
}

void Printer::PrintNumber(const std::string& digits, bool is_string) {
  Put(is_string ? fmt::format("\"{}\"", digits) : digits);
}

void Printer::PrintInteger(const std::string& digits, bool is_string) {
  const bool as_string = OneIn(3) ? !is_string : is_string;
  if (OneIn(10)) return PrintNumber(digits + ".000", as_string);
  if (OneIn(10) && digits != "0") return PrintNumber(digits + "00e-2", as_string);
  if (OneIn(10) && digits != "0" && digits.ends_with('0')) {
    return PrintNumber(digits.substr(0, digits.size() - 1) + "E+1", as_string);
  }
  PrintNumber(digits, as_string);
}

void Printer::PrintDouble(double value) {
  if (std::isnan(value)) return Put("\"NaN\"");
  if (std::isinf(value)) return Put(value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
  PrintNumber(OneIn(3) ? fmt::format("{:.17e}", value) : fmt::format("{}", value), OneIn(4));
}

void Printer::PrintText(std::string_view text) {
  const std::string quoted = JsonQuoted(text);
  std::string odd;
  for (const char c : quoted) {
    // A letter behind a backslash is part of an escape.
    const bool is_escaped = !odd.empty() && odd.back() == '\\';
    if (c >= 'g' && c <= 'z' && !is_escaped && OneIn(10)) {
      odd += fmt::format("\\u{:04X}", c);
    } else if (c == '/' && !is_escaped && OneIn(2)) {
      odd += "\\/";
    } else {
      odd += c;
    }
  }
  Put(odd);
}

void Printer::PrintHex(std::string_view bytes) {
  const bool is_upper = OneIn(3);
  std::string text = "\"";
  for (const char c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    text += is_upper ? fmt::format("{:02X}", byte) : fmt::format("{:02x}", byte);
  }
  Put(text + '"');
}

void Printer::PrintBase64(std::string_view bytes) {
  std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  alphabet += OneIn(2) ? "-_" : "+/";
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t bits = 0;
    for (size_t j = 0; j < 3; ++j) {
      bits = bits << 8 | (i + j < bytes.size() ? static_cast<uint8_t>(bytes[i + j]) : 0u);
    }
    for (int j = 3; j >= 0; --j) text += alphabet[bits >> (6 * j) & 63];
  }
  const size_t padding = (3 - bytes.size() % 3) % 3;
  text.resize(text.size() - padding);
  if (!OneIn(2)) text.append(padding, '=');
  Put(fmt::format("\"{}\"", text));
}

}  // namespace

std::string PrintOtlpJson(const Message& message) {
  Printer printer(nullptr);
  printer.Print(message);
  return printer.Take();
}

std::string PrintOtlpJsonOddly(const Message& message, Random& random) {
  Printer printer(&random);
  printer.Print(message);
  return printer.Take();
}

std::string JsonQuoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (static_cast<uint8_t>(c) < 0x20) {
      quoted += fmt::format("\\u{:04x}", c);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

}  // namespace slowburn::collector
