// net/testing/server_fixture.h: a server on a free port with routes that tests need again and
// again.
//
// Room     net/testing
// Uses     net/
// Threads  the test's; handlers run on the server's
// Units    none
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include "net/http_server.h"
#include "net/testing/raw_http.h"

namespace slowburn::net {

// Replies that a handler put aside for the test to give.
class KeptReplies {
 public:
  void Put(Reply reply) {
    const std::lock_guard lock(mutex_);
    replies_.push_back(std::move(reply));
    changed_.notify_all();
  }
  // Waits for one.
  Reply Take() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::seconds(10), [this] { return !replies_.empty(); })) {
      throw std::runtime_error("no request reached the handler");
    }
    Reply reply = std::move(replies_.front());
    replies_.pop_front();
    return reply;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Reply> replies_;
};

inline HttpResponse TextResponse(std::string body, int status = 200) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

// GET /hello, POST /echo (1,000 bytes at most; answers peer-independent facts of the request), POST
// /size (64 MiB; answers the body's size), GET /late (kept), GET /dropped, GET /throws, GET
// /items/{name}. Errors are "error <status> <path>: <message>".
class ServerFixture : public testing::Test {
 protected:
  // Before what tests add to this class: the server may use it.
  void TearDown() override { server_.reset(); }

  static ServerOptions Defaults() {
    ServerOptions options;
    options.address = {"127.0.0.1", 0};
    options.name = "test";
    options.threads = 2;
    return options;
  }

  static void AddRoute(RouteTable& routes, std::string method, std::string pattern, Handler handler,
                       size_t body_bytes_max = 1000) {
    routes.Add(
        {Role::kRead, std::move(method), std::move(pattern), std::move(handler), body_bytes_max});
  }

  RouteTable Routes() {
    RouteTable routes([](const HttpRequest& request, int status, std::string_view message) {
      return TextResponse(fmt::format("error {} {}: {}", status, request.path, message), status);
    });
    AddRoute(routes, "GET", "/hello",
             [](HttpRequest, Reply reply) { std::move(reply)(TextResponse("hello")); });
    AddRoute(routes, "POST", "/echo", [](HttpRequest request, Reply reply) {
      std::move(reply)(TextResponse(std::move(request.body)));
    });
    AddRoute(
        routes, "POST", "/size",
        [](HttpRequest request, Reply reply) {
          std::move(reply)(TextResponse(fmt::format("{}", request.body.size())));
        },
        64 << 20);
    AddRoute(routes, "GET", "/late",
             [this](HttpRequest, Reply reply) { kept_->Put(std::move(reply)); });
    AddRoute(routes, "GET", "/dropped", [](HttpRequest, Reply) {});
    AddRoute(routes, "GET", "/throws",
             [](HttpRequest, Reply) { throw std::runtime_error("handler bug"); });
    AddRoute(routes, "GET", "/items/{name}", [](HttpRequest request, Reply reply) {
      std::move(reply)(TextResponse(
          fmt::format("{}|{}|{}", request.path, request.query, request.PathParameter("name"))));
    });
    return routes;
  }

  void Start(ServerOptions options = Defaults()) {
    auto server = HttpServer::Start(std::move(options), Routes(), registry_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  RawConnection Connect() const { return RawConnection(server_->address()); }

  RawResponse Ask(std::string_view request) const {
    RawConnection connection = Connect();
    connection.Send(request);
    return connection.Read();
  }

  double Metric(const std::string& name, const std::string& code = "") {
    for (const auto& family : registry_.Collect()) {
      if (family.name != name) continue;
      for (const auto& metric : family.metric) {
        bool matches = code.empty();
        for (const auto& label : metric.label) matches = matches || label.value == code;
        if (matches) return metric.counter.value + metric.gauge.value;
      }
    }
    return -1;
  }

  // For what another thread is about to do.
  bool MetricReaches(const std::string& name, double value) {
    for (int i = 0; i < 1000; ++i) {
      if (Metric(name) == value) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  prometheus::Registry registry_;
  std::unique_ptr<KeptReplies> kept_ = std::make_unique<KeptReplies>();
  std::unique_ptr<HttpServer> server_;
};

}  // namespace slowburn::net
