#include <array>
#include <thread>

#include <fmt/format.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include "bench/load.h"

namespace slowburn::bench {
namespace {

constexpr int kChannels = 4;
constexpr int kInFlight = 8;
constexpr char kMethod[] = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

// One thread that starts calls and takes their answers; a call's tag is its place in `calls_`.
class GrpcLoad final : public Load {
 public:
  explicit GrpcLoad(const LoadOptions& options) : options_(options), serial_(options.first_serial) {
    for (int i = 0; i < kChannels; ++i) {
      grpc::ChannelArguments arguments;
      // Equal channels would share one connection.
      arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
      stubs_[static_cast<size_t>(i)] =
          std::make_unique<grpc::GenericStub>(grpc::CreateCustomChannel(
              options.address,
              options.ca.empty() ? grpc::InsecureChannelCredentials()
                                 : grpc::SslCredentials({.pem_root_certs = options.ca}),
              arguments));
    }
    thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
  }
  ~GrpcLoad() override { Stop(); }
  void Stop() override {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
  }

 private:
  struct Call {
    std::unique_ptr<grpc::ClientContext> context;
    std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
    grpc::ByteBuffer answer;
    grpc::Status status;
  };

  void Begin(size_t at) {
    const uint64_t serial = ++serial_;
    const Payload& payload = options_.payloads[serial % kPayloads];
    payload.Stamp(serial, head_, trailer_);
    // The tail is the payload's own memory, which outlives every call: nothing large is copied.
    const std::array<grpc::Slice, 2> slices = {
        grpc::Slice(head_.data(), head_.size()),
        grpc::Slice(payload.tail().data(), payload.tail().size(), grpc::Slice::STATIC_SLICE)};
    const grpc::ByteBuffer request(slices.data(), slices.size());
    Call& call = calls_[at];
    call = {};
    call.context = std::make_unique<grpc::ClientContext>();
    call.reader =
        stubs_[at % kChannels]->PrepareUnaryCall(call.context.get(), kMethod, request, &queue_);
    call.reader->StartCall();
    call.reader->Finish(&call.answer, &call.status, &call);
    ++running_;
  }

  void Run(const std::stop_token& stop) {
    for (size_t at = 0; at < kInFlight; ++at) Begin(at);
    void* tag = nullptr;
    bool ok = false;
    while (running_ > 0 && queue_.Next(&tag, &ok)) {
      --running_;
      const auto* const call = static_cast<const Call*>(tag);
      const bool is_acked = ok && call->status.ok();
      ++(is_acked ? acked_ : failures_);
      if (is_acked && !stop.stop_requested()) Begin(static_cast<size_t>(call - calls_.data()));
    }
    queue_.Shutdown();
    while (queue_.Next(&tag, &ok)) {
    }
  }

  const LoadOptions options_;
  uint64_t serial_;
  grpc::CompletionQueue queue_;
  std::array<std::unique_ptr<grpc::GenericStub>, kChannels> stubs_;
  std::array<Call, kInFlight> calls_;
  std::string head_, trailer_;
  int running_ = 0;
  std::jthread thread_;
};

}  // namespace

std::unique_ptr<Load> StartGrpcLoad(const LoadOptions& options) {
  return std::make_unique<GrpcLoad>(options);
}

}  // namespace slowburn::bench
