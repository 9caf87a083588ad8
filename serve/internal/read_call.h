// serve/internal/read_call.h: /api/v1/read: series for another Prometheus.
//
// Room     serve
// Uses     net/, serve/
// Threads  a thread of the pool
// Units    unix milliseconds, bytes
// Source   Prometheus, "Remote Read API"
#pragma once

#include <functional>

#include "net/http_message.h"
#include "net/streamed_body.h"
#include "serve/internal/api_context.h"
#include "serve/internal/query_pool.h"

namespace slowburn::serve::internal {

// What a request may have, compressed and not, as Prometheus.
inline constexpr size_t kReadRequestBytesMax = 32 << 20;

// Has a job done by a thread of the pool, when its turn comes.
using RunInTurn = std::function<void(QueryPool::Job)>;

// A ReadRequest in a snappy block; the answer has samples in another one, or frames with chunks
// where the client takes those first: a stream, whose parts are made by `run_in_turn`. Errors are
// plain text: 400 for what is no such request or is over a limit, 499 for a client that has gone,
// 503, 500.
net::StreamedResponse ReadCall(const ApiContext& context, net::HttpRequest& request,
                               const RunInTurn& run_in_turn);

}  // namespace slowburn::serve::internal
