#include "collector/remote_write_http.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "collector/export_response.h"
#include "collector/internal/export_request.h"
#include "collector/internal/media_type.h"
#include "collector/internal/rpc_code.h"
#include "collector/internal/write_metrics.h"
#include "collector/remote_write.h"
#include "collector/remote_write_v2.h"
#include "net/content_coding.h"
#include "net/snappy_block.h"

namespace slowburn::collector {
namespace {

constexpr std::string_view kMessage1 = "prometheus.WriteRequest";
constexpr std::string_view kMessage2 = "io.prometheus.write.v2.Request";
constexpr std::string_view kCodings = "snappy, zstd, gzip, deflate";
constexpr std::chrono::milliseconds kRetryDelay{1000};
constexpr size_t kMessageBytesMax = 4096;  // what Prometheus logs of an answer is far less

// Nothing for what is no remote write. 1.0 has no parameter, and clients of before left the header
// out.
std::optional<WriteVersion> VersionOf(std::string_view content_type) {
  if (WithoutSpace(content_type).empty()) return WriteVersion::k1;
  if (MediaType(content_type) != "application/x-protobuf") return std::nullopt;
  const std::string_view message = MediaTypeParameter(content_type, "proto").value_or(kMessage1);
  if (message == kMessage1) return WriteVersion::k1;
  if (message == kMessage2) return WriteVersion::k2;
  return std::nullopt;
}

// How a body is compressed: `coding`, or in a snappy block.
struct BodyCoding {
  bool is_snappy = true;
  net::ContentCoding coding = net::ContentCoding::kIdentity;
};

// Nothing for a coding that is not known. Without a header it is snappy, as it is for Prometheus.
std::optional<BodyCoding> CodingOf(std::string_view header) {
  const std::string name = LowerCase(WithoutSpace(header));
  if (name.empty() || name == "snappy") return BodyCoding();
  const std::optional<net::ContentCoding> coding = net::ParseContentCodings(name);
  if (!coding.has_value()) return std::nullopt;
  return BodyCoding{.is_snappy = false, .coding = *coding};
}

// `written` is what 2.0's headers say.
net::HttpResponse Answer(WriteVersion version, int status, std::string_view message,
                         const SeriesAnswer& written) {
  net::HttpResponse response;
  response.status = status;
  if (!message.empty()) response.body = ErrorText(message, kMessageBytesMax) + '\n';
  if (version == WriteVersion::k2) {
    response.headers = {
        {"X-Prometheus-Remote-Write-Samples-Written", fmt::to_string(written.samples_written)},
        {"X-Prometheus-Remote-Write-Histograms-Written",
         fmt::to_string(written.histograms_written)},
        {"X-Prometheus-Remote-Write-Exemplars-Written", fmt::to_string(written.exemplars_written)}};
  }
  return response;
}

void AddRetryAfter(std::chrono::milliseconds delay, net::HttpResponse& response) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(delay).count();
  response.headers.push_back({"Retry-After", fmt::to_string(std::max<int64_t>(1, seconds))});
}

net::HttpResponse ResponseOf(WriteVersion version, const SeriesAnswer& answer) {
  if (answer.outcome == ExportAnswer::Outcome::kUnavailable) {
    net::HttpResponse response = Answer(version, 503, answer.message, {});
    AddRetryAfter(answer.retry_delay, response);
    return response;
  }
  if (IsAllWritten(version, answer)) return Answer(version, 204, "", answer);
  return Answer(version, 400, answer.message, answer);
}

// The SeriesAnswerFn of one request. Dropped uncalled, it tells the client to come back.
class WriteReply {
 public:
  WriteReply(net::Reply reply, WriteVersion version, uint64_t samples, WriteMetrics& metrics)
      : reply_(std::move(reply)), version_(version), samples_(samples), metrics_(&metrics) {}
  WriteReply(WriteReply&& from) noexcept
      : reply_(std::move(from.reply_)),
        version_(from.version_),
        samples_(from.samples_),
        metrics_(std::exchange(from.metrics_, nullptr)) {}
  ~WriteReply() {
    if (metrics_ == nullptr) return;
    SeriesAnswer dropped;
    dropped.outcome = ExportAnswer::Outcome::kUnavailable;
    dropped.message = "the request was not taken; send it again";
    Send(dropped);
  }

  void operator()(SeriesAnswer answer) && { Send(answer); }

 private:
  void Send(const SeriesAnswer& answer) {
    std::exchange(metrics_, nullptr)->Count(version_, samples_, answer);
    std::move(reply_)(ResponseOf(version_, answer));
  }

  net::Reply reply_;
  WriteVersion version_;
  uint64_t samples_;
  WriteMetrics* metrics_;  // null once answered
};

class WriteReceiver {
 public:
  WriteReceiver(ReceiveLimits limits, SeriesSink& sink, prometheus::Registry& registry)
      : limits_(limits), sink_(sink), metrics_(registry) {}

  void Handle(net::HttpRequest request, net::Reply reply);
  // What the listener itself answers, so that it is counted and written like the rest.
  net::HttpResponse ListenerError(const net::HttpRequest& request, int status,
                                  std::string_view message);

 private:
  net::HttpResponse UnknownMessage(std::string_view content_type);
  net::HttpResponse UnknownCoding(WriteVersion version, std::string_view named);
  net::HttpResponse Refused(WriteVersion version, const absl::Status& status);
  // What `request` brings; its own bytes are given back.
  absl::StatusOr<std::unique_ptr<ReceivedSeries>> Receive(WriteVersion version, BodyCoding coding,
                                                          net::HttpRequest request);
  absl::Status Open(BodyCoding coding, std::string_view body, ReceivedSeries& received) const;

