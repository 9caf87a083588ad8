// storage/series/internal/bit_stream.h: numbers of any width, one behind the other.
//
// Room     storage/series, internal
// Uses     standard library
// Threads  values
// Units    bits, the lowest of each byte first
// Source   docs/format/chunk.md
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace slowburn::storage::internal {

static_assert(std::endian::native == std::endian::little);

class BitWriter {
 public:
  // Makes room, so that Put need not look: for `numbers` more, of `width` bits each at most.
  void Reserve(size_t numbers, int width) {
    const size_t room = size_ + (numbers * static_cast<size_t>(width) + 7) / 8 + 2 * sizeof(held_);
    if (bytes_.size() < room) bytes_.resize(room);
  }
  // The lower `width` bits, of which there are at most 64 and no others.
  void Put(uint64_t number, int width) {
    if (width > kAtOnce) {
      PutShort(number & ((uint64_t{1} << kAtOnce) - 1), kAtOnce);
      number >>= kAtOnce;
      width -= kAtOnce;
    }
    PutShort(number, width);
  }
  // All of it; the last byte's upper bits are 0.
  std::string_view Finish() {
    return std::string_view(bytes_).substr(0, size_ + (held_bits_ > 0 ? 1 : 0));
  }
  void Clear() {
    size_ = 0;
    held_ = 0;
    held_bits_ = 0;
  }

 private:
  static constexpr int kAtOnce = 56;

  void PutShort(uint64_t number, int width) {
    held_ |= number << held_bits_;
    std::memcpy(bytes_.data() + size_, &held_, sizeof(held_));
    held_bits_ += width;
    size_ += static_cast<size_t>(held_bits_ >> 3);
    held_ = held_bits_ >= 64 ? 0 : held_ >> (held_bits_ & ~7);
    held_bits_ &= 7;
  }

  std::string bytes_;
  size_t size_ = 0;
  uint64_t held_ = 0;  // bits of the byte at size_
  int held_bits_ = 0;
};

// Beyond the end all bits are 0 and ok() is false.
class BitReader {
 public:
  explicit BitReader(std::string_view bytes) : bytes_(bytes) {}

  uint64_t Get(int width) {
    if (width <= kAtOnce) return GetShort(width);
    const uint64_t low = GetShort(kAtOnce);
    return low | GetShort(width - kAtOnce) << kAtOnce;
  }
  bool ok() const { return at_ <= bytes_.size() * 8; }
  // Nothing is left but the 0 to 7 bits that fill the last byte.
  bool AtEnd() const { return ok() && bytes_.size() * 8 - at_ < 8; }

 private:
  static constexpr int kAtOnce = 56;

  uint64_t GetShort(int width) {
    const size_t byte = at_ >> 3;
    uint64_t word = 0;
    if (byte + sizeof(word) <= bytes_.size()) {
      std::memcpy(&word, bytes_.data() + byte, sizeof(word));
    } else if (byte < bytes_.size()) {
      std::memcpy(&word, bytes_.data() + byte, bytes_.size() - byte);
    }
    word >>= at_ & 7;
    at_ += static_cast<size_t>(width);
    return word & ((uint64_t{1} << width) - 1);
  }

  std::string_view bytes_;
  size_t at_ = 0;
};

}  // namespace slowburn::storage::internal
