// model/byte_arena.h: bytes that live as long as a batch and stay where they are.
//
// Room     model
// Uses     standard library
// Threads  one owner
// Units    bytes
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace slowburn::model {

// A bump allocator. For what a batch needs in another form than the request has it: ids that JSON
// writes in hex, text without its escapes.
class ByteArena {
 public:
  // `bytes` of memory, uninitialised, until Clear.
  char* Allocate(size_t bytes) {
    if (bytes > left_) Grow(bytes);
    char* begin = at_;
    at_ += bytes;
    left_ -= bytes;
    return begin;
  }
  std::string_view Copy(std::string_view text);
  // Keeps `bytes`, more than 15 of them, where they are.
  void Adopt(std::string bytes);

  // Everything given out is gone; the first block is kept for the next use.
  void Clear();
  size_t memory_bytes() const { return memory_bytes_; }

 private:
  static constexpr size_t kFirstBlock = 16 << 10;
  void Grow(size_t bytes);

  struct Block {
    std::unique_ptr<char[]> bytes;
    size_t size = 0;
  };
  std::vector<std::string> adopted_;
  std::vector<Block> blocks_;  // each at least twice as large as the one before
  char* at_ = nullptr;
  size_t left_ = 0;
  size_t memory_bytes_ = 0;
};

}  // namespace slowburn::model
