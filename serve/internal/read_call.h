// serve/internal/read_call.h: /api/v1/read: series for another Prometheus.
//
// Room     serve
// Uses     net/, serve/
// Threads  pure but for what the context reads
// Units    unix milliseconds, bytes
// Source   Prometheus, "Remote Read API"
#pragma once

#include "net/http_message.h"
#include "serve/internal/api_context.h"

namespace slowburn::serve::internal {

// What a request may have, compressed and not, as Prometheus.
inline constexpr size_t kReadRequestBytesMax = 32 << 20;

// A ReadRequest in a snappy block; the answer has samples in another one, or frames with chunks
// where the client takes those first. Errors are plain text: 400 for what is no such request or is
// over a limit, 499 for a client that has gone, 503, 500.
net::HttpResponse ReadCall(const ApiContext& context, net::HttpRequest& request);

}  // namespace slowburn::serve::internal
