// serve/internal/bit_writer.h: bits one behind the other, the highest of a byte first.
//
// Room     serve
// Uses     standard library
// Threads  one owner
// Units    bits
// Source   Prometheus, tsdb/chunkenc: bstream
#pragma once

#include <cstdint>
#include <string>

namespace slowburn::serve::internal {

class BitWriter {
 public:
  // The lowest `count` bits of `value`, 64 at most.
  void Put(uint64_t value, unsigned count) {
    while (count > 0) {
      if (free_ == 0) {
        bytes_.push_back('\0');
        free_ = 8;
      }
      const unsigned now = count < free_ ? count : free_;
      const uint64_t bits = (value >> (count - now)) & ((uint64_t{1} << now) - 1);
      bytes_.back() = static_cast<char>(static_cast<uint8_t>(bytes_.back()) |
                                        static_cast<uint8_t>(bits << (free_ - now)));
      free_ -= now;
      count -= now;
    }
  }
  void PutByte(uint8_t byte) { Put(byte, 8); }

  std::string Take() && { return std::move(bytes_); }

 private:
  std::string bytes_;
  unsigned free_ = 0;  // of the last byte
};

}  // namespace slowburn::serve::internal
