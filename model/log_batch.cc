#include "model/log_batch.h"

#include "model/internal/reject_later.h"

namespace slowburn::model {

void LogBatch::Clear() {
  ClearEnvelopes();
  records.clear();
}

void LogBatch::RejectAfter(uint64_t latest_unix_nano) {
  const bool any = internal::RejectLater(
      scopes, records, &ScopeEntry::item_begin, &ScopeEntry::item_end,
      [&](const LogRecord& record) { return record.event_time_unix_nano() > latest_unix_nano; },
      rejected);
  if (any) SortRejected();
}

size_t LogBatch::memory_bytes() const {
  return EnvelopeMemory() + records.capacity() * sizeof(LogRecord);
}

}  // namespace slowburn::model
