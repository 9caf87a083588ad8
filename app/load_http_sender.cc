#include <memory>
#include <string>
#include <utility>

#include "app/load_sender.h"
#include "base/status.h"
#include "net/content_coding.h"
#include "net/http_connection.h"
#include "net/tls_context.h"

namespace slowburn::app {
namespace {

using std::chrono::milliseconds;

// What all requests have in common.
std::string Headers(const LoadTarget& target) {
  std::string headers = fmt::format("Content-Type: {}\r\n", target.encoding == LoadEncoding::kJson
                                                                ? "application/json"
                                                                : "application/x-protobuf");
  if (target.compression != net::ContentCoding::kIdentity) {
    headers += fmt::format("Content-Encoding: {}\r\n", net::ContentCodingName(target.compression));
  }
  if (!target.token.empty()) headers += fmt::format("Authorization: Bearer {}\r\n", target.token);
  return headers;
}

class HttpSender final : public LoadSender {
 public:
  HttpSender(const LoadTarget& target, std::shared_ptr<SSL_CTX> tls, const base::Clock& clock)
      : coding_(target.compression),
        path_(target.path),
        headers_(Headers(target)),
        clock_(clock),
        connection_({.address = target.address, .tls = std::move(tls)}) {}

  absl::Status Connect(milliseconds timeout) override { return connection_.Connect(timeout); }

  std::optional<size_t> Take(model::Signal signal, std::string_view body) override {
    target_ = fmt::format("{}/v1/{}", path_, model::SignalName(signal));
    body_ = body;
    if (coding_ != net::ContentCoding::kIdentity) {
      compressed_ = net::EncodeContent(coding_, body);
      body_ = compressed_;
    }
    return body_.size();
  }

  LoadAnswer Send(milliseconds timeout) override {
    const auto result =
        connection_.Post({.target = target_, .headers = headers_, .body = body_}, timeout);
    if (!result.ok()) return JudgeNoAnswer(result.status());
    return JudgeHttp({.status = result->status,
                      .content_type = net::FindHeader(result->headers, "Content-Type"),
                      .retry_after = net::FindHeader(result->headers, "Retry-After"),
                      .body = result->body},
                     clock_.Now());
  }

 private:
  const net::ContentCoding coding_;
  const std::string path_;
  const std::string headers_;
  const base::Clock& clock_;
  net::HttpConnection connection_;
  std::string target_;
  std::string compressed_;
  std::string_view body_;
};

}  // namespace

absl::StatusOr<std::vector<std::unique_ptr<LoadSender>>> MakeHttpSenders(const LoadTarget& target,
                                                                         size_t connections,
                                                                         const base::Clock& clock) {
  std::shared_ptr<SSL_CTX> tls;
  if (target.tls) {
    SB_ASSIGN_OR_RETURN(
        tls, net::MakeTlsClientContext(
                 {.ca = target.ca, .certificate = target.certificate, .key = target.key}));
  }
  std::vector<std::unique_ptr<LoadSender>> senders;
  for (size_t i = 0; i < connections; ++i) {
    senders.push_back(std::make_unique<HttpSender>(target, tls, clock));
  }
  return senders;
}

}  // namespace slowburn::app
