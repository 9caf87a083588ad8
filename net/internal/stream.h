// net/internal/stream.h: the bytes of one accepted connection, plain or TLS.
//
// Room     net/internal
// Uses     Boost.Asio, OpenSSL
// Threads  lives on its worker's thread
// Units    bytes
#pragma once

#include <array>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "net/internal/worker.h"

namespace slowburn::net::internal {

// At most one read and one write at a time; a read and a write may overlap.
class Stream {
 public:
  // Plain where `tls` is null.
  Stream(Socket socket, const std::shared_ptr<SSL_CTX>& tls);
  Stream(Stream&& from) noexcept;
  Stream& operator=(Stream&&) = delete;
  ~Stream();

  // Before anything else. At once for a plain one.
  Awaitable<error_code> Handshake();

  struct Moved {
    error_code error;
    size_t bytes = 0;
  };
  Awaitable<Moved> ReadSome(asio::mutable_buffer into);
  Awaitable<Moved> WriteSome(const std::array<asio::const_buffer, 2>& from);
  // Says goodbye to the peer (close_notify, then the end of our bytes), without waiting for its.
  // What ReadSome gives after it is good only for throwing away.
  Awaitable<void> ShutdownSend();

  // The peer will send nothing more, whatever is unread of what it sent.
  bool PeerHasClosed();

  // What is going on ends with an error.
  void Cancel();
  void Close();

  // Of the client's verified certificate: alternative names (DNS, URI) and the common name. Empty
  // without one.
  std::vector<std::string> certificate_names() const;
  // What ALPN chose; "" for a plain one.
  std::string protocol() const;
  Socket& socket();

 private:
  using Tls = asio::ssl::stream<Socket>;
  struct Secured;
  std::variant<Socket, std::unique_ptr<Secured>> stream_;
};

}  // namespace slowburn::net::internal
