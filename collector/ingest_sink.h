// collector/ingest_sink.h: where decoded requests go. The collector calls it and never knows who
// stands behind.
//
// Room     collector
// Uses     base/, model/
// Threads  every method is called from any server thread at once
// Units    sizes in bytes
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <absl/functional/any_invocable.h>

#include "base/memory_budget.h"
#include "model/attribute_projection.h"
#include "model/log_batch.h"
#include "model/metric_batch.h"
#include "model/signal.h"
#include "model/span_batch.h"

namespace slowburn::collector {

// What a client is told about a request that could be decoded.
struct ExportAnswer {
  enum class Outcome : uint8_t {
    kAccepted,     // durable; `rejected` items of it were refused for good
    kUnavailable,  // not taken; the client should send it again after `retry_delay`
  };
  Outcome outcome = Outcome::kAccepted;
  int64_t rejected = 0;
  std::string message;  // English; with rejected > 0 or kUnavailable
  std::chrono::milliseconds retry_delay{1000};
};

// Called exactly once, from any thread.
using AnswerFn = absl::AnyInvocable<void(ExportAnswer) &&>;

// Why a request never became items. The first three are final: the client gives the data up. The
// others leave it with the client, who comes again.
enum class RequestRefusal : uint8_t {
  kUndecodable,   // not this message, not this compression, nested too deep
  kTooLarge,      // over a limit, on the wire, decompressed or decoded
  kUnsupported,   // content type, encoding, path or signal
  kUnauthorized,  // 401, 403
  kTooSlow,       // the request came too slowly, or ended before its end
  kOverloaded,    // no room: memory, requests in progress, shutting down
};
inline constexpr size_t kRequestRefusals = 6;
// "undecodable": in the ledger and in metrics.
std::string_view RequestRefusalName(RequestRefusal refusal);

enum class BodyEncoding : uint8_t { kProtobuf, kJson };

// A request's decompressed bytes, as sent.
struct RequestBody {
  std::string& storage;
  size_t offset = 0;  // where the message begins in it: gRPC puts five bytes before
  BodyEncoding encoding = BodyEncoding::kProtobuf;
  // What the request holds of the memory budget; the sink may move it out to hold it until the
  // answer.
  base::MemoryLease& lease;

  std::string_view bytes() const { return std::string_view(storage).substr(offset); }
  // Moves the message out, once the batch is no longer needed.
  std::string Take() const {
    storage.erase(0, offset);
    return std::move(storage);
  }
};

// What a sink may hold of a point of a cumulative stream until its request is answered, to tell it
// from points that came before. Its decoder charges for it.
inline constexpr size_t kCumulativePointBytes = 48;

// One generation of what is read of a signal's items. A request is decoded and ingested by the same
// one, also across a reload. `Batch` is model::SpanBatch, MetricBatch or LogBatch.
template <typename Batch>
class BatchSink {
 public:
  virtual ~BatchSink() = default;
  virtual const model::AttributeProjection& projection() const = 0;
  // `batch` has views into `body` and its own; all are only borrowed for the call. `answer`
  // comes later.
  virtual void Ingest(RequestBody body, Batch& batch, AnswerFn answer) const = 0;
};
using TraceSink = BatchSink<model::SpanBatch>;
using MetricSink = BatchSink<model::MetricBatch>;
using LogSink = BatchSink<model::LogBatch>;

class IngestSink {
 public:
  virtual ~IngestSink() = default;
  // The current generation. Shared: a reload must not take it away under a request.
  virtual std::shared_ptr<const TraceSink> traces() const = 0;
  virtual std::shared_ptr<const MetricSink> metrics() const = 0;
  virtual std::shared_ptr<const LogSink> logs() const = 0;
  // Whether requests are taken now; if not, why, for the client: memory is short. Asked before a
  // body is decompressed.
  virtual std::string_view overloaded() const = 0;
  // A request that was refused before it had items.
  virtual void CountRefused(RequestRefusal reason) = 0;
};

}  // namespace slowburn::collector
