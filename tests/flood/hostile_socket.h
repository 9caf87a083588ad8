// tests/flood/hostile_socket.h: a TCP connection that is not polite.
//
// Room     tests/flood
// Uses     POSIX sockets
// Threads  one owner
// Units    bytes, milliseconds
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

namespace slowburn::flood {

class HostileSocket {
 public:
  // Connects from 127.0.0.`from` to 127.0.0.1:`port`. Not open when it is refused.
  explicit HostileSocket(uint16_t port, uint8_t from = 1);
  HostileSocket(HostileSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  HostileSocket& operator=(HostileSocket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  // Ends with a reset.
  ~HostileSocket();

  bool is_open() const { return fd_ >= 0; }
  // False once the other side has closed, or takes nothing for a second.
  bool Send(std::string_view bytes);
  // Reads and drops what comes for at most `milliseconds`; false once the other side has closed.
  bool Drain(int milliseconds);

 private:
  int fd_ = -1;
};

}  // namespace slowburn::flood
