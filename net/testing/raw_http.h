// net/testing/raw_http.h: a socket for tests that must say exactly what goes over the wire.
//
// Room     net/testing
// Uses     net/host_port.h, POSIX sockets
// Threads  one thread at a time
// Units    none
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/host_port.h"

namespace slowburn::net {

// A descriptor that is closed with its owner.
class TestSocket {
 public:
  TestSocket() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) { SetTimeout(); }
  explicit TestSocket(int fd) : fd_(fd) { SetTimeout(); }
  TestSocket(TestSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  TestSocket& operator=(TestSocket&&) = delete;
  ~TestSocket() { Close(); }

  int fd() const { return fd_; }
  void Close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  // A test that waits for what never comes fails instead of hanging.
  void SetTimeout() const {
    if (fd_ < 0) throw std::runtime_error("no socket");
    const timeval ten_seconds{10, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &ten_seconds, sizeof ten_seconds);
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &ten_seconds, sizeof ten_seconds);
  }

  int fd_;
};

// 127.0.0.`last`.
inline sockaddr_in LoopbackAddress(uint16_t port, uint32_t last = 1) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl((IN_LOOPBACKNET << 24) + last);
  return address;
}

struct RawResponse {
  int status = 0;    // 0: the connection ended first
  std::string head;  // with the empty line
  std::string body;
};

// A client connection. Reads return what is there when the peer closes or ten seconds have passed.
class RawConnection {
 public:
  explicit RawConnection(const HostPort& server) { Connect(server); }
  // From 127.0.0.`source`.
  RawConnection(const HostPort& server, uint32_t source) {
    const sockaddr_in address = LoopbackAddress(0, source);
    if (::bind(socket_.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("cannot bind a loopback address");
    }
    Connect(server);
  }
  explicit RawConnection(TestSocket socket) : socket_(std::move(socket)) {}
  RawConnection(RawConnection&&) = default;
  virtual ~RawConnection() = default;

  void Connect(const HostPort& server) {
    const sockaddr_in address = LoopbackAddress(server.port);
    if (::connect(socket_.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("cannot connect to " + server.Text());
    }
  }

  // False when the peer has gone.
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = SendSome(bytes);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  // `without_body`: the response to HEAD.
  RawResponse Read(bool without_body = false) {
    RawResponse response;
    while (unread_.find("\r\n\r\n") == std::string::npos) {
      if (!Fill()) return response;
    }
    response.head = Take(unread_.find("\r\n\r\n") + 4);
    response.status = std::atoi(response.head.c_str() + sizeof "HTTP/1.1");
    const size_t at = response.head.find("Content-Length: ");
    const bool has_body = !without_body && at != std::string::npos;
    const size_t length =
        has_body ? std::strtoull(response.head.c_str() + at + sizeof "Content-Length:", nullptr, 10)
                 : 0;
    while (unread_.size() < length) {
      if (!Fill()) break;
    }
    response.body = Take(std::min(length, unread_.size()));
    return response;
  }

  // Everything until the peer closes.
  std::string ReadToEnd() {
    while (Fill()) {
    }
    return Take(unread_.size());
  }

  void ShutdownSend() { ::shutdown(socket_.fd(), SHUT_WR); }

  // As recv(2) does, for who reads by himself.
  virtual ssize_t ReceiveSome(std::span<char> into) {
    return ::recv(socket_.fd(), into.data(), into.size(), 0);
  }

 protected:
  virtual ssize_t SendSome(std::string_view bytes) {
    return ::send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  int fd() const { return socket_.fd(); }

 private:
  bool Fill() {
    char buffer[16384];
    const ssize_t got = ReceiveSome(buffer);
    if (got <= 0) return false;
    unread_.append(buffer, static_cast<size_t>(got));
    return true;
  }
  std::string Take(size_t bytes) {
    std::string taken = unread_.substr(0, bytes);
    unread_.erase(0, bytes);
    return taken;
  }

  TestSocket socket_;
  std::string unread_;
};

// Listens on a free loopback port; nobody is accepted until asked.
class RawListener {
 public:
  RawListener() {
    sockaddr_in address = LoopbackAddress(0);
    socklen_t length = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket_.fd(), generic, length) != 0 || ::listen(socket_.fd(), 16) != 0 ||
        ::getsockname(socket_.fd(), generic, &length) != 0) {
      throw std::runtime_error("cannot listen");
    }
    address_ = {"127.0.0.1", ntohs(address.sin_port)};
  }

  const HostPort& address() const { return address_; }
  RawConnection Accept() {
    return RawConnection(TestSocket(::accept4(socket_.fd(), nullptr, nullptr, SOCK_CLOEXEC)));
  }
  void Close() { socket_.Close(); }

 private:
  TestSocket socket_;
  HostPort address_;
};

}  // namespace slowburn::net
