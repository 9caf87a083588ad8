// collector/internal/grpc_message.h: gRPC's framing of messages and statuses in HTTP/2.
//
// Room     collector/internal
// Uses     net/, Abseil
// Threads  pure functions
// Units    bytes
// Source   gRPC, "gRPC over HTTP2"
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "net/http_message.h"

namespace slowburn::collector {

// Before each message: a byte that says whether it is compressed, and its length.
inline constexpr size_t kGrpcPrefixBytes = 5;

struct GrpcMessage {
  bool is_compressed = false;  // by the call's grpc-encoding
};
// Looks at the body of a unary call: one message, whole. kInvalidArgument otherwise.
absl::StatusOr<GrpcMessage> ParseGrpcMessage(std::string_view body);

// OK with one message, not compressed.
net::HttpResponse GrpcResponse(std::string_view message);
// A status without a message ("Trailers-Only"), with google.rpc.Status as details. The text is cut
// to 1 KiB, for clients take 8 KiB of metadata and it stands there twice.
net::HttpResponse GrpcError(absl::StatusCode code, std::string_view message,
                            std::optional<std::chrono::milliseconds> retry_delay);

}  // namespace slowburn::collector
