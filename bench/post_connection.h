// bench/post_connection.h: the cheapest client for bodies that are made as they are sent: one
// connection that posts and waits.
//
// Room     bench
// Uses     POSIX sockets
// Threads  one owner
// Units    bytes
#pragma once

#include <string>
#include <string_view>

namespace slowburn::bench {

class PostConnection {
 public:
  struct Target {
    std::string address;  // HOST:PORT, an IPv4 address
    std::string path;
    std::string headers;  // "Name: value\r\n" each, beside Host and Content-Length
  };
  // Throws std::runtime_error when nobody listens there.
  explicit PostConnection(const Target& target);
  ~PostConnection();
  PostConnection(const PostConnection&) = delete;
  PostConnection& operator=(const PostConnection&) = delete;

  // Throws, with the answer, when it is not 200 or 204.
  void Post(std::string_view body);

 private:
  void Send(std::string_view bytes);
  void AwaitAnswer();

  int socket_;
  std::string request_begin_;  // up to the number after Content-Length
  std::string answer_;
};

}  // namespace slowburn::bench
