#include "collector/otlp_http.h"

#include <algorithm>
#include <cctype>
#include <memory>
#include <optional>
#include <utility>

#include "base/status.h"
#include "collector/export_response.h"
#include "collector/internal/request_metrics.h"
#include "collector/internal/trace_request.h"

namespace slowburn::collector {
namespace {

constexpr std::string_view kProtobuf = "application/x-protobuf";
constexpr std::string_view kJson = "application/json";

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

// "Application/JSON; charset=utf-8" -> "application/json".
std::string MediaType(const net::HttpRequest& request) {
  const std::string_view header = request.Header("Content-Type");
  return Lower(Trimmed(header.substr(0, header.find(';'))));
}

// The number of the google.rpc.Code that says the same.
int RpcCode(int http_status) {
  switch (http_status) {
    case 401:
      return 16;  // UNAUTHENTICATED
    case 403:
      return 7;  // PERMISSION_DENIED
    case 404:
    case 405:
    case 415:
      return 12;  // UNIMPLEMENTED
    case 408:
      return 4;  // DEADLINE_EXCEEDED
    case 413:
    case 431:
      return 8;  // RESOURCE_EXHAUSTED
    case 503:
      return 14;  // UNAVAILABLE
    default:
      return http_status < 500 ? 3 : 13;  // INVALID_ARGUMENT, INTERNAL
  }
}

// A google.rpc.Status in the encoding of the request; protobuf where that is neither.
net::HttpResponse ErrorResponse(std::string_view media_type, int status, std::string_view message,
                                std::optional<std::chrono::milliseconds> retry_delay) {
  net::HttpResponse response;
  response.status = status;
  if (media_type == kJson) {
    response.content_type = kJson;
    response.body = EncodeStatusJson(RpcCode(status), message);
  } else {
    response.content_type = kProtobuf;
    response.body = EncodeStatus(RpcCode(status), message, retry_delay);
  }
  if (retry_delay.has_value()) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*retry_delay).count();
    response.headers.push_back({"Retry-After", fmt::format("{}", std::max<int64_t>(1, seconds))});
  }
  return response;
}

// The AnswerFn of one request: a reply that is dropped tells the client to come back.
class HttpAnswer {
 public:
  HttpAnswer(net::Reply reply, RequestMetrics& metrics)
      : reply_(std::move(reply)), metrics_(&metrics) {}
  HttpAnswer(HttpAnswer&& from) noexcept
      : reply_(std::move(from.reply_)), metrics_(std::exchange(from.metrics_, nullptr)) {}
  ~HttpAnswer() {
    if (metrics_ == nullptr) return;
    ExportAnswer dropped;
    dropped.outcome = ExportAnswer::Outcome::kUnavailable;
    dropped.message = "the request was not taken; send it again";
    Send(dropped);
  }

  void operator()(ExportAnswer answer) && { Send(answer); }

 private:
  void Send(const ExportAnswer& answer) {
    std::exchange(metrics_, nullptr)->Count(OutcomeOf(answer));
    if (answer.outcome == ExportAnswer::Outcome::kUnavailable) {
      std::move(reply_)(ErrorResponse(kProtobuf, 503, answer.message, answer.retry_delay));
      return;
    }
    net::HttpResponse response;
    response.content_type = kProtobuf;
    response.body = EncodeTraceResponse(answer.rejected, answer.message);
    std::move(reply_)(std::move(response));
  }

  net::Reply reply_;
  RequestMetrics* metrics_;  // null once answered
};

class HttpTraces {
 public:
  HttpTraces(size_t request_bytes_max, IngestSink& sink, prometheus::Registry& registry)
      : request_bytes_max_(request_bytes_max), sink_(sink), metrics_("http", registry) {}

  void Handle(net::HttpRequest request, net::Reply reply);
  // What the listener itself answers, so that it is counted and encoded like the rest.
  net::HttpResponse ListenerError(const net::HttpRequest& request, int status,
                                  std::string_view message);

 private:
  net::HttpResponse Refused(std::string_view media_type, int status, RequestRefusal reason,
                            std::string_view message) {
    sink_.CountRefused(reason);
    metrics_.Count(RequestOutcome::kRefused);
    return ErrorResponse(media_type, status, message, std::nullopt);
  }

  const size_t request_bytes_max_;
  IngestSink& sink_;
  RequestMetrics metrics_;
};

void HttpTraces::Handle(net::HttpRequest request, net::Reply reply) {
  metrics_.CountBytes(request.body.size());
  const std::string media_type = MediaType(request);
  if (media_type != kProtobuf) {
    std::move(reply)(
        Refused(media_type, 415, RequestRefusal::kUnsupported,
                fmt::format("content type \"{}\": this server takes application/x-protobuf",
                            Trimmed(request.Header("Content-Type")).substr(0, 100))));
    return;
  }
  const std::string encoding = Lower(Trimmed(request.Header("Content-Encoding")));
  const bool is_gzip = encoding == "gzip";
  if (!is_gzip && !encoding.empty() && encoding != "identity") {
    std::move(reply)(Refused(media_type, 415, RequestRefusal::kUnsupported,
                             fmt::format("content encoding \"{}\": this server takes gzip or none",
                                         encoding.substr(0, 100))));
    return;
  }
  // One a thread: a request is decoded and handed over without waiting, so it is never used by two.
  thread_local TraceRequest decoded;
  const std::shared_ptr<const TraceSink> traces = sink_.traces();
  const absl::Status status =
      decoded.Read(request.body, is_gzip, request_bytes_max_, traces->projection());
  if (status.ok()) {
    traces->Ingest(decoded.body(), decoded.batch(), HttpAnswer(std::move(reply), metrics_));
  } else {
    std::move(reply)(Refused(media_type, absl::IsResourceExhausted(status) ? 413 : 400,
                             RefusalOf(status), base::Message(status)));
  }
  decoded.Release();
}

net::HttpResponse HttpTraces::ListenerError(const net::HttpRequest& request, int status,
                                            std::string_view message) {
  const std::string media_type = MediaType(request);
  if (status == 503) {
    metrics_.Count(RequestOutcome::kUnavailable);
    return ErrorResponse(media_type, status, message, std::chrono::seconds(1));
  }
  const bool is_unsupported = status == 404 || status == 405;
  const RequestRefusal reason = status == 413    ? RequestRefusal::kTooLarge
                                : is_unsupported ? RequestRefusal::kUnsupported
                                                 : RequestRefusal::kUndecodable;
  return Refused(media_type, status, reason, message);
}

}  // namespace

net::RouteTable OtlpHttpRoutes(size_t request_bytes_max, IngestSink& sink,
                               prometheus::Registry& registry) {
  // Shared by the handlers of the table, which is copied and moved.
  auto traces = std::make_shared<HttpTraces>(request_bytes_max, sink, registry);
  net::RouteTable routes(
      [traces](const net::HttpRequest& request, int status, std::string_view message) {
        return traces->ListenerError(request, status, message);
      });
  routes.Add({.method = "POST",
              .pattern = "/v1/traces",
              .handler =
                  [traces](net::HttpRequest request, net::Reply reply) {
                    traces->Handle(std::move(request), std::move(reply));
                  },
              .body_bytes_max = request_bytes_max});
  return routes;
}

}  // namespace slowburn::collector
