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
using DecodeFn = absl::Status (*)(std::string_view, const model::AttributeProjection&, Batch&,
                                  base::MemoryLease*);
template <typename Batch>
using DecodeJsonFn = absl::Status (*)(std::string&, const model::AttributeProjection&, Batch&,
                                      base::MemoryLease*);

template <typename Batch>
struct Decoders {
  DecodeFn<Batch> protobuf;
  DecodeJsonFn<Batch> json;
};

// One request on its way.
struct Passage {
  RequestBody body;
  const ReceiveLimits& limits;
  const IngestSink& sink;
  Buffers& buffers;
  absl::FunctionRef<AnswerFn()> make_answer;
};

// The batch is paid for while it is there; what it keeps for the next request is bounded by the
// limits.
template <typename Batch>
absl::Status DecodeAndHandOver(const Passage& passage, const Decoders<Batch>& decoders,
                               const BatchSink<Batch>& sink, Batch& batch) {
  const RequestBody& body = passage.body;
  base::MemoryLease lease = body.lease.Another();
  const absl::Status decoded =
      body.encoding == BodyEncoding::kJson
          ? decoders.json(body.storage, sink.projection(), batch, &lease)
          : decoders.protobuf(body.bytes(), sink.projection(), batch, &lease);
  if (decoded.ok()) sink.Ingest(body, batch, passage.make_answer());
  if (batch.memory_bytes() > passage.limits.buffer_bytes_kept) batch = Batch();
  return decoded;
}

absl::Status Dispatch(model::Signal signal, const Passage& passage) {
  const IngestSink& sink = passage.sink;
  Buffers& buffers = passage.buffers;
  switch (signal) {
    case model::Signal::kTraces:
      return DecodeAndHandOver<model::SpanBatch>(passage, {DecodeTraces, DecodeTracesJson},
                                                 *sink.traces(), buffers.spans);
    case model::Signal::kMetrics:
      return DecodeAndHandOver<model::MetricBatch>(passage, {DecodeMetrics, DecodeMetricsJson},
                                                   *sink.metrics(), buffers.metrics);
    case model::Signal::kLogs:
      return DecodeAndHandOver<model::LogBatch>(passage, {DecodeLogs, DecodeLogsJson}, *sink.logs(),
                                                buffers.logs);
  }
  return base::Internal("signal {} is unknown", static_cast<int>(signal));
}

// `request` without its coding, in `inflated`.
absl::Status Inflate(ExportRequest& request, const ReceiveLimits& limits, std::string& inflated) {
  const net::DecodeLimits decode_limits{.bytes_max = limits.request_bytes_max,
                                        .ratio_max = limits.compression_ratio_max};
  const uint64_t compressed_bytes = request.lease.bytes();
  SB_RETURN_IF_ERROR(net::DecodeContent(request.coding,
                                        std::string_view(request.body).substr(request.offset),
                                        decode_limits, request.lease, inflated));
  std::string().swap(request.body);
  // The room it was opened in stays, however much of that it fills.
  request.lease.ShrinkTo(request.lease.bytes() - compressed_bytes);
  return absl::OkStatus();
}

}  // namespace

absl::Status Ingest(ExportRequest request, const ReceiveLimits& limits, const IngestSink& sink,
                    absl::FunctionRef<AnswerFn()> make_answer) {
  if (const std::string_view why = sink.overloaded(); !why.empty()) {
    return base::Unavailable("{}; send the request again", why);
  }
  Buffers& buffers = BuffersOfThread();
  const bool is_compressed = request.coding != net::ContentCoding::kIdentity;
  absl::Status status;
  if (is_compressed) status = Inflate(request, limits, buffers.inflated);
  if (status.ok()) {
    status = Dispatch(request.signal, {.body = {is_compressed ? buffers.inflated : request.body,
                                                is_compressed ? 0 : request.offset,
                                                request.encoding, request.lease},
                                       .limits = limits,
                                       .sink = sink,
                                       .buffers = buffers,
                                       .make_answer = make_answer});
  }
  if (buffers.inflated.capacity() > limits.buffer_bytes_kept) std::string().swap(buffers.inflated);
  return status;
}

RequestRefusal RefusalOf(const absl::Status& status) {
  if (absl::IsResourceExhausted(status)) return RequestRefusal::kTooLarge;
  if (absl::IsUnavailable(status)) return RequestRefusal::kOverloaded;
  return RequestRefusal::kUndecodable;
}

}  // namespace slowburn::collector
