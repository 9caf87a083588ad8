// net/testing/grpc_echo.h: a route that answers as gRPC does, and a client of gRPC's own library.
//
// Room     net/testing
// Uses     net/, grpc++
// Threads  a client's calls are made by one thread at a time
// Units    bytes
// Source   gRPC over HTTP/2 (PROTOCOL-HTTP2)
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include "net/host_port.h"
#include "net/route_table.h"

namespace slowburn::net {

inline constexpr size_t kEchoBytesMax = 64 << 20;

// POST /test.Service/Echo, for writers: the message as it came, with its length before it.
inline void AddEcho(RouteTable& routes) {
  const auto echo = [](HttpRequest request, Reply reply) {
    HttpResponse response;
    response.content_type = "application/grpc";
    response.body = std::move(request.body);
    response.trailers = {{"grpc-status", "0"}};
    std::move(reply)(std::move(response));
  };
  routes.Add({Role::kWrite, "POST", "/test.Service/Echo", echo, kEchoBytesMax});
}

struct EchoCall {
  std::string text() const {
    std::vector<grpc::Slice> slices;
    std::string text;
    if (!answer.Dump(&slices).ok()) return text;
    for (const grpc::Slice& slice : slices) {
      text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    }
    return text;
  }

  grpc::ClientContext context;
  grpc::Status status;
  grpc::ByteBuffer answer;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
};

// One channel, which is one connection, shared with nobody.
class EchoClient {
 public:
  EchoClient(const HostPort& server, const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(kEchoBytesMax);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    channel_ = grpc::CreateCustomChannel(server.Text(), credentials, arguments);
  }

  // Its answer is there after as many Finish()es as there were Begin()s.
  std::unique_ptr<EchoCall> Begin(const std::string& message,
                                  const std::string& method = "/test.Service/Echo") {
    auto call = std::make_unique<EchoCall>();
    const grpc::Slice slice(message);
    call->context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    call->reader = grpc::GenericStub(channel_).PrepareUnaryCall(
        &call->context, method, grpc::ByteBuffer(&slice, 1), &queue_);
    call->reader->StartCall();
    call->reader->Finish(&call->answer, &call->status, call.get());
    return call;
  }
  // False where the queue has ended.
  bool Finish() {
    void* tag = nullptr;
    bool is_ok = false;
    return queue_.Next(&tag, &is_ok);
  }
  std::unique_ptr<EchoCall> Call(const std::string& message,
                                 const std::string& method = "/test.Service/Echo") {
    auto call = Begin(message, method);
    Finish();
    return call;
  }

 private:
  std::shared_ptr<grpc::Channel> channel_;
  grpc::CompletionQueue queue_;
};

}  // namespace slowburn::net
