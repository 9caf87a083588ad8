#include "collector/internal/grpc_message.h"

#include <algorithm>
#include <array>

#include <absl/strings/escaping.h>
#include <fmt/format.h>

#include "base/status.h"
#include "collector/export_response.h"

namespace slowburn::collector {
namespace {

constexpr std::string_view kContentType = "application/grpc";
constexpr std::string_view kAcceptEncoding = "identity,gzip,zstd,deflate";
constexpr size_t kErrorTextMax = 1 << 10;

uint32_t ReadBigEndian(std::string_view bytes) {
  uint32_t value = 0;
  for (const char byte : bytes.substr(0, 4)) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

// Status messages are percent-encoded where they are not printable ASCII.
std::string EncodeMessage(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (c >= ' ' && c <= '~' && c != '%') {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<uint8_t>(c));
    }
  }
  return encoded;
}

// Binary metadata is base64 without padding.
std::string EncodeBinary(std::string_view bytes) {
  std::string encoded = absl::Base64Escape({bytes.data(), bytes.size()});
  encoded.resize(encoded.find_last_not_of('=') + 1);
  return encoded;
}

}  // namespace

absl::StatusOr<GrpcMessage> ParseGrpcMessage(std::string_view body) {
  if (body.size() < kGrpcPrefixBytes) {
    return base::InvalidArgument(
        "the call ended before its message; send one export request, framed as gRPC does");
  }
  if (body.front() != 0 && body.front() != 1) {
    return base::InvalidArgument(
        "the message begins with {}, not with 0 or 1; frame it as gRPC does",
        static_cast<uint8_t>(body.front()));
  }
  const uint32_t length = ReadBigEndian(body.substr(1));
  const size_t rest = body.size() - kGrpcPrefixBytes;
  if (length > rest) {
    return base::InvalidArgument("the message has {} bytes, its prefix says {}; send all of it",
                                 rest, length);
  }
  if (length < rest) {
    return base::InvalidArgument("{} bytes follow the message; send one message a call",
                                 rest - length);
  }
  return GrpcMessage{.is_compressed = body.front() == 1};
}

net::HttpResponse GrpcResponse(std::string_view message) {
  net::HttpResponse response;
  response.content_type = kContentType;
  response.headers.push_back({"grpc-accept-encoding", std::string(kAcceptEncoding)});
  const auto size = static_cast<uint32_t>(message.size());
  response.body = {0, static_cast<char>(size >> 24), static_cast<char>(size >> 16),
                   static_cast<char>(size >> 8), static_cast<char>(size)};
  response.body += message;
  response.trailers.push_back({"grpc-status", "0"});
  return response;
}

net::HttpResponse GrpcError(absl::StatusCode code, std::string_view message,
                            std::optional<std::chrono::milliseconds> retry_delay) {
  const std::string text = ErrorText(message, kErrorTextMax);
  const int number = static_cast<int>(code);
  net::HttpResponse response;
  response.content_type = kContentType;
  response.headers = {
      {"grpc-status", fmt::format("{}", number)},
      {"grpc-message", EncodeMessage(text)},
      {"grpc-status-details-bin", EncodeBinary(EncodeStatus(number, text, retry_delay))},
      {"grpc-accept-encoding", std::string(kAcceptEncoding)}};
  return response;
}

}  // namespace slowburn::collector
