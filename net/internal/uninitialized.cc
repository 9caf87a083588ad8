#include "net/internal/uninitialized.h"

// The one file of C++23: strings of C++20 cannot do it.

namespace slowburn::net::internal {

void ResizeUninitialized(std::string& bytes, size_t size) {
  // What libstdc++ 12 passes is the new capacity where that is larger.
  bytes.resize_and_overwrite(size, [size](char*, size_t) { return size; });
}

}  // namespace slowburn::net::internal
