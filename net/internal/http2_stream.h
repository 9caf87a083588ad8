// net/internal/http2_stream.h: one request of an HTTP/2 connection, and how far its answer is.
//
// Room     net/internal
// Uses     net/internal
// Threads  lives on its connection's worker
// Units    bytes
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "net/internal/http2_request.h"
#include "net/internal/server_shared.h"
#include "net/internal/worker.h"
#include "net/route_table.h"

namespace slowburn::net::internal {

struct Http2Stream {
  enum class Stage : uint8_t {
    kHeader,    // its fields come
    kDeciding,  // AccessFile looks at who asks; what comes of the body fills the window
    kBody,
    kHandling,  // its handler has it
    kAnswered,  // the answer is on its way; what still comes of the body is thrown away
  };

  Http2Stream(int32_t number, base::MemoryBudget* budget, std::string_view peer)
      : id(number), request(budget, peer) {}

  // A further 64 KiB moved either way: the deadline begins again.
  void CountProgress(size_t bytes, SteadyTime now, std::chrono::seconds timeout) {
    constexpr size_t kStep = 64 << 10;
    progress += bytes;
    if (progress >= kStep) SetDeadline(now + timeout);
  }
  void SetDeadline(SteadyTime time) {
    deadline = time;
    progress = 0;
  }

  const int32_t id;
  Stage stage = Stage::kHeader;
  Http2Request request;
  const Route* route = nullptr;
  std::optional<OpenRequest> open;
  bool is_header_too_large = false;
  bool is_whole = false;    // nothing of the request is to come
  bool is_closed = false;   // gone from the connection, but not from its handler
  bool is_handled = false;  // the answer is its handler's
  size_t unconsumed = 0;    // what came while kDeciding

  SteadyTime deadline = SteadyTime::max();
  size_t progress = 0;

  HttpResponse answer;
  size_t sent = 0;  // of its body
};

}  // namespace slowburn::net::internal
