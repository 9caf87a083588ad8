#include "bench/post_connection.h"

#include <charconv>
#include <cstdint>
#include <stdexcept>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace slowburn::bench {
namespace {

constexpr std::string_view kEnd = "\r\n\r\n";
constexpr std::string_view kLength = "content-length: ";

// Of a head in lower case; 0 where it says nothing.
size_t BodySize(std::string_view head) {
  const size_t at = head.find(kLength);
  size_t size = 0;
  if (at != std::string_view::npos) {
    const std::string_view number = head.substr(at + kLength.size());
    std::from_chars(number.data(), number.data() + number.size(), size);
  }
  return size;
}

}  // namespace

PostConnection::PostConnection(const Target& target) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
  const size_t colon = target.address.find(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(std::stoi(target.address.substr(colon + 1))));
  inet_pton(AF_INET, target.address.substr(0, colon).c_str(), &to.sin_addr);
  if (connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
    throw std::runtime_error("nobody listens on " + target.address);
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  request_begin_ = fmt::format("POST {} HTTP/1.1\r\nHost: {}\r\n{}Content-Length: ", target.path,
                               target.address, target.headers);
}

PostConnection::~PostConnection() { close(socket_); }

void PostConnection::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) throw std::runtime_error("the server hung up");
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

void PostConnection::AwaitAnswer() {
  answer_.clear();
  size_t wanted = SIZE_MAX;
  char bytes[4096];
  while (answer_.size() < wanted) {
    const ssize_t got = recv(socket_, bytes, sizeof bytes, 0);
    if (got <= 0) throw std::runtime_error("the server hung up");
    answer_.append(bytes, static_cast<size_t>(got));
    const size_t end = answer_.find(kEnd);
    if (wanted != SIZE_MAX || end == std::string::npos) continue;
    for (size_t i = 0; i < end; ++i) {
      if (answer_[i] >= 'A' && answer_[i] <= 'Z') answer_[i] = static_cast<char>(answer_[i] + 32);
    }
    wanted = end + kEnd.size() + BodySize(std::string_view(answer_).substr(0, end));
  }
}

void PostConnection::Post(std::string_view body) {
  Send(fmt::format("{}{}{}", request_begin_, body.size(), kEnd));
  Send(body);
  AwaitAnswer();
  const std::string_view status = std::string_view(answer_).substr(answer_.find(' ') + 1, 3);
  if (status != "204" && status != "200")
    throw std::runtime_error("a request is not taken: " + answer_);
}

}  // namespace slowburn::bench
