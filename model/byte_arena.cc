#include "model/byte_arena.h"

#include <algorithm>
#include <cstring>

namespace slowburn::model {

std::string_view ByteArena::Copy(std::string_view text) {
  if (text.empty()) return {};
  char* copy = Allocate(text.size());
  std::memcpy(copy, text.data(), text.size());
  return {copy, text.size()};
}

void ByteArena::Adopt(std::string bytes) {
  memory_bytes_ += bytes.capacity();
  adopted_.push_back(std::move(bytes));
}

void ByteArena::Clear() {
  for (const std::string& bytes : adopted_) memory_bytes_ -= bytes.capacity();
  adopted_.clear();
  if (blocks_.empty()) return;
  blocks_.resize(1);
  at_ = blocks_.front().bytes.get();
  left_ = memory_bytes_ = blocks_.front().size;
}

void ByteArena::Grow(size_t bytes) {
  const size_t last = blocks_.empty() ? kFirstBlock / 2 : blocks_.back().size;
  const size_t size = std::max(bytes, 2 * last);
  blocks_.push_back({std::make_unique_for_overwrite<char[]>(size), size});
  at_ = blocks_.back().bytes.get();
  left_ = size;
  memory_bytes_ += size;
}

}  // namespace slowburn::model
