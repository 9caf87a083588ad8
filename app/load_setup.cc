#include "app/load_setup.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <string_view>

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>

#include "base/duration_text.h"
#include "base/files.h"
#include "base/status.h"

namespace slowburn::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr size_t kTokenBytesMax = 16 << 10;
constexpr size_t kRequestBytesMax = 64 << 20;  // OTLP's default limit (X7)
constexpr std::string_view kDefaultDuration = "30s";
constexpr size_t kGrpcInFlight = 2;

// The URL, its scheme being the protocol unless --protocol says it.
absl::Status ReadTarget(const LoadArguments& arguments, LoadSetup& setup) {
  LoadTarget& target = setup.target;
  setup.url = arguments.to.empty() ? arguments.endpoint : arguments.to;
  std::string url = setup.url;
  const std::string scheme = absl::AsciiStrToLower(url.substr(0, url.find("://")));
  if (scheme == "grpc" || scheme == "grpcs") {
    target.protocol = LoadProtocol::kGrpc;
    url.replace(0, 4, "http");  // grpc:// is plaintext, grpcs:// is TLS
  } else if (scheme != "http" && scheme != "https") {
    return base::InvalidArgument(
        "\"{}\" is no OTLP endpoint: it does not begin with http://, https://, grpc:// or "
        "grpcs://; "
        "write one like http://127.0.0.1:4318 or grpc://127.0.0.1:4317",
        setup.url);
  } else if (!arguments.endpoint.empty() && arguments.protocol == "grpc") {
    target.protocol = LoadProtocol::kGrpc;
  }
  SB_ASSIGN_OR_RETURN(const net::Url parsed, net::ParseUrl(url));
  target.address = parsed.address;
  target.tls = parsed.tls;
  target.path =
      parsed.path.ends_with('/') ? parsed.path.substr(0, parsed.path.size() - 1) : parsed.path;
  if (target.protocol == LoadProtocol::kGrpc && !target.path.empty()) {
    return base::InvalidArgument("{}: gRPC has no path; write {}", setup.url,
                                 setup.url.substr(0, setup.url.size() - parsed.path.size()));
  }
  target.encoding = arguments.encoding == "json" ? LoadEncoding::kJson : LoadEncoding::kProtobuf;
  // "none" is no coding's name; all others that are allowed here are.
  target.compression =
      net::ParseContentCoding(arguments.compression).value_or(net::ContentCoding::kIdentity);
  const bool is_grpc = target.protocol == LoadProtocol::kGrpc;
  if (is_grpc && target.encoding == LoadEncoding::kJson) {
    return base::InvalidArgument("gRPC carries protobuf alone; leave --encoding away");
  }
  if (is_grpc && target.compression == net::ContentCoding::kZstd) {
    return base::InvalidArgument("gRPC knows gzip alone; write --compression gzip");
  }
  if (!is_grpc && arguments.in_flight > 1) {
    return base::InvalidArgument(
        "HTTP/1.1 carries one request at a time on each connection; raise --connections instead");
  }
  setup.in_flight = arguments.in_flight > 0 ? arguments.in_flight : is_grpc ? kGrpcInFlight : 1;
  return absl::OkStatus();
}

absl::Status ReadSecrets(const LoadArguments& arguments, LoadTarget& target) {
  if (arguments.cert.empty() != arguments.key.empty()) {
    return base::InvalidArgument("--cert and --key go together; name both or none");
  }
  for (const auto& [name, file] :
       {std::pair("--ca", &arguments.ca), std::pair("--cert", &arguments.cert)}) {
    if (target.tls || file->empty()) continue;
    return base::InvalidArgument(
        "{} is for TLS, and {} is plaintext; write https:// or grpcs://, or leave {} away", name,
        arguments.to.empty() ? arguments.endpoint : arguments.to, name);
  }
  target.ca = arguments.ca;
  target.certificate = arguments.cert;
  target.key = arguments.key;
  if (arguments.token_file.empty()) return absl::OkStatus();
  SB_ASSIGN_OR_RETURN(target.token, base::ReadFile(arguments.token_file, kTokenBytesMax));
  while (target.token.ends_with('\n') || target.token.ends_with('\r')) target.token.pop_back();
  const bool is_token = !target.token.empty() && std::ranges::all_of(target.token, [](char c) {
    return c > ' ' && c <= '~';
  });
  if (!is_token) {
    return base::InvalidArgument("token file \"{}\" must hold one line without spaces",
                                 arguments.token_file);
  }
  return absl::OkStatus();
}

