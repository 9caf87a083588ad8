// Goal: the table works behind a real listener: every path, HEAD, methods, errors in JSON, headers.
// Method: a server on a free port, asked by our own client.
#include "serve/routes.h"

#include <thread>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/http_client.h"
#include "net/http_server.h"
#include "serve/testing/sample_slos.h"

namespace slowburn::serve {
namespace {

using testing::HasSubstr;

class ApiServerTest : public testing::Test {
 protected:
  void SetUp() override {
    net::ServerOptions options;
    options.address = {"127.0.0.1", 0};
    options.name = "api";
    auto server = net::HttpServer::Start(std::move(options),
                                         ApiRoutes(queries_, commands_, registry_), registry_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  net::HttpResult Call(std::string method, std::string_view target) const {
    net::HttpCall call;
    call.method = std::move(method);
    call.url = "http://" + server_->address().Text() + std::string(target);
    auto result = net::Call(call);
    if (result.ok()) return *std::move(result);
    ADD_FAILURE() << result.status();
    return {};
  }

  FakeQueries queries_;
  FakeCommands commands_;
  prometheus::Registry registry_;
  std::unique_ptr<net::HttpServer> server_;
};

TEST_F(ApiServerTest, AnswersEveryPath) {
  struct Case {
    std::string_view method, target, content_type;
    int status;
  };
  const std::string_view json = "application/json";
  const std::string_view text = "text/plain; charset=utf-8";
  for (const Case& c : std::vector<Case>{
           {"GET", "/", "text/html; charset=utf-8", 200},
           {"GET", "/style.css", "text/css; charset=utf-8", 200},
           {"GET", "/metrics", "text/plain; version=0.0.4; charset=utf-8", 200},
           {"GET", "/-/healthy", text, 200},
           {"GET", "/-/ready", text, 200},
           {"POST", "/-/reload", text, 200},
           {"PUT", "/-/reload", text, 200},
           {"GET", "/api/slo/v1/slos", json, 200},
           {"GET", "/api/slo/v1/slos/checkout/availability", json, 200},
           {"GET", "/api/slo/v1/slos/%63heckout/availability/counts?start=0&end=10", json, 200},
           {"GET", "/api/slo/v1/slos/checkout/availability/history", json, 200},
           {"GET", "/api/slo/v1/alerts", json, 200},
           {"GET", "/api/slo/v1/exclusions", json, 200},
           {"DELETE", "/api/slo/v1/exclusions?id=made", json, 200},
           {"DELETE", "/api/slo/v1/exclusions/made", json, 200},
           {"DELETE", "/api/slo/v1/exclusions", json, 400},
           {"GET", "/api/slo/v1/ledger", json, 200},
           {"GET", "/api/slo/v1/status", json, 200},
           {"GET", "/api/slo/v1/slos/checkout/none", json, 404},
           {"GET", "/nowhere", json, 404},
           {"GET", "/-/reload", json, 405},
           {"DELETE", "/api/slo/v1/slos", json, 405},
       }) {
    const net::HttpResult got = Call(std::string(c.method), c.target);
    EXPECT_EQ(got.status, c.status) << c.target;
    EXPECT_EQ(net::FindHeader(got.headers, "Content-Type"), c.content_type) << c.target;
    EXPECT_EQ(net::FindHeader(got.headers, "X-Content-Type-Options"), "nosniff") << c.target;
    EXPECT_FALSE(got.body.empty()) << c.target;
  }
}

TEST_F(ApiServerTest, TheListenersErrorsAreJsonToo) {
  const boost::json::value error = boost::json::parse(Call("GET", "/nowhere\"").body);
  EXPECT_EQ(error.at("status"), "error");
  EXPECT_EQ(error.at("errorType"), "not_found");
  EXPECT_THAT(std::string(error.at("error").as_string()), HasSubstr("/nowhere"));
  EXPECT_EQ(boost::json::parse(Call("POST", "/metrics").body).at("errorType"), "bad_data");
}

TEST_F(ApiServerTest, HeadHasNoBody) {
  const net::HttpResult got = Call("HEAD", "/-/healthy");
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.body, "");
}

TEST_F(ApiServerTest, EndsWhileAReloadRuns) {
  commands_.Hold();
  std::jthread caller([&] {
    net::HttpCall call;
    call.method = "POST";
    call.url = "http://" + server_->address().Text() + "/-/reload";
    const auto ignored = net::Call(call);
  });
  ASSERT_TRUE(commands_.WaitForBegun(1));
  server_->Shutdown(std::chrono::seconds(0));
  commands_.Release();
  caller.join();
  server_.reset();
}

}  // namespace
}  // namespace slowburn::serve
