#include "collector/internal/trace_request.h"

#include "base/status.h"
#include "collector/otlp_traces.h"
#include "net/gzip.h"

namespace slowburn::collector {

absl::Status TraceRequest::Read(std::string& wire, bool is_gzip, size_t bytes_max,
                                const model::AttributeProjection& projection) {
  body_ = &wire;
  if (is_gzip) {
    SB_RETURN_IF_ERROR(net::GunzipTo(wire, bytes_max, inflated_));
    body_ = &inflated_;
  }
  return DecodeTraces(*body_, projection, batch_);
}

void TraceRequest::Release() {
  body_ = nullptr;
  if (inflated_.capacity() > kBufferBytesKept) std::string().swap(inflated_);
  if (batch_.memory_bytes() > kBufferBytesKept) batch_ = model::SpanBatch();
}

RequestRefusal RefusalOf(const absl::Status& status) {
  return absl::IsResourceExhausted(status) ? RequestRefusal::kTooLarge
                                           : RequestRefusal::kUndecodable;
}

}  // namespace slowburn::collector
