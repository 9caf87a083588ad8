#include "collector/internal/export_request.h"

#include <memory>
#include <utility>

#include "base/status.h"
#include "collector/otlp_json.h"
#include "collector/otlp_logs.h"
#include "collector/otlp_metrics.h"
#include "collector/otlp_traces.h"

namespace slowburn::collector {
namespace {

// A buffer keeps up to this much between requests: 8 MiB is 18,000 spans of 459 bytes, 35 x the
// largest default batch of an SDK.
constexpr size_t kBufferBytesKept = 8 << 20;

// While it is decoded, a body is charged for what that may take: the decoders' own limit for a body
// of 64 MiB. What they allow a small one beyond is theirs once a thread.
constexpr size_t kBatchBytesPerByte = 3;

// What a thread keeps. A request is decoded and handed over without waiting, so it is never used by
// two.
struct Buffers {
  std::string inflated;
  model::SpanBatch spans;
  model::MetricBatch metrics;
  model::LogBatch logs;
};

Buffers& BuffersOfThread() {
  thread_local Buffers buffers;
  return buffers;
}

template <typename Batch>
using DecodeFn = absl::Status (*)(std::string_view, const model::AttributeProjection&, Batch&);
template <typename Batch>
using DecodeJsonFn = absl::Status (*)(std::string&, const model::AttributeProjection&, Batch&);

template <typename Batch>
struct Decoders {
  DecodeFn<Batch> protobuf;
  DecodeJsonFn<Batch> json;
};

template <typename Batch>
absl::Status DecodeAndHandOver(RequestBody body, const Decoders<Batch>& decoders,
                               const BatchSink<Batch>& sink, Batch& batch,
                               absl::FunctionRef<AnswerFn()> make_answer) {
  const absl::Status decoded = body.encoding == BodyEncoding::kJson
                                   ? decoders.json(body.storage, sink.projection(), batch)
                                   : decoders.protobuf(body.bytes(), sink.projection(), batch);
  if (decoded.ok()) {
    body.lease.ShrinkTo(body.storage.size());
    sink.Ingest(body, batch, make_answer());
  }
  if (batch.memory_bytes() > kBufferBytesKept) batch = Batch();
  return decoded;
}

absl::Status Dispatch(model::Signal signal, RequestBody body, const IngestSink& sink,
                      Buffers& buffers, absl::FunctionRef<AnswerFn()> make_answer) {
  switch (signal) {
    case model::Signal::kTraces:
      return DecodeAndHandOver<model::SpanBatch>(body, {DecodeTraces, DecodeTracesJson},
                                                 *sink.traces(), buffers.spans, make_answer);
    case model::Signal::kMetrics:
      return DecodeAndHandOver<model::MetricBatch>(body, {DecodeMetrics, DecodeMetricsJson},
                                                   *sink.metrics(), buffers.metrics, make_answer);
    case model::Signal::kLogs:
      return DecodeAndHandOver<model::LogBatch>(body, {DecodeLogs, DecodeLogsJson}, *sink.logs(),
                                                buffers.logs, make_answer);
  }
  return base::Internal("signal {} is unknown", static_cast<int>(signal));
}

absl::Status Decode(ExportRequest& request, std::string& storage, size_t offset,
                    const IngestSink& sink, Buffers& buffers,
                    absl::FunctionRef<AnswerFn()> make_answer) {
  if (!request.lease.GrowTo(storage.size() * (1 + kBatchBytesPerByte))) {
    return base::Unavailable("the server is short of memory; send the request again");
  }
  return Dispatch(request.signal, {storage, offset, request.encoding, request.lease}, sink, buffers,
                  make_answer);
}

absl::Status Inflate(ExportRequest& request, const ReceiveLimits& limits, const IngestSink& sink,
                     Buffers& buffers, absl::FunctionRef<AnswerFn()> make_answer) {
  const net::DecodeLimits decode_limits{.bytes_max = limits.request_bytes_max,
                                        .ratio_max = limits.compression_ratio_max};
  SB_RETURN_IF_ERROR(net::DecodeContent(request.coding,
                                        std::string_view(request.body).substr(request.offset),
                                        decode_limits, request.lease, buffers.inflated));
  std::string().swap(request.body);
  return Decode(request, buffers.inflated, 0, sink, buffers, make_answer);
}

}  // namespace

absl::Status Ingest(ExportRequest request, const ReceiveLimits& limits, const IngestSink& sink,
                    absl::FunctionRef<AnswerFn()> make_answer) {
  if (const std::string_view why = sink.overloaded(); !why.empty()) {
    return base::Unavailable("{}; send the request again", why);
  }
  Buffers& buffers = BuffersOfThread();
  const absl::Status status =
      request.coding == net::ContentCoding::kIdentity
          ? Decode(request, request.body, request.offset, sink, buffers, make_answer)
          : Inflate(request, limits, sink, buffers, make_answer);
  if (buffers.inflated.capacity() > kBufferBytesKept) std::string().swap(buffers.inflated);
  return status;
}

RequestRefusal RefusalOf(const absl::Status& status) {
  if (absl::IsResourceExhausted(status)) return RequestRefusal::kTooLarge;
  if (absl::IsUnavailable(status)) return RequestRefusal::kOverloaded;
  return RequestRefusal::kUndecodable;
}

}  // namespace slowburn::collector
