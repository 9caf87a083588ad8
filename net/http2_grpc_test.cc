// Goal: a client of gRPC's own library is served as by gRPC's own server. Method: grpc++'s generic
// stub calls a route that answers as gRPC does.
#include <gtest/gtest.h>

#include "net/http2_server.h"
#include "net/testing/grpc_echo.h"
#include "net/testing/http2_fixture.h"

namespace slowburn::net {
namespace {

class Http2GrpcTest : public testing::Test {
 protected:
  Http2GrpcTest() {
    // A status of gRPC without a body.
    RouteTable routes([](const HttpRequest&, int status, std::string_view message) {
      const int code = status == 413 ? grpc::RESOURCE_EXHAUSTED : grpc::UNIMPLEMENTED;
      HttpResponse response;
      response.content_type = "application/grpc";
      response.headers = {{"grpc-status", fmt::format("{}", code)},
                          {"grpc-message", std::string(message)}};
      return response;
    });
    AddEcho(routes);
    ServerOptions options;
    options.address = {"127.0.0.1", 0};
    options.name = "test";
    options.threads = 2;
    server_ = Http2Server::Start(std::move(options), std::move(routes), registry_).value();
    client_ = std::make_unique<EchoClient>(server_->address(), grpc::InsecureChannelCredentials());
  }

  prometheus::Registry registry_;
  std::unique_ptr<Http2Server> server_;
  std::unique_ptr<EchoClient> client_;
};

TEST_F(Http2GrpcTest, CallsOneAfterTheOther) {
  for (int i = 0; i < 300; ++i) {
    const std::string message = fmt::format("message {}", i);
    const auto call = client_->Call(message);
    ASSERT_TRUE(call->status.ok()) << call->status.error_message();
    ASSERT_EQ(call->text(), message);
  }
}

TEST_F(Http2GrpcTest, Calls200AtOnce) {
  const auto message = [](size_t i) {
    return std::string(100'000 + i, static_cast<char>('a' + i % 26));
  };
  std::vector<std::unique_ptr<EchoCall>> calls;
  for (size_t i = 0; i < 200; ++i) calls.push_back(client_->Begin(message(i)));
  for (size_t i = 0; i < calls.size(); ++i) ASSERT_TRUE(client_->Finish());
  for (size_t i = 0; i < calls.size(); ++i) {
    EXPECT_TRUE(calls[i]->status.ok()) << calls[i]->status.error_message();
    EXPECT_TRUE(calls[i]->text() == message(i)) << i;
  }
}

TEST_F(Http2GrpcTest, MessageOf40Mib) {
  const std::string message(40 << 20, 'm');
  for (int i = 0; i < 3; ++i) {
    const auto call = client_->Call(message);
    ASSERT_TRUE(call->status.ok()) << call->status.error_message();
    EXPECT_TRUE(call->text() == message);
  }
}

TEST_F(Http2GrpcTest, RefusalsAreItsStatus) {
  const auto unknown = client_->Call("message", "/test.Service/Nothing");
  EXPECT_EQ(unknown->status.error_code(), grpc::UNIMPLEMENTED);
  EXPECT_EQ(unknown->status.error_message(), "no such path: \"/test.Service/Nothing\"");
  const auto large = client_->Call(std::string(kEchoBytesMax, 'x'));
  EXPECT_EQ(large->status.error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_EQ(large->status.error_message(),
            "the body is larger than 67108864 bytes; send smaller requests");
}

TEST_F(Http2GrpcTest, ClientHearsOfTheEnd) {
  ASSERT_TRUE(client_->Call("message")->status.ok());
  server_->Shutdown(std::chrono::seconds(5));
  EXPECT_EQ(client_->Call("message")->status.error_code(), grpc::UNAVAILABLE);
}

}  // namespace
}  // namespace slowburn::net
