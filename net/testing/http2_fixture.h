// net/testing/http2_fixture.h: ServerFixture's routes behind an HTTP/2 server.
//
// Room     net/testing
// Uses     base/, net/
// Threads  the test's; handlers run on the server's
// Units    none
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/memory_budget.h"
#include "net/http2_server.h"
#include "net/testing/http2_client.h"
#include "net/testing/server_fixture.h"

namespace slowburn::net {

// The routes of ServerFixture, and POST /mirror (64 MiB; answers the body), POST /call (answers the
// body with a trailer, as gRPC does), GET /fields (answers the header it got, a line each).
class Http2Fixture : public ServerFixture {
 protected:
  // Before what tests add to this class: the server may use it.
  void TearDown() override {
    http2_.reset();
    ServerFixture::TearDown();
  }

  RouteTable Http2Routes() {
    RouteTable routes = Routes();
    AddRoute(
        routes, "POST", "/mirror",
        [](HttpRequest request, Reply reply) {
          std::move(reply)(TextResponse(std::move(request.body)));
        },
        64 << 20);
    AddRoute(
        routes, "POST", "/call",
        [](HttpRequest request, Reply reply) {
          HttpResponse response = TextResponse(std::move(request.body));
          response.content_type = "application/grpc";
          response.trailers = {{"grpc-status", "0"}};
          std::move(reply)(std::move(response));
        },
        64 << 20);
    AddRoute(routes, "GET", "/fields", [](HttpRequest request, Reply reply) {
      std::string lines;
      for (const HttpHeader& field : request.headers) {
        lines += fmt::format("{}: {}\n", field.name, field.value);
      }
      std::move(reply)(TextResponse(std::move(lines)));
    });
    return routes;
  }

  void StartHttp2(ServerOptions options = Defaults()) {
    auto server = Http2Server::Start(std::move(options), Http2Routes(), registry_);
    ASSERT_TRUE(server.ok()) << server.status();
    http2_ = *std::move(server);
  }

  // For the options of a server: one of a test's own would be gone before what connections hold of
  // it is given back.
  base::MemoryBudget& Budget(uint64_t bytes_max) {
    budget_ = std::make_unique<base::MemoryBudget>(bytes_max);
    return *budget_;
  }

  Http2Client Client() const { return Http2Client(http2_->address()); }
  Http2Client Client(Http2Client::Options options) const {
    return Http2Client(http2_->address(), std::move(options));
  }

  std::unique_ptr<base::MemoryBudget> budget_;
  std::unique_ptr<Http2Server> http2_;
};

}  // namespace slowburn::net
