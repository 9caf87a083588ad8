// net/internal/body_room.h: how the memory of a request's body grows while it is read.
//
// Room     net
// Uses     net/
// Threads  pure functions
// Units    bytes
#pragma once

#include <cstddef>
#include <new>
#include <string>

#include "net/http_message.h"

namespace slowburn::net::internal {

// Below this, a body is copied into larger room as it comes. One that has come so far gets the room
// for all that it may become, and is not copied any more: what nobody has written to is addresses,
// not memory.
inline constexpr size_t kLargeBody = 1 << 20;

// Room for `bytes`, at most `most`, and for HttpRequest::kBodyPadding behind them.
inline void ReserveBody(std::string& body, size_t bytes, size_t most) {
  if (body.capacity() >= bytes + HttpRequest::kBodyPadding) return;
  std::string larger;  // reserve() of `body` would take twice what it has at least
  try {
    larger.reserve((bytes > kLargeBody ? most : bytes) + HttpRequest::kBodyPadding);
  } catch (const std::bad_alloc&) {  // The kernel was told not to give addresses on trust.
    larger.reserve(bytes + HttpRequest::kBodyPadding);
  }
  larger.append(body);
  body.swap(larger);
}

}  // namespace slowburn::net::internal
