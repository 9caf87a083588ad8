// net/internal/uninitialized.h: a string's new bytes without zeroing them.
//
// Room     net
// Uses     standard library
// Threads  pure function
// Units    bytes
#pragma once

#include <cstddef>
#include <string>

namespace slowburn::net::internal {

// As resize(), but bytes that are new hold anything: for those that are read into at once.
void ResizeUninitialized(std::string& bytes, size_t size);

}  // namespace slowburn::net::internal
