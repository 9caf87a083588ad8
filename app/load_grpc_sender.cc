#include <algorithm>
#include <array>

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>

#include "app/load_sender.h"
#include "base/files.h"
#include "base/status.h"
#include "net/tls_context.h"

namespace slowburn::app {
namespace {

using std::chrono::milliseconds;
using SystemTime = std::chrono::system_clock::time_point;

constexpr int kResponseBytesMax = 4 << 20;  // OTLP's default limit (X8)
constexpr size_t kPemBytesMax = 1 << 20;

constexpr milliseconds kReconnectBackoffMin{100};
constexpr milliseconds kReconnectBackoffMax{1'000};
// Of a call, for its connection: longer than the longest back-off with its jitter of a fifth.
constexpr milliseconds kReconnectWaitMax{1'500};

const std::string& MethodOf(model::Signal signal) {
  constexpr auto kMethod = [](std::string_view package, std::string_view service) {
    return fmt::format("/opentelemetry.proto.collector.{}.v1.{}/Export", package, service);
  };
  static const std::array<std::string, 3> kMethods = {kMethod("trace", "TraceService"),
                                                      kMethod("metrics", "MetricsService"),
                                                      kMethod("logs", "LogsService")};
  return kMethods[static_cast<size_t>(signal)];
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(
    const LoadTarget& target) {
  if (!target.tls) return grpc::InsecureChannelCredentials();
  // gRPC takes any bytes and then cannot connect: this is who says what is wrong with them.
  SB_RETURN_IF_ERROR(net::MakeTlsClientContext(
                         {.ca = target.ca, .certificate = target.certificate, .key = target.key})
                         .status());
  grpc::SslCredentialsOptions options;
  for (const auto& [path, pem] : {std::pair{&target.ca, &options.pem_root_certs},
                                  {&target.certificate, &options.pem_cert_chain},
                                  {&target.key, &options.pem_private_key}}) {
    if (path->empty()) continue;
    SB_ASSIGN_OR_RETURN(*pem, base::ReadFile(*path, kPemBytesMax));
  }
  return grpc::SslCredentials(options);
}

std::shared_ptr<grpc::Channel> MakeChannel(
    const LoadTarget& target, const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  grpc::ChannelArguments arguments;
  arguments.SetUserAgentPrefix("slowburn-load");
  arguments.SetMaxReceiveMessageSize(kResponseBytesMax);
  // Retries are ours, and equal channels would share one connection.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // gRPC connects by itself with a back-off that would come on top of ours. Its minimum stays as it
  // is: so long, 20 s, an attempt may take, with TLS and all.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS,
                   static_cast<int>(kReconnectBackoffMin.count()));
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS,
                   static_cast<int>(kReconnectBackoffMax.count()));
  return grpc::CreateCustomChannel(target.address.Text(), credentials, arguments);
}

std::string Text(const grpc::ByteBuffer& buffer) {
  std::string text;
  std::vector<grpc::Slice> slices;
  if (!buffer.Valid() || !buffer.Dump(&slices).ok()) return text;
  for (const grpc::Slice& slice : slices) text.append(slice.begin(), slice.end());
  return text;
}

// A completion queue of its own makes a call that its thread waits for.
class GrpcSender final : public LoadSender {
 public:
  GrpcSender(const LoadTarget& target, std::shared_ptr<grpc::Channel> channel)
      : target_(target), channel_(std::move(channel)), stub_(channel_) {}
  ~GrpcSender() override {
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  absl::Status Connect(milliseconds timeout) override {
    const SystemTime deadline = std::chrono::system_clock::now() + timeout;
    grpc_connectivity_state state = channel_->GetState(true);
    while (state != GRPC_CHANNEL_READY && state != GRPC_CHANNEL_TRANSIENT_FAILURE &&
           channel_->WaitForStateChange(state, deadline)) {
      state = channel_->GetState(true);
    }
    if (state == GRPC_CHANNEL_READY) return absl::OkStatus();
    return base::Unavailable(
        "{}: no gRPC connection; nobody listens there, or not with gRPC{}", target_.address.Text(),
        target_.tls ? " over TLS, or its certificate is not trusted" : " in plaintext");
  }

  std::optional<size_t> Take(model::Signal signal, std::string_view body) override {
    signal_ = signal;
    // A copy: gRPC may hold the bytes of a call that is over.
    const grpc::Slice slice(body.data(), body.size());
    request_ = grpc::ByteBuffer(&slice, 1);
    if (target_.compression != net::ContentCoding::kIdentity) return std::nullopt;
    return body.size();
  }

  LoadAnswer Send(milliseconds timeout) override {
    const SystemTime now = std::chrono::system_clock::now();
    AwaitConnection(now + std::min(timeout / 2, kReconnectWaitMax));
    grpc::ClientContext context;
    context.set_deadline(now + timeout);
    if (target_.compression == net::ContentCoding::kGzip) {
      context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
    }
    if (!target_.token.empty()) context.AddMetadata("authorization", "Bearer " + target_.token);
    const auto call = stub_.PrepareUnaryCall(&context, MethodOf(signal_), request_, &queue_);
    grpc::ByteBuffer response;
    grpc::Status status;
    call->StartCall();
    call->Finish(&response, &status, this);
    void* tag = nullptr;
    bool ok = false;
    queue_.Next(&tag, &ok);
    return JudgeGrpc(status, status.ok() ? Text(response) : "");
  }

 private:
  // A channel connects only while somebody waits on it (else gRPC looks every 5 s), and a call on
  // one that has lost its connection fails at once: with pauses between the calls, a server that
  // comes back would not be found.
  void AwaitConnection(SystemTime deadline) {
    grpc_connectivity_state state = channel_->GetState(true);
    while (state != GRPC_CHANNEL_READY && channel_->WaitForStateChange(state, deadline)) {
      state = channel_->GetState(true);
    }
  }

  const LoadTarget target_;
  const std::shared_ptr<grpc::Channel> channel_;  // shared with the connection's other senders
  grpc::GenericStub stub_;
  grpc::CompletionQueue queue_;
  model::Signal signal_ = model::Signal::kTraces;
  grpc::ByteBuffer request_;
};

}  // namespace

absl::StatusOr<std::vector<std::unique_ptr<LoadSender>>> MakeGrpcSenders(const LoadTarget& target,
                                                                         size_t connections,
                                                                         size_t in_flight) {
  SB_ASSIGN_OR_RETURN(const auto credentials, MakeCredentials(target));
  std::vector<std::unique_ptr<LoadSender>> senders;
  for (size_t i = 0; i < connections; ++i) {
    const std::shared_ptr<grpc::Channel> channel = MakeChannel(target, credentials);
    for (size_t k = 0; k < in_flight; ++k) {
      senders.push_back(std::make_unique<GrpcSender>(target, channel));
    }
  }
  return senders;
}

absl::StatusOr<std::vector<std::unique_ptr<LoadSender>>> MakeLoadSenders(const LoadTarget& target,
                                                                         size_t connections,
                                                                         size_t in_flight,
                                                                         const base::Clock& clock) {
  return target.protocol == LoadProtocol::kGrpc ? MakeGrpcSenders(target, connections, in_flight)
                                                : MakeHttpSenders(target, connections, clock);
}

}  // namespace slowburn::app