absl::StatusOr<milliseconds> ReadDuration(std::string_view name, std::string_view text) {
  const absl::StatusOr<nanoseconds> duration = base::ParseDuration(text);
  if (!duration.ok()) return base::Annotate(duration.status(), name);
  if (*duration < milliseconds(1)) {
    return base::InvalidArgument("{}: \"{}\" is below 1ms", name, text);
  }
  return std::chrono::duration_cast<milliseconds>(*duration);
}

// "50000", "50k", "2M"; nothing for "max".
absl::StatusOr<std::optional<double>> ReadRate(std::string_view text) {
  if (text == "max") return std::nullopt;
  const double scale = text.ends_with('k') ? 1e3 : text.ends_with('M') ? 1e6 : 1;
  const std::string_view digits = scale == 1 ? text : text.substr(0, text.size() - 1);
  double rate = 0;
  if (!absl::SimpleAtod({digits.data(), digits.size()}, &rate) || !std::isfinite(rate) ||
      rate * scale < 1e-3 || rate * scale > 1e12) {
    return base::InvalidArgument(
        "--rate: \"{}\" is no number of items a second; write one like 50000, 50k or 2M, or max",
        text);
  }
  return rate * scale;
}

absl::Status ReadPlan(const LoadArguments& arguments, LoadSetup& setup) {
  SB_ASSIGN_OR_RETURN(setup.plan.items_per_second, ReadRate(arguments.rate));
  if (arguments.requests > 0) {
    setup.plan.requests = arguments.requests;
  } else {
    SB_ASSIGN_OR_RETURN(setup.plan.duration,
                        ReadDuration("--duration", arguments.duration.empty()
                                                       ? kDefaultDuration
                                                       : std::string_view(arguments.duration)));
  }
  SB_ASSIGN_OR_RETURN(setup.run.timeout, ReadDuration("--timeout", arguments.timeout));
  SB_ASSIGN_OR_RETURN(setup.run.retry_for, ReadDuration("--retry-for", arguments.retry_for));
  setup.run.seed = arguments.seed;
  return absl::OkStatus();
}

absl::Status MakePayloads(const LoadArguments& arguments, base::UnixNanos now, LoadSetup& setup) {
  SB_ASSIGN_OR_RETURN(const LoadLatency latency, LoadLatency::Parse(arguments.latency));
  for (const model::Signal signal : model::kSignals) {
    if (arguments.signal != "all" && arguments.signal != model::SignalName(signal)) continue;
    if (signal == model::Signal::kMetrics &&
        arguments.items_per_request < LoadPayloadOptions::kMetricItemsMin) {
      return base::InvalidArgument(
          "--items-per-request: a route has {} data points, which stay together; write {} or more",
          LoadPayloadOptions::kMetricItemsMin, LoadPayloadOptions::kMetricItemsMin);
    }
    setup.payloads.push_back(MakeLoadPayload({.signal = signal,
                                              .encoding = setup.target.encoding,
                                              .items = arguments.items_per_request,
                                              .services = arguments.services,
                                              .cardinality = arguments.cardinality,
                                              .error_ratio = arguments.error_ratio,
                                              .latency = latency,
                                              .attributes = arguments.attributes,
                                              .seed = arguments.seed,
                                              .start = now}));
    std::string body;
    setup.payloads.back()->Make(0, now, body);
    if (body.size() > kRequestBytesMax) {
      return base::InvalidArgument(
          "a request of {} would have {} bytes, and OTLP allows {}; lower --items-per-request",
          model::SignalName(signal), body.size(), kRequestBytesMax);
    }
    setup.plan.streams.push_back({signal, setup.payloads.back()->items()});
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LoadSetup> MakeLoadSetup(const LoadArguments& arguments, base::UnixNanos now) {
  LoadSetup setup;
  SB_RETURN_IF_ERROR(ReadTarget(arguments, setup));
  SB_RETURN_IF_ERROR(ReadSecrets(arguments, setup.target));
  SB_RETURN_IF_ERROR(ReadPlan(arguments, setup));
  SB_RETURN_IF_ERROR(MakePayloads(arguments, now, setup));
  return setup;
}

}  // namespace slowburn::app