  const ReceiveLimits limits_;
  SeriesSink& sink_;
  WriteMetrics metrics_;
};

net::HttpResponse WriteReceiver::UnknownMessage(std::string_view content_type) {
  sink_.CountRefused(RequestRefusal::kUnsupported);
  metrics_.CountUnknown(RequestOutcome::kRefused);
  return Answer(WriteVersion::k1, 415,
                fmt::format("content type \"{}\": this server takes application/x-protobuf with "
                            "proto={} or proto={}",
                            content_type.substr(0, 100), kMessage1, kMessage2),
                {});
}

net::HttpResponse WriteReceiver::UnknownCoding(WriteVersion version, std::string_view named) {
  sink_.CountRefused(RequestRefusal::kUnsupported);
  metrics_.Count(version, RequestOutcome::kRefused);
  net::HttpResponse response =
      Answer(version, 415,
             fmt::format("content encoding \"{}\": this server takes snappy (its block format), "
                         "zstd, gzip and deflate",
                         named.substr(0, 100)),
             {});
  response.headers.push_back({"Accept-Encoding", std::string(kCodings)});
  return response;
}

net::HttpResponse WriteReceiver::Refused(WriteVersion version, const absl::Status& status) {
  const RequestRefusal refusal = RefusalOf(status);
  sink_.CountRefused(refusal);
  metrics_.Count(version, OutcomeOf(refusal));
  net::HttpResponse response = Answer(version, HttpStatus(status), base::Message(status), {});
  if (refusal == RequestRefusal::kOverloaded) AddRetryAfter(kRetryDelay, response);
  return response;
}

net::HttpResponse WriteReceiver::ListenerError(const net::HttpRequest& request, int status,
                                               std::string_view message) {
  const RequestRefusal refusal = RefusalOf(status);
  sink_.CountRefused(refusal);
  const std::optional<WriteVersion> version = VersionOf(request.Header("Content-Type"));
  if (version.has_value()) {
    metrics_.Count(*version, OutcomeOf(refusal));
  } else {
    metrics_.CountUnknown(OutcomeOf(refusal));
  }
  net::HttpResponse response = Answer(version.value_or(WriteVersion::k1), status, message, {});
  if (refusal == RequestRefusal::kOverloaded) AddRetryAfter(kRetryDelay, response);
  return response;
}

absl::Status WriteReceiver::Open(BodyCoding coding, std::string_view body,
                                 ReceivedSeries& received) const {
  const net::DecodeLimits limits{.bytes_max = limits_.request_bytes_max,
                                 .ratio_max = limits_.compression_ratio_max};
  return coding.is_snappy
             ? net::DecodeSnappyBlock(body, limits, received.lease, received.body)
             : net::DecodeContent(coding.coding, body, limits, received.lease, received.body);
}

absl::StatusOr<std::unique_ptr<ReceivedSeries>> WriteReceiver::Receive(WriteVersion version,
                                                                       BodyCoding coding,
                                                                       net::HttpRequest request) {
  if (const std::string_view why = sink_.overloaded(); !why.empty()) {
    return base::Unavailable("{}; send the request again", why);
  }
  auto received = std::make_unique<ReceivedSeries>();
  received->lease = request.lease.Another();
  SB_RETURN_IF_ERROR(Open(coding, request.body, *received));
  std::string().swap(request.body);
  request.lease.Release();
  const auto decode = version == WriteVersion::k1 ? DecodeRemoteWrite : DecodeRemoteWriteV2;
  SB_RETURN_IF_ERROR(decode(received->body, received->batch, &received->lease));
  return received;
}

void WriteReceiver::Handle(net::HttpRequest request, net::Reply reply) {
  const std::string_view content_type = request.Header("Content-Type");
  const std::optional<WriteVersion> version = VersionOf(content_type);
  if (!version.has_value()) return std::move(reply)(UnknownMessage(content_type));
  metrics_.CountBytes(*version, request.body.size());
  const std::string named = net::ContentEncodingOf(request.headers);
  const std::optional<BodyCoding> coding = CodingOf(named);
  if (!coding.has_value()) return std::move(reply)(UnknownCoding(*version, named));
  auto received = Receive(*version, *coding, std::move(request));
  if (!received.ok()) return std::move(reply)(Refused(*version, received.status()));
  const uint64_t samples = (*received)->batch.samples.size() + (*received)->batch.histograms.size();
  sink_.Ingest(*std::move(received), WriteReply(std::move(reply), *version, samples, metrics_));
}

}  // namespace

net::Route RemoteWriteRoute(ReceiveLimits limits, SeriesSink& sink,
                            prometheus::Registry& registry) {
  // Shared by the copies of the handler.
  auto receiver = std::make_shared<WriteReceiver>(limits, sink, registry);
  return {.role = net::Role::kWrite,
          .method = "POST",
          .pattern = "/api/v1/write",
          .handler =
              [receiver](net::HttpRequest request, net::Reply reply) {
                receiver->Handle(std::move(request), std::move(reply));
              },
          .body_bytes_max = limits.request_bytes_max,
          .errors =
              [receiver](const net::HttpRequest& request, int status, std::string_view message) {
                return receiver->ListenerError(request, status, message);
              }};
}

}  // namespace slowburn::collector
