// storage/api/internal/key_bytes.h: the pieces that keys are made of.
//
// Room     storage/api, internal
// Uses     standard library
// Threads  pure functions
// Units    numbers in keys are big-endian, so that byte order is their order
// Source   docs/format/keys.md
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "storage/api/keys.h"

namespace slowburn::storage::internal {

inline constexpr char kKeyFormat = 0x01;
inline constexpr size_t kPrefixBytes = 3;  // format byte, tenant u16

inline std::string Prefix() { return {kKeyFormat, 0, 0}; }
inline bool HasPrefix(std::string_view key) { return key.substr(0, kPrefixBytes) == Prefix(); }

template <std::unsigned_integral T>
void AppendBigEndian(T number, std::string& out) {
  for (size_t byte = sizeof(T); byte-- > 0;) {
    out.push_back(static_cast<char>((number >> (8 * byte)) & 0xFF));
  }
}

template <std::unsigned_integral T>
T TakeBigEndian(std::string_view& in) {
  T number = 0;
  for (size_t byte = 0; byte < sizeof(T); ++byte) {
    number = static_cast<T>((uint64_t{number} << 8) | static_cast<unsigned char>(in[byte]));
  }
  in.remove_prefix(sizeof(T));
  return number;
}

// The least string that is greater than everything that begins with `begin`.
inline std::string AfterAllOf(std::string begin) {
  while (static_cast<unsigned char>(begin.back()) == 0xFF) begin.pop_back();
  begin.back() = static_cast<char>(begin.back() + 1);
  return begin;
}

inline KeyRange AllThatBeginWith(std::string begin) {
  std::string end = AfterAllOf(begin);
  return {std::move(begin), std::move(end)};
}

}  // namespace slowburn::storage::internal
