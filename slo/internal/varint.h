// slo/internal/varint.h: whole numbers as few bytes: LEB128, seven bits a byte, least significant
// first.
//
// Room     slo/internal
// Uses     standard library
// Threads  pure functions
// Units    bytes
// Source   DWARF 5, section 7.6; protobuf's varints
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace slowburn::slo::internal {

inline void PutVarint(std::string& out, uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

// Takes one off the front. Nothing when it is cut short, over 64 bits, or longer than PutVarint
// makes it: equal numbers have equal bytes.
inline std::optional<uint64_t> TakeVarint(std::string_view& bytes) {
  uint64_t value = 0;
  for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    if (shift == 63 && byte > 1) return std::nullopt;
    if (shift > 0 && byte == 0) return std::nullopt;
    value |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

}  // namespace slowburn::slo::internal
