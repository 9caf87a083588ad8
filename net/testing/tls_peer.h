// net/testing/tls_peer.h: an https server for one connection: plain OpenSSL, so that a client can
// be tested against what is not ours.
//
// Room     net/testing
// Uses     net/testing, OpenSSL
// Threads  one inside
// Units    none
#pragma once

#include <csignal>
#include <cstdlib>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "net/internal/openssl.h"
#include "net/testing/raw_http.h"

namespace slowburn::net {

// Takes one connection, reads one request, says `response` and closes.
class TlsPeer {
 public:
  struct Options {
    bool reads_request = true;
    bool says_goodbye = true;  // close_notify
  };
  struct Seen {
    std::string request;      // head and body
    std::string server_name;  // SNI
    std::string client;       // the common name of its certificate
    std::string error;        // of the handshake
  };

  // `context` is the server's.
  TlsPeer(std::shared_ptr<SSL_CTX> context, std::string response)
      : TlsPeer(std::move(context), std::move(response), Options()) {}
  TlsPeer(std::shared_ptr<SSL_CTX> context, std::string response, Options options)
      : context_(std::move(context)), response_(std::move(response)), options_(options) {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to sockets that the client has closed.
    sockaddr_in address = LoopbackAddress(0);
    socklen_t length = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.fd(), generic, length) != 0 || ::listen(listener_.fd(), 16) != 0 ||
        ::getsockname(listener_.fd(), generic, &length) != 0) {
      throw std::runtime_error("cannot listen");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~TlsPeer() {
    ::shutdown(listener_.fd(), SHUT_RDWR);  // Ends accept, if nobody came.
    thread_.join();
  }
  TlsPeer(const TlsPeer&) = delete;
  TlsPeer& operator=(const TlsPeer&) = delete;

  uint16_t port() const { return port_; }
  std::string Url(std::string_view host, std::string_view path = "/x") const {
    return fmt::format("https://{}:{}{}", host, port_, path);
  }
  // Waits for the end of the connection. Once.
  Seen Wait() { return seen_.get_future().get(); }

 private:
  void Serve() {
    Seen seen;
    const int accepted = ::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC);
    if (accepted >= 0) {
      const TestSocket socket(accepted);
      Converse(socket.fd(), seen);
    }
    seen_.set_value(std::move(seen));
  }

  void Converse(int fd, Seen& seen) const {
    const internal::OpensslOwned<SSL> ssl(SSL_new(context_.get()));
    SSL_set_fd(ssl.get(), fd);
    if (SSL_accept(ssl.get()) != 1) {
      seen.error = internal::TakeOpensslReason();
      DrainOf(fd);
      return;
    }
    const char* const name = SSL_get_servername(ssl.get(), TLSEXT_NAMETYPE_host_name);
    seen.server_name = name == nullptr ? "" : name;
    if (const X509* const client = SSL_get0_peer_certificate(ssl.get()); client != nullptr) {
      char text[100] = "";
      X509_NAME_get_text_by_NID(X509_get_subject_name(client), NID_commonName, text, sizeof text);
      seen.client = text;
    }
    if (options_.reads_request) ReadRequest(*ssl, seen.request);
    SSL_write(ssl.get(), response_.data(), static_cast<int>(response_.size()));
    if (options_.says_goodbye) SSL_shutdown(ssl.get());
    ::shutdown(fd, SHUT_WR);
    DrainOf(fd);
  }

  static void ReadRequest(SSL& ssl, std::string& request) {
    char buffer[16384];
    while (true) {
      const size_t end = request.find("\r\n\r\n");
      if (end != std::string::npos) {
        const size_t at = request.find("Content-Length: ");
        const size_t body =
            at == std::string::npos ? 0 : std::strtoull(request.c_str() + at + 16, nullptr, 10);
        if (request.size() >= end + 4 + body) return;
      }
      const int got = SSL_read(&ssl, buffer, sizeof buffer);
      if (got <= 0) return;
      request.append(buffer, static_cast<size_t>(got));
    }
  }

  // A socket that is closed with bytes unread resets what its peer has yet to read.
  static void DrainOf(int fd) {
    ::shutdown(fd, SHUT_WR);
    char buffer[16384];
    while (::recv(fd, buffer, sizeof buffer, 0) > 0) {
    }
  }

  const std::shared_ptr<SSL_CTX> context_;  // shared with its sessions
  const std::string response_;
  const Options options_;
  TestSocket listener_;
  uint16_t port_ = 0;
  std::promise<Seen> seen_;
  std::thread thread_;
};

}  // namespace slowburn::net
