#include "model/span_batch.h"

#include "model/internal/reject_later.h"

namespace slowburn::model {

void SpanBatch::Clear() {
  ClearEnvelopes();
  spans.clear();
}

void SpanBatch::RejectAfter(uint64_t latest_unix_nano) {
  const bool any = internal::RejectLater(
      scopes, spans, &ScopeEntry::item_begin, &ScopeEntry::item_end,
      [&](const Span& span) { return span.end_time_unix_nano > latest_unix_nano; }, rejected);
  if (any) SortRejected();
}

size_t SpanBatch::memory_bytes() const {
  return EnvelopeMemory() + spans.capacity() * sizeof(Span);
}

}  // namespace slowburn::model
