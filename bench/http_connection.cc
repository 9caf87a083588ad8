#include "bench/http_connection.h"

#include <array>
#include <charconv>
#include <stdexcept>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace slowburn::bench {
namespace {

int Connect(const std::string& address) {
  const size_t colon = address.rfind(':');
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(colon + 1))));
  inet_pton(AF_INET, address.substr(0, colon).c_str(), &peer.sin_addr);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, reinterpret_cast<const sockaddr*>(&peer), sizeof peer) != 0) {
    if (fd >= 0) close(fd);
    throw std::runtime_error("nobody listens on " + address);
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

iovec Part(std::string_view bytes) {
  return {.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
}

// The number after "Content-Length:", 0 without.
size_t ContentLength(std::string_view head) {
  constexpr std::string_view kName = "Content-Length: ";
  const size_t at = head.find(kName);
  size_t length = 0;
  if (at != std::string_view::npos) {
    std::from_chars(head.data() + at + kName.size(), head.data() + head.size(), length);
  }
  return length;
}

}  // namespace

HttpConnection::HttpConnection(const std::string& address, Encoding encoding, bool tls)
    : socket_(Connect(address)),
      request_begin_(fmt::format("POST /v1/traces HTTP/1.1\r\nHost: {}\r\n"
                                 "Content-Type: application/{}\r\n{}Content-Length: ",
                                 address, encoding == Encoding::kJson ? "json" : "x-protobuf",
                                 encoding == Encoding::kGzip ? "Content-Encoding: gzip\r\n" : "")) {
  if (!tls) return;
  // The certificate is not looked at: this is about the cost of the bytes.
  context_.reset(SSL_CTX_new(TLS_client_method()));
  tls_.reset(SSL_new(context_.get()));
  SSL_set_fd(tls_.get(), socket_);
  if (SSL_connect(tls_.get()) != 1) throw std::runtime_error("no TLS on " + address);
}

HttpConnection::~HttpConnection() { close(socket_); }

bool HttpConnection::Post(const Payload& payload, uint64_t serial) {
  payload.Stamp(serial, head_, trailer_);
  return Send(payload) && ReceiveOk();
}

bool HttpConnection::Send(const Payload& payload) {
  const std::string begin = fmt::format("{}{}\r\n\r\n", request_begin_, payload.size());
  if (tls_ != nullptr) return SendTls(begin, payload);
  std::array<iovec, 4> parts = {Part(begin), Part(head_), Part(payload.tail()), Part(trailer_)};
  size_t next = 0;
  while (next < parts.size()) {
    const ssize_t sent = writev(socket_, &parts[next], static_cast<int>(parts.size() - next));
    if (sent <= 0) return false;
    auto left = static_cast<size_t>(sent);
    while (next < parts.size() && left >= parts[next].iov_len) left -= parts[next++].iov_len;
    if (next == parts.size()) break;
    parts[next].iov_base = static_cast<char*>(parts[next].iov_base) + left;
    parts[next].iov_len -= left;
  }
  return true;
}

bool HttpConnection::SendTls(std::string_view begin, const Payload& payload) {
  head_.insert(0, begin);
  for (const std::string_view part :
       {std::string_view(head_), payload.tail(), std::string_view(trailer_)}) {
    if (part.empty()) continue;
    if (SSL_write(tls_.get(), part.data(), static_cast<int>(part.size())) <= 0) return false;
  }
  return true;
}

bool HttpConnection::ReceiveOk() {
  answer_.clear();
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t size = tls_ != nullptr
                             ? SSL_read(tls_.get(), buffer.data(), static_cast<int>(buffer.size()))
                             : recv(socket_, buffer.data(), buffer.size(), 0);
    if (size <= 0) return false;
    answer_.append(buffer.data(), static_cast<size_t>(size));
    const size_t end = answer_.find("\r\n\r\n");
    if (end == std::string::npos) continue;
    const std::string_view head = std::string_view(answer_).substr(0, end);
    if (answer_.size() < end + 4 + ContentLength(head)) continue;
    return head.starts_with("HTTP/1.1 200");
  }
}

}  // namespace slowburn::bench
