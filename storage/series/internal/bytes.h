// storage/series/internal/bytes.h: varints and fixed numbers in byte strings; reading never leaves
// the bytes, whatever they are.
//
// Room     storage/series, internal
// Uses     standard library
// Threads  values
// Units    varints are LEB128; fixed numbers are little-endian
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace slowburn::storage::internal {

// Small numbers of either sign become small numbers.
inline uint64_t ZigZag(int64_t number) {
  return (static_cast<uint64_t>(number) << 1) ^ static_cast<uint64_t>(number >> 63);
}
inline int64_t UnZigZag(uint64_t number) {
  return static_cast<int64_t>((number >> 1) ^ (~(number & 1) + 1));
}

inline constexpr size_t kVarintBytesMax = 10;

// Writes to `out`, which must have room for kVarintBytesMax; returns the end.
inline char* WriteVarint(char* out, uint64_t number) {
  while (number >= 0x80) {
    *out++ = static_cast<char>(number | 0x80);
    number >>= 7;
  }
  *out++ = static_cast<char>(number);
  return out;
}

inline void PutVarint(std::string& out, uint64_t number) {
  char bytes[kVarintBytesMax];
  out.append(bytes, static_cast<size_t>(WriteVarint(bytes, number) - bytes));
}
inline void PutZigZag(std::string& out, int64_t number) { PutVarint(out, ZigZag(number)); }
inline void PutFixed64(std::string& out, uint64_t number) {
  char bytes[sizeof(number)];
  std::memcpy(bytes, &number, sizeof(number));
  out.append(bytes, sizeof(bytes));
}
inline void PutString(std::string& out, std::string_view text) {
  PutVarint(out, text.size());
  out.append(text);
}

// Once something is not there, everything is 0 or empty and ok() is false.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes)
      : begin_(bytes.data()), at_(begin_), end_(begin_ + bytes.size()) {}

  bool ok() const { return ok_; }
  bool AtEnd() const { return at_ == end_; }
  size_t remaining() const { return static_cast<size_t>(end_ - at_); }
  size_t offset() const { return static_cast<size_t>(at_ - begin_); }
  void Fail() {
    ok_ = false;
    at_ = end_;
  }

  uint8_t Byte() {
    if (at_ == end_) {
      Fail();
      return 0;
    }
    return static_cast<uint8_t>(*at_++);
  }
  uint64_t Varint() {
    if (at_ != end_ && static_cast<uint8_t>(*at_) < 0x80) return static_cast<uint8_t>(*at_++);
    return LongVarint();
  }
  int64_t Signed() { return UnZigZag(Varint()); }
  uint64_t Fixed64() {
    uint64_t number = 0;
    if (remaining() < sizeof(number)) {
      Fail();
      return 0;
    }
    std::memcpy(&number, at_, sizeof(number));
    at_ += sizeof(number);
    return number;
  }
  std::string_view Bytes(uint64_t size) {
    if (size > remaining()) {
      Fail();
      return {};
    }
    const std::string_view bytes(at_, static_cast<size_t>(size));
    at_ += size;
    return bytes;
  }
  std::string_view String() { return Bytes(Varint()); }
  std::string_view Rest() { return Bytes(remaining()); }
  // A number of things of which each takes at least one byte of what is left.
  uint64_t Count() {
    const uint64_t count = Varint();
    if (count > remaining()) Fail();
    return ok_ ? count : 0;
  }

 private:
  uint64_t LongVarint() {
    uint64_t number = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at_ == end_) break;
      const auto byte = static_cast<uint8_t>(*at_++);
      if (shift == 63 && byte > 1) break;
      number |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return number;
    }
    Fail();
    return 0;
  }

  const char* begin_;
  const char* at_;
  const char* end_;
  bool ok_ = true;
};

}  // namespace slowburn::storage::internal
