// collector/ingest_sink.h: where decoded requests go. The collector calls it and never knows who
// stands behind.
//
// Room     collector
// Uses     base/, model/
// Threads  every method is called from any server thread at once
// Units    sizes in bytes
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <absl/functional/any_invocable.h>

#include "model/span_batch.h"
#include "model/attribute_projection.h"

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

// Why a request never became items. Counted per reason.
enum class RequestRefusal : uint8_t {
  kUndecodable,  // not protobuf of this message, or not gzip
  kTooLarge,     // over the limit, on the wire or decompressed
  kUnsupported,  // content type, encoding or signal
};

// One generation of what is read of spans. A request is decoded and ingested by the same one, also
// across a reload.
class TraceSink {
 public:
  virtual ~TraceSink() = default;
  virtual const model::AttributeProjection& projection() const = 0;
  // `batch` has views into `body` (decompressed protobuf); both are only borrowed for the call, but
  // the sink may move `body`'s content out once it has read `batch`. `answer` comes later.
  virtual void Ingest(std::string& body, model::SpanBatch& batch, AnswerFn answer) const = 0;
};

class IngestSink {
 public:
  virtual ~IngestSink() = default;
  // The current generation. Shared: a reload must not take it away under a request.
  virtual std::shared_ptr<const TraceSink> traces() const = 0;
  // A request that was refused before it had items.
  virtual void CountRefused(RequestRefusal reason) = 0;
};

}  // namespace slowburn::collector
