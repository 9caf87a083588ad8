#include "tests/flood/hostile_socket.h"

#include <array>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace slowburn::flood {
namespace {

sockaddr_in Loopback(uint8_t last, uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + last);
  return address;
}

}  // namespace

HostileSocket::HostileSocket(uint16_t port, uint8_t from)
    : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (fd_ < 0) return;
  const timeval second{.tv_sec = 1, .tv_usec = 0};
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof second);
  const linger reset{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  const sockaddr_in source = Loopback(from, 0);
  const sockaddr_in target = Loopback(1, port);
  if (bind(fd_, reinterpret_cast<const sockaddr*>(&source), sizeof source) != 0 ||
      connect(fd_, reinterpret_cast<const sockaddr*>(&target), sizeof target) != 0) {
    close(fd_);
    fd_ = -1;
  }
}

HostileSocket::~HostileSocket() {
  if (fd_ >= 0) close(fd_);
}

bool HostileSocket::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool HostileSocket::Drain(int milliseconds) {
  pollfd entry{.fd = fd_, .events = POLLIN, .revents = 0};
  while (poll(&entry, 1, milliseconds) > 0) {
    std::array<char, 4096> waste;
    if (recv(fd_, waste.data(), waste.size(), 0) <= 0) return false;
  }
  return true;
}

}  // namespace slowburn::flood
