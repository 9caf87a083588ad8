#include "model/native_histogram_message.h"

#include <vector>

namespace slowburn::model {
namespace {

using protozero::pbf_tag_type;
using protozero::pbf_writer;

void WriteSpans(pbf_writer& out, pbf_tag_type field,
                const std::vector<NativeHistogram::Span>& spans) {
  for (const NativeHistogram::Span& span : spans) {
    pbf_writer message(out, field);
    message.add_sint32(1, span.offset);
    message.add_uint32(2, span.length);
  }
}

// Whole counts are written as each less the one before.
void WriteCounts(pbf_writer& out, pbf_tag_type deltas_field, pbf_tag_type counts_field,
                 bool is_float, const std::vector<double>& counts) {
  if (counts.empty()) return;
  if (is_float) return out.add_packed_double(counts_field, counts.begin(), counts.end());
  std::vector<int64_t> deltas;
  deltas.reserve(counts.size());
  int64_t before = 0;
  for (const double count : counts) {
    const auto now = static_cast<int64_t>(count);
    deltas.push_back(now - before);
    before = now;
  }
  out.add_packed_sint64(deltas_field, deltas.begin(), deltas.end());
}

// The message's numbers are those of the enumeration.
static_assert(static_cast<int>(NativeHistogram::ResetHint::kReset) == 1);
static_assert(static_cast<int>(NativeHistogram::ResetHint::kNotReset) == 2);
static_assert(static_cast<int>(NativeHistogram::ResetHint::kGauge) == 3);

}  // namespace

void WriteNativeHistogram(pbf_writer& message, int64_t time_ms, const NativeHistogram& histogram) {
  if (histogram.is_float) {
    message.add_double(2, histogram.count);
  } else {
    message.add_uint64(1, static_cast<uint64_t>(histogram.count));
  }
  message.add_double(3, histogram.sum);
  message.add_sint32(4, histogram.schema);
  message.add_double(5, histogram.zero_threshold);
  if (histogram.is_float) {
    message.add_double(7, histogram.zero_count);
  } else {
    message.add_uint64(6, static_cast<uint64_t>(histogram.zero_count));
  }
  WriteSpans(message, 8, histogram.negative_spans);
  WriteCounts(message, 9, 10, histogram.is_float, histogram.negative_counts);
  WriteSpans(message, 11, histogram.positive_spans);
  WriteCounts(message, 12, 13, histogram.is_float, histogram.positive_counts);
  message.add_enum(14, static_cast<int32_t>(histogram.reset_hint));
  message.add_int64(15, time_ms);
  if (!histogram.custom_bounds.empty()) {
    message.add_packed_double(16, histogram.custom_bounds.begin(), histogram.custom_bounds.end());
  }
}

}  // namespace slowburn::model
