// collector/internal/export_request.h: from the bytes on the wire to the sink, the same for every
// signal, encoding and transport.
//
// Room     collector/internal
// Uses     collector/, net/
// Threads  thread-safe; each thread keeps its buffers and batches from one request to the next
// Units    bytes
#pragma once

#include <cstddef>
#include <string>

#include <absl/functional/function_ref.h>
#include <absl/status/status.h>

#include "base/memory_budget.h"
#include "collector/ingest_sink.h"
#include "collector/receive_limits.h"
#include "model/signal.h"
#include "net/content_coding.h"

namespace slowburn::collector {

// A request that came in whole.
struct ExportRequest {
  model::Signal signal = model::Signal::kTraces;
  BodyEncoding encoding = BodyEncoding::kProtobuf;
  net::ContentCoding coding = net::ContentCoding::kIdentity;
  std::string body;
  size_t offset = 0;  // the message is what follows
  base::MemoryLease lease;
};

// Decompresses, decodes and hands it to the sink with what `make_answer` returns. On an error the
// sink has not seen it and `make_answer` was not called: kInvalidArgument for what is no such
// request, kResourceExhausted over a limit, kUnavailable when memory is short.
absl::Status Ingest(ExportRequest request, const ReceiveLimits& limits, const IngestSink& sink,
                    absl::FunctionRef<AnswerFn()> make_answer);

// What a failed Ingest is counted as.
RequestRefusal RefusalOf(const absl::Status& status);

}  // namespace slowburn::collector
