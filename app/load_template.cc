#include "app/load_template.h"

#include <array>
#include <bit>
#include <cstring>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <protozero/varint.hpp>

namespace slowburn::app {
namespace {

constexpr uint32_t kVarint = 0;
constexpr uint32_t kFixed64 = 1;
constexpr uint32_t kLengthDelimited = 2;

constexpr size_t kNumberWidth = 22;  // the longest integer of 64 bits, in quotes
constexpr size_t kDoubleWidth = 24;  // the longest double
constexpr size_t kIntWidth = 7;      // 16383 in quotes
constexpr size_t kEnumWidth = 3;

static_assert(std::endian::native == std::endian::little, "protobuf's order is written as it is");

void AppendVarint(uint64_t number, std::string& out) {
  protozero::write_varint(std::back_inserter(out), number);
}

// A number with spaces after it up to `width`.
void PutPadded(std::string_view text, size_t width, char* at) {
  std::memcpy(at, text.data(), text.size());
  std::memset(at + text.size(), ' ', width - text.size());
}

void PutQuoted(uint64_t number, size_t width, char* at) {
  const fmt::format_int digits(number);
  *at = '"';
  std::memcpy(at + 1, digits.data(), digits.size());
  at[digits.size() + 1] = '"';
  std::memset(at + digits.size() + 2, ' ', width - digits.size() - 2);
}

}  // namespace

void LoadTemplate::PutId(size_t hole, std::string_view id, std::string& body) const {
  char* at = body.data() + offsets_[hole];
  if (encoding_ == LoadEncoding::kProtobuf) {
    std::memcpy(at, id.data(), id.size());
    return;
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  for (const char c : id) {
    *at++ = kHex[static_cast<unsigned char>(c) >> 4];
    *at++ = kHex[static_cast<unsigned char>(c) & 15];
  }
}

void LoadTemplate::PutFixed64(size_t hole, uint64_t number, std::string& body) const {
  char* const at = body.data() + offsets_[hole];
  if (encoding_ == LoadEncoding::kProtobuf) {
    std::memcpy(at, &number, sizeof number);
  } else {
    PutQuoted(number, kNumberWidth, at);
  }
}

void LoadTemplate::PutDouble(size_t hole, double number, std::string& body) const {
  char* const at = body.data() + offsets_[hole];
  if (encoding_ == LoadEncoding::kProtobuf) {
    std::memcpy(at, &number, sizeof number);
    return;
  }
  std::array<char, kDoubleWidth> text;
  const auto end = fmt::format_to_n(text.data(), text.size(), "{}", number).out;
  PutPadded({text.data(), static_cast<size_t>(end - text.data())}, kDoubleWidth, at);
}

void LoadTemplate::PutEnum(size_t hole, uint8_t number, std::string& body) const {
  char* const at = body.data() + offsets_[hole];
  if (encoding_ == LoadEncoding::kProtobuf) {
    *at = static_cast<char>(number & 0x7f);
  } else {
    const fmt::format_int digits(number);
    PutPadded({digits.data(), digits.size()}, kEnumWidth, at);
  }
}

void LoadTemplate::PutInt(size_t hole, uint16_t number, std::string& body) const {
  char* const at = body.data() + offsets_[hole];
  if (encoding_ == LoadEncoding::kProtobuf) {
    at[0] = static_cast<char>(0x80 | (number & 0x7f));
    at[1] = static_cast<char>((number >> 7) & 0x7f);
  } else {
    PutQuoted(number, kIntWidth, at);
  }
}

void LoadTemplate::PutText(size_t hole, std::string_view text, std::string& body) const {
  std::memcpy(body.data() + offsets_[hole], text.data(), text.size());
}

void LoadTemplate::PutDigits(size_t hole, uint64_t number, size_t digits, std::string& body) const {
  char* const at = body.data() + offsets_[hole];
  for (size_t i = digits; i > 0; --i, number /= 10)
    at[i - 1] = static_cast<char>('0' + number % 10);
}

LoadTemplateWriter::LoadTemplateWriter(LoadEncoding encoding) : encoding_(encoding), open_(1) {
  if (is_json()) out() = "{";
}

void LoadTemplateWriter::Message(Field field, const Content& content) {
  Begin(field);
  content();
  End();
}

void LoadTemplateWriter::Messages(Field field, size_t count,
                                  const std::function<void(size_t)>& content) {
  if (is_json()) {
    Key(field, kLengthDelimited);
    out() += '[';
  }
  for (size_t i = 0; i < count; ++i) {
    if (is_json()) {
      out() += i == 0 ? "{" : ",{";
      content(i);
      out() += '}';
    } else {
      Message(field, [&] { content(i); });
    }
  }
  if (is_json()) out() += ']';
}

void LoadTemplateWriter::Text(Field field, std::string_view text,
                              std::initializer_list<TextHole> holes) {
  Key(field, kLengthDelimited);
  if (is_json()) {
    out() += '"';
  } else {
    AppendVarint(text.size(), out());
  }
  for (const TextHole& hole : holes) {
    open_.back().holes.push_back({hole.hole, out().size() + hole.at});
  }
  out() += text;
  if (is_json()) out() += '"';
}

void LoadTemplateWriter::Bool(Field field, bool value) {
  Key(field, kVarint);
  if (is_json()) {
    out() += value ? "true" : "false";
  } else {
    out() += value ? '\1' : '\0';
  }
}

void LoadTemplateWriter::Enum(Field field, uint8_t value) {
  Key(field, kVarint);
  if (is_json()) {
    out() += std::to_string(value);
  } else {
    AppendVarint(value, out());
  }
}

void LoadTemplateWriter::Doubles(Field field, std::span<const double> values) {
  Key(field, kLengthDelimited);
  if (is_json()) {
    out() += '[';
    for (size_t i = 0; i < values.size(); ++i) {
      out() += fmt::format("{}{}", i == 0 ? "" : ",", values[i]);
    }
    out() += ']';
    return;
  }
  AppendVarint(values.size_bytes(), out());
  out().append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
}

void LoadTemplateWriter::IdHole(Field field, size_t bytes, size_t hole) {
  const size_t width = is_json() ? 2 * bytes : bytes;
  Text(field, std::string(width, '0'), {{hole, 0}});
}

void LoadTemplateWriter::EnumHole(Field field, size_t hole) {
  Key(field, kVarint);
  Mark(hole);
  out().append(is_json() ? kEnumWidth : 1, ' ');
}

void LoadTemplateWriter::IntHole(Field field, size_t hole) {
  Key(field, kVarint);
  Mark(hole);
  out().append(is_json() ? kIntWidth : 2, ' ');
}

void LoadTemplateWriter::Fixed64Hole(Field field, size_t hole) {
  Key(field, kFixed64);
  Fixed64(hole);
}

void LoadTemplateWriter::DoubleHole(Field field, size_t hole) {
  Key(field, kFixed64);
  Mark(hole);
  out().append(is_json() ? kDoubleWidth : sizeof(double), ' ');
}

void LoadTemplateWriter::Fixed64Holes(Field field, size_t count, size_t first_hole) {
  Key(field, kLengthDelimited);
  if (is_json()) {
    out() += '[';
  } else {
    AppendVarint(count * sizeof(uint64_t), out());
  }
  for (size_t i = 0; i < count; ++i) {
    if (is_json() && i > 0) out() += ',';
    Fixed64(first_hole + i);
  }
  if (is_json()) out() += ']';
}

LoadTemplate LoadTemplateWriter::Finish() && {
  if (is_json()) out() += '}';
  LoadTemplate made;
  made.encoding_ = encoding_;
  for (const Hole& hole : open_.back().holes) {
    if (hole.hole >= made.offsets_.size()) made.offsets_.resize(hole.hole + 1);
    made.offsets_[hole.hole] = static_cast<uint32_t>(hole.offset);
  }
  made.bytes_ = std::move(out());
  return made;
}

// The name, or the tag.
void LoadTemplateWriter::Key(Field field, uint32_t wire_type) {
  if (!is_json()) return AppendVarint(field.number << 3 | wire_type, out());
  if (out().back() != '{') out() += ',';
  out() += '"';
  out() += field.json;
  out() += "\":";
}

void LoadTemplateWriter::Fixed64(size_t hole) {
  Mark(hole);
  out().append(is_json() ? kNumberWidth : sizeof(uint64_t), ' ');
}

void LoadTemplateWriter::Begin(Field field) {
  Key(field, kLengthDelimited);
  if (is_json()) {
    out() += '{';
  } else {
    open_.emplace_back();
  }
}

void LoadTemplateWriter::End() {
  if (is_json()) {
    out() += '}';
    return;
  }
  const Open closed = std::move(open_.back());
  open_.pop_back();
  AppendVarint(closed.bytes.size(), out());
  for (const Hole& hole : closed.holes) {
    open_.back().holes.push_back({hole.hole, out().size() + hole.offset});
  }
  out() += closed.bytes;
}

}  // namespace slowburn::app
