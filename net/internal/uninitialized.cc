#include "net/internal/uninitialized.h"

// The one file of C++23: strings of C++20 cannot do it.

namespace slowburn::net::internal {

void ResizeUninitialized(std::string& bytes, size_t size) {
  bytes.resize_and_overwrite(size, [](char*, size_t new_size) { return new_size; });
}

}  // namespace slowburn::net::internal
