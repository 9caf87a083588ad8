#include "collector/testing/random_otlp.h"

#include <array>
#include <limits>
#include <string>

#include <google/protobuf/descriptor.h>

namespace slowburn::collector {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr int kDepthMax = 16;  // messages in each other

class Filler {
 public:
  explicit Filler(Random& random) : random_(random) {}

  void Fill(Message& message, int depth);

 private:
  uint64_t Below(uint64_t n) { return random_() % n; }
  std::string Text();
  std::string Bytes(const FieldDescriptor& field);
  uint64_t Integer();
  double Double();
  void FillSingle(Message& message, const FieldDescriptor& field, int depth);
  void FillRepeated(Message& message, const FieldDescriptor& field, int depth);

  Random& random_;
};

void Filler::Fill(Message& message, int depth) {
  const auto& descriptor = *message.GetDescriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && depth >= kDepthMax) continue;
    if (field.real_containing_oneof() != nullptr) continue;
    if (field.is_repeated()) {
      FillRepeated(message, field, depth);
    } else if (Below(4) != 0) {
      FillSingle(message, field, depth);
    }
  }
  for (int i = 0; i < descriptor.real_oneof_decl_count(); ++i) {
    const auto& oneof = *descriptor.oneof_decl(i);
    const FieldDescriptor& field =
        *oneof.field(static_cast<int>(Below(static_cast<uint64_t>(oneof.field_count()))));
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && depth >= kDepthMax) continue;
    if (Below(8) != 0) FillSingle(message, field, depth);
  }
}

std::string Filler::Text() {
  constexpr std::array<std::string_view, 12> kPieces = {
      "a",    "route", "\"", "\\", "/", "\n", std::string_view("\0", 1),
      "\x1f", "\x7f",  "é",  "語", "😀"};
  std::string text;
  for (uint64_t pieces = Below(2) == 0 ? 1 : Below(30); pieces > 0; --pieces) {
    text += kPieces[Below(Below(2) == 0 ? 2 : kPieces.size())];
  }
  return text;
}

std::string Filler::Bytes(const FieldDescriptor& field) {
  size_t size = Below(24);
  if (field.name().ends_with("_id") && Below(8) != 0) size = field.name() == "trace_id" ? 16 : 8;
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random_());
  return bytes;
}

uint64_t Filler::Integer() {
  constexpr std::array<uint64_t, 8> kSpecial = {0,         1,          10,        1000,
                                                INT32_MAX, UINT32_MAX, INT64_MAX, UINT64_MAX};
  return Below(2) == 0 ? random_() >> Below(64) : kSpecial[Below(kSpecial.size())];
}

double Filler::Double() {
  using Limits = std::numeric_limits<double>;
  constexpr std::array<double, 12> kSpecial = {0,
                                               -0.0,
                                               1,
                                               -1.5,
                                               0.1,
                                               1e22,
                                               Limits::max(),
                                               Limits::min(),
                                               Limits::denorm_min(),
                                               Limits::infinity(),
                                               -Limits::infinity(),
                                               Limits::quiet_NaN()};
  if (Below(2) == 0) return kSpecial[Below(kSpecial.size())];
  return static_cast<double>(static_cast<int64_t>(random_())) / static_cast<double>(random_());
}

void Filler::FillSingle(Message& message, const FieldDescriptor& field, int depth) {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return Fill(*reflection.MutableMessage(&message, &field), depth + 1);
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.SetString(
          &message, &field, field.type() == FieldDescriptor::TYPE_STRING ? Text() : Bytes(field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.SetBool(&message, &field, Below(2) == 0);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return reflection.SetDouble(&message, &field, Double());
    case FieldDescriptor::CPPTYPE_INT64:
      return reflection.SetInt64(&message, &field, static_cast<int64_t>(Integer()));
    case FieldDescriptor::CPPTYPE_UINT64:
      return reflection.SetUInt64(&message, &field, Integer());
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection.SetInt32(&message, &field, static_cast<int32_t>(Integer()));
    case FieldDescriptor::CPPTYPE_UINT32:
      return reflection.SetUInt32(&message, &field, static_cast<uint32_t>(Integer()));
    case FieldDescriptor::CPPTYPE_ENUM:
      return reflection.SetEnumValue(&message, &field, static_cast<int>(Below(30)) - 2);
    default:
      return;
  }
}

void Filler::FillRepeated(Message& message, const FieldDescriptor& field, int depth) {
  const Reflection& reflection = *message.GetReflection();
  for (uint64_t count = Below(4); count > 0; --count) {
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        Fill(*reflection.AddMessage(&message, &field), depth + 1);
        break;
      case FieldDescriptor::CPPTYPE_STRING:
        reflection.AddString(&message, &field, Text());
        break;
      case FieldDescriptor::CPPTYPE_UINT64:
        reflection.AddUInt64(&message, &field, Integer());
        break;
      case FieldDescriptor::CPPTYPE_DOUBLE:
        reflection.AddDouble(&message, &field, Double());
        break;
      default:
        break;
    }
  }
}

}  // namespace

void FillAtRandom(Message& message, Random& random) { Filler(random).Fill(message, 0); }

}  // namespace slowburn::collector
