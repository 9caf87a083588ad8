#include "model/span_batch.h"

#include <algorithm>

namespace slowburn::model {

void SpanBatch::Clear() {
  resources.clear();
  scopes.clear();
  spans.clear();
  attributes.clear();
  rejected.clear();
  has_span_without_time = false;
}

void SpanBatch::RejectEndingAfter(uint64_t latest_unix_nano) {
  const auto is_late = [&](const Span& span) { return span.end_time_unix_nano > latest_unix_nano; };
  if (std::none_of(spans.begin(), spans.end(), is_late)) return;
  uint32_t kept = 0;
  for (ScopeSpans& scope : scopes) {
    const uint32_t begin = kept;
    for (uint32_t i = scope.span_begin; i < scope.span_end; ++i) {
      if (is_late(spans[i])) {
        rejected.push_back({spans[i].ordinal, SpanRejection::kTooNew});
      } else {
        spans[kept++] = spans[i];
      }
    }
    scope.span_begin = begin;
    scope.span_end = kept;
  }
  spans.resize(kept);
  std::sort(rejected.begin(), rejected.end(),
            [](const RejectedSpan& a, const RejectedSpan& b) { return a.ordinal < b.ordinal; });
}

}  // namespace slowburn::model
