#include "collector/otlp_http.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "collector/export_response.h"
#include "collector/internal/export_reply.h"
#include "collector/internal/export_request.h"
#include "collector/internal/media_type.h"
#include "collector/internal/request_metrics.h"
#include "collector/internal/rpc_code.h"

namespace slowburn::collector {
namespace {

constexpr std::string_view kProtobuf = "application/x-protobuf";
constexpr std::string_view kJson = "application/json";
constexpr std::chrono::milliseconds kRetryDelay{1000};

// Nothing for a media type that OTLP does not have.
std::optional<BodyEncoding> EncodingOf(std::string_view media_type) {
  if (media_type == kProtobuf) return BodyEncoding::kProtobuf;
  if (media_type == kJson) return BodyEncoding::kJson;
  return std::nullopt;
}

// A google.rpc.Status in the encoding of the request; protobuf where that is neither.
net::HttpResponse ErrorResponse(std::string_view media_type, int status, std::string_view message,
                                std::optional<std::chrono::milliseconds> retry_delay) {
  const int code = static_cast<int>(RpcCode(status));
  net::HttpResponse response;
  response.status = status;
  if (media_type == kJson) {
    response.content_type = kJson;
    response.body = EncodeStatusJson(code, message);
  } else {
    response.content_type = kProtobuf;
    response.body = EncodeStatus(code, message, retry_delay);
  }
  if (retry_delay.has_value()) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*retry_delay).count();
    response.headers.push_back({"Retry-After", fmt::format("{}", std::max<int64_t>(1, seconds))});
  }
  return response;
}

struct EncodeAnswer {
  model::Signal signal;
  BodyEncoding encoding;

  net::HttpResponse operator()(const ExportAnswer& answer) const {
    const bool is_json = encoding == BodyEncoding::kJson;
    if (answer.outcome == ExportAnswer::Outcome::kUnavailable) {
      return ErrorResponse(is_json ? kJson : kProtobuf, 503, answer.message, answer.retry_delay);
    }
    net::HttpResponse response;
    response.content_type = is_json ? kJson : kProtobuf;
    response.body = is_json ? EncodeExportResponseJson(signal, answer.rejected, answer.message)
                            : EncodeExportResponse(answer.rejected, answer.message);
    return response;
  }
};

class HttpReceiver {
 public:
  HttpReceiver(ReceiveLimits limits, IngestSink& sink, prometheus::Registry& registry)
      : limits_(limits), sink_(sink), metrics_("http", registry) {}

  void Handle(model::Signal signal, net::HttpRequest request, net::Reply reply);
  // What the listener itself answers, so that it is counted and encoded like the rest.
  net::HttpResponse ListenerError(const net::HttpRequest& request, int status,
                                  std::string_view message);

 private:
  net::HttpResponse Refused(model::Signal signal, std::string_view media_type, int status,
                            RequestRefusal refusal, std::string_view message) {
    sink_.CountRefused(refusal);
    metrics_.Count(signal, OutcomeOf(refusal));
    const bool comes_again = refusal == RequestRefusal::kOverloaded;
    return ErrorResponse(media_type, status, message,
                         comes_again ? std::optional(kRetryDelay) : std::nullopt);
  }

  const ReceiveLimits limits_;
  IngestSink& sink_;
  RequestMetrics metrics_;
};

void HttpReceiver::Handle(model::Signal signal, net::HttpRequest request, net::Reply reply) {
  metrics_.CountBytes(signal, request.body.size());
  const std::string media_type = MediaType(request.Header("Content-Type"));
  const std::optional<BodyEncoding> encoding = EncodingOf(media_type);
  if (!encoding.has_value()) {
    std::move(reply)(
        Refused(signal, media_type, 415, RequestRefusal::kUnsupported,
                fmt::format("content type \"{}\": this server takes application/x-protobuf and "
                            "application/json",
                            request.Header("Content-Type").substr(0, 100))));
    return;
  }
  const std::string named = net::ContentEncodingOf(request.headers);
  const std::optional<net::ContentCoding> coding = net::ParseContentCodings(named);
  if (!coding.has_value()) {
    net::HttpResponse response = Refused(
        signal, media_type, 415, RequestRefusal::kUnsupported,
        fmt::format("content encoding \"{}\": this server takes gzip, zstd, deflate or none",
                    std::string_view(named).substr(0, 100)));
    response.headers.push_back({"Accept-Encoding", "gzip, zstd, deflate"});
    std::move(reply)(std::move(response));
    return;
  }
  const absl::Status status =
      Ingest({.signal = signal,
              .encoding = *encoding,
              .coding = *coding,
              .body = std::move(request.body),
              .lease = std::move(request.lease)},
             limits_, sink_, [&] {
               return AnswerFn(ExportReply(std::move(reply), EncodeAnswer{signal, *encoding},
                                           signal, metrics_));
             });
  if (status.ok()) return;
  std::move(reply)(
      Refused(signal, media_type, HttpStatus(status), RefusalOf(status), base::Message(status)));
}

net::HttpResponse HttpReceiver::ListenerError(const net::HttpRequest& request, int status,
                                              std::string_view message) {
  const RequestRefusal refusal = RefusalOf(status);
  sink_.CountRefused(refusal);
  metrics_.CountNoSignal(OutcomeOf(refusal));
  const bool comes_again = refusal == RequestRefusal::kOverloaded;
  return ErrorResponse(MediaType(request.Header("Content-Type")), status, message,
                       comes_again ? std::optional(kRetryDelay) : std::nullopt);
}

net::ErrorWriter ErrorsOf(std::shared_ptr<HttpReceiver> receiver) {
  return [receiver = std::move(receiver)](const net::HttpRequest& request, int status,
                                          std::string_view message) {
    return receiver->ListenerError(request, status, message);
  };
}

net::Route RouteOf(const std::shared_ptr<HttpReceiver>& receiver, model::Signal signal,
                   std::string pattern, const ReceiveLimits& limits) {
  return {.role = net::Role::kWrite,
          .method = "POST",
          .pattern = std::move(pattern),
          .handler =
              [receiver, signal](net::HttpRequest request, net::Reply reply) {
                receiver->Handle(signal, std::move(request), std::move(reply));
              },
          .body_bytes_max = limits.request_bytes_max,
          .errors = ErrorsOf(receiver)};
}

}  // namespace

net::RouteTable OtlpHttpRoutes(ReceiveLimits limits, IngestSink& sink,
                               prometheus::Registry& registry) {
  // Shared by the handlers of the table, which is copied and moved.
  auto receiver = std::make_shared<HttpReceiver>(limits, sink, registry);
  net::RouteTable routes(ErrorsOf(receiver));
  for (const model::Signal signal : model::kSignals) {
    routes.Add(RouteOf(receiver, signal, fmt::format("/v1/{}", model::SignalName(signal)), limits));
  }
  return routes;
}

net::Route PrometheusOtlpRoute(ReceiveLimits limits, IngestSink& sink,
                               prometheus::Registry& registry) {
  return RouteOf(std::make_shared<HttpReceiver>(limits, sink, registry), model::Signal::kMetrics,
                 "/api/v1/otlp/v1/metrics", limits);
}

}  // namespace slowburn::collector
