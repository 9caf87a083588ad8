// storage/series/internal/prefetch.h: asks for memory before it is needed.
//
// Room     storage/series, internal
// Uses     nothing
// Threads  pure functions
// Units    bytes
#pragma once

#include <cstddef>

namespace slowburn::storage::internal {

// All lines of an object of this size.
template <size_t kSize>
void Prefetch(const void* object) {
  constexpr size_t kLine = 64;
  for (size_t at = 0; at < kSize; at += kLine) {
    __builtin_prefetch(static_cast<const char*>(object) + at);
  }
}

}  // namespace slowburn::storage::internal
