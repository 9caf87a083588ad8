#include "collector/otlp_grpc.h"

#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "collector/export_response.h"
#include "collector/internal/export_reply.h"
#include "collector/internal/export_request.h"
#include "collector/internal/grpc_message.h"
#include "collector/internal/media_type.h"
#include "collector/internal/request_metrics.h"
#include "collector/internal/rpc_code.h"

namespace slowburn::collector {
namespace {

constexpr std::chrono::milliseconds kRetryDelay{1000};

std::string_view ExportPath(model::Signal signal) {
  switch (signal) {
    case model::Signal::kTraces:
      return "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    case model::Signal::kMetrics:
      return "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
    case model::Signal::kLogs:
      return "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
  }
  return {};
}

struct EncodeAnswer {
  net::HttpResponse operator()(const ExportAnswer& answer) const {
    if (answer.outcome == ExportAnswer::Outcome::kUnavailable) {
      return GrpcError(absl::StatusCode::kUnavailable, answer.message, answer.retry_delay);
    }
    return GrpcResponse(EncodeExportResponse(answer.rejected, answer.message));
  }
};

// application/grpc and application/grpc+proto.
bool IsGrpc(const net::HttpRequest& request) {
  const std::string media_type = MediaType(request.Header("Content-Type"));
  return media_type == "application/grpc" || media_type == "application/grpc+proto";
}

class GrpcReceiver {
 public:
  GrpcReceiver(ReceiveLimits limits, IngestSink& sink, prometheus::Registry& registry)
      : limits_(limits), sink_(sink), metrics_("grpc", registry) {}

  void Handle(model::Signal signal, net::HttpRequest request, net::Reply reply);
  // What the listener itself answers, so that it is counted and encoded like the rest.
  net::HttpResponse ListenerError(const net::HttpRequest& request, int status,
                                  std::string_view message);

 private:
  // Ready for the sink, but for its body; or why it is refused.
  absl::StatusOr<ExportRequest> Examine(model::Signal signal, const net::HttpRequest& request);
  net::HttpResponse Refused(model::Signal signal, const absl::Status& status);

  const ReceiveLimits limits_;
  IngestSink& sink_;
  RequestMetrics metrics_;
};

absl::StatusOr<ExportRequest> GrpcReceiver::Examine(model::Signal signal,
                                                    const net::HttpRequest& request) {
  SB_ASSIGN_OR_RETURN(const GrpcMessage message, ParseGrpcMessage(request.body));
  ExportRequest examined{.signal = signal, .offset = kGrpcPrefixBytes};
  if (!message.is_compressed) return examined;
  const std::string_view named = request.Header("grpc-encoding");
  const std::optional<net::ContentCoding> coding = net::ParseContentCoding(named);
  if (!coding.has_value()) {
    return absl::UnimplementedError(
        fmt::format("grpc-encoding \"{}\": this server takes gzip, zstd, deflate or none",
                    named.substr(0, 100)));
  }
  if (*coding == net::ContentCoding::kIdentity) {
    return base::InvalidArgument(
        "the message says it is compressed, and the call names no "
        "grpc-encoding; name it, or send the message as it is");
  }
  examined.coding = *coding;
  return examined;
}

void GrpcReceiver::Handle(model::Signal signal, net::HttpRequest request, net::Reply reply) {
  metrics_.CountBytes(signal, request.body.size());
  if (!IsGrpc(request)) {
    sink_.CountRefused(RequestRefusal::kUnsupported);
    metrics_.Count(signal, RequestOutcome::kRefused);
    net::HttpResponse response;
    response.status = 415;
    response.body = "this port speaks gRPC; send application/grpc, or OTLP/HTTP to its own port\n";
    std::move(reply)(std::move(response));
    return;
  }
  absl::StatusOr<ExportRequest> examined = Examine(signal, request);
  absl::Status status = examined.status();
  if (examined.ok()) {
    examined->body = std::move(request.body);
    examined->lease = std::move(request.lease);
    status = Ingest(*std::move(examined), limits_, sink_, [&] {
      return AnswerFn(ExportReply(std::move(reply), EncodeAnswer(), signal, metrics_));
    });
  }
  if (!status.ok()) std::move(reply)(Refused(signal, status));
}

net::HttpResponse GrpcReceiver::Refused(model::Signal signal, const absl::Status& status) {
  const RequestRefusal refusal =
      absl::IsUnimplemented(status) ? RequestRefusal::kUnsupported : RefusalOf(status);
  sink_.CountRefused(refusal);
  metrics_.Count(signal, OutcomeOf(refusal));
  const bool comes_again = refusal == RequestRefusal::kOverloaded;
  return GrpcError(status.code(), base::Message(status),
                   comes_again ? std::optional(kRetryDelay) : std::nullopt);
}

net::HttpResponse GrpcReceiver::ListenerError(const net::HttpRequest& request, int status,
                                              std::string_view message) {
  const RequestRefusal refusal = RefusalOf(status);
  sink_.CountRefused(refusal);
  metrics_.CountNoSignal(OutcomeOf(refusal));
  if (status == 404) {
    return GrpcError(
        absl::StatusCode::kUnimplemented,
        fmt::format("{}: this server has the Export of OTLP's traces, metrics and logs",
                    std::string_view(request.path).substr(0, 200)),
        std::nullopt);
  }
  // Too many wrong passwords from this address: the data of whoever has the right one is not lost.
  if (status == 503 || status == 429) {
    return GrpcError(absl::StatusCode::kUnavailable, message, kRetryDelay);
  }
  return GrpcError(RpcCode(status), message, std::nullopt);
}

}  // namespace

net::RouteTable OtlpGrpcRoutes(ReceiveLimits limits, IngestSink& sink,
                               prometheus::Registry& registry) {
  // Shared by the handlers of the table, which is copied and moved.
  auto receiver = std::make_shared<GrpcReceiver>(limits, sink, registry);
  net::RouteTable routes(
      [receiver](const net::HttpRequest& request, int status, std::string_view message) {
        return receiver->ListenerError(request, status, message);
      });
  for (const model::Signal signal : model::kSignals) {
    routes.Add({.role = net::Role::kWrite,
                .method = "POST",
                .pattern = std::string(ExportPath(signal)),
                .handler =
                    [receiver, signal](net::HttpRequest request, net::Reply reply) {
                      receiver->Handle(signal, std::move(request), std::move(reply));
                    },
                .body_bytes_max = limits.request_bytes_max + kGrpcPrefixBytes});
  }
  return routes;
}

}  // namespace slowburn::collector
