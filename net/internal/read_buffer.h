// net/internal/read_buffer.h: bytes that were read from a socket but not yet used.
//
// Room     net
// Uses     nothing
// Threads  one thread at a time
// Units    bytes
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace slowburn::net::internal {

class ReadBuffer {
 public:
  std::string_view View() const { return {storage_.data() + begin_, end_ - begin_}; }
  size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }

  void Consume(size_t bytes) { begin_ += bytes; }

  // At least `bytes` of free room behind what is there; Commit() says how much of it was filled.
  std::span<char> Prepare(size_t bytes) {
    if (empty()) begin_ = end_ = 0;
    if (storage_.size() - end_ < bytes) {
      std::copy(storage_.begin() + Offset(begin_), storage_.begin() + Offset(end_),
                storage_.begin());
      end_ -= begin_;
      begin_ = 0;
      if (storage_.size() - end_ < bytes) storage_.resize(end_ + bytes);
    }
    return std::span(storage_).subspan(end_);
  }
  void Commit(size_t bytes) { end_ += bytes; }

  // Gives memory beyond `bytes` back where nothing is stored in it.
  void ShrinkTo(size_t bytes) {
    if (!empty() || storage_.size() <= bytes) return;
    begin_ = end_ = 0;
    std::vector<char>(bytes).swap(storage_);
  }

 private:
  static std::ptrdiff_t Offset(size_t at) { return static_cast<std::ptrdiff_t>(at); }

  std::vector<char> storage_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace slowburn::net::internal
