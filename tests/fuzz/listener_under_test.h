// tests/fuzz/listener_under_test.h: a listener of the process itself that is sent any bytes.
//
// Room     tests/fuzz
// Uses     net/, POSIX sockets
// Threads  the server has its own; inputs come one at a time
// Units    bytes
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <prometheus/registry.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory_budget.h"
#include "net/route_table.h"
#include "net/server_options.h"
#include "tests/fuzz/fuzz_target.h"

namespace slowburn {

// Answers with the size of the body.
inline net::RouteTable EchoRoutes() {
  net::RouteTable routes([](const net::HttpRequest&, int status, std::string_view message) {
    net::HttpResponse response;
    response.status = status;
    response.body = message;
    return response;
  });
  routes.Add({.role = net::Role::kPublic,
              .method = "POST",
              .pattern = "/v1/{signal}",
              .handler =
                  [](net::HttpRequest request, net::Reply reply) {
                    net::HttpResponse response;
                    response.body = std::to_string(request.body.size());
                    std::move(reply)(std::move(response));
                  },
              .body_bytes_max = 64 << 10});
  return routes;
}

// `Server` is net::HttpServer or net::Http2Server.
template <typename Server>
class ListenerUnderTest {
 public:
  ListenerUnderTest() {
    net::ServerOptions options;
    options.address = {"127.0.0.1", 0};
    options.name = "fuzz";
    options.budget = &budget_;
    auto started = Server::Start(std::move(options), EchoRoutes(), registry_);
    FUZZ_CHECK(started.ok());
    server_ = *std::move(started);
  }

  // Sends all of it, says that no more comes, and reads until the server closes.
  void Send(std::string_view bytes) {
    const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    FUZZ_CHECK(connection >= 0);
    // Each from the next of 127.1.0.0/16: a connection that ended keeps its port for a minute, and
    // those of one address would run out.
    const sockaddr_in own = Address(INADDR_LOOPBACK + 0x10000 + next_client_++, 0);
    FUZZ_CHECK(bind(connection, reinterpret_cast<const sockaddr*>(&own), sizeof own) == 0);
    const sockaddr_in server = Address(INADDR_LOOPBACK, server_->address().port);
    FUZZ_CHECK(connect(connection, reinterpret_cast<const sockaddr*>(&server), sizeof server) == 0);
    while (!bytes.empty()) {
      const ssize_t sent = send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) break;  // The server has had enough.
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    shutdown(connection, SHUT_WR);
    char answer[4096];
    while (recv(connection, answer, sizeof answer, 0) > 0) {
    }
    close(connection);
  }

 private:
  static sockaddr_in Address(uint32_t host, uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(host);
    return address;
  }

  prometheus::Registry registry_;
  base::MemoryBudget budget_{16 << 20};
  std::unique_ptr<Server> server_;
  uint16_t next_client_ = 0;
};

}  // namespace slowburn
