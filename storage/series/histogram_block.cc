#include "storage/series/histogram_block.h"

#include <cmath>

#include "base/status.h"
#include "storage/series/histogram_packer.h"
#include "storage/series/internal/block_times.h"
#include "storage/series/internal/bytes.h"

namespace slowburn::storage {
namespace {

using internal::BrokenBlock;
using internal::ByteReader;
using model::NativeHistogram;
using model::NativeHistogramView;

constexpr auto kResetHintMax = static_cast<uint8_t>(NativeHistogram::ResetHint::kGauge);

std::string_view SpansFault(std::span<const NativeHistogram::Span> spans, size_t counts) {
  uint64_t buckets = 0;
  int64_t at = 0;
  for (size_t i = 0; i < spans.size(); ++i) {
    if (i > 0 && spans[i].offset < 0) return "its spans overlap";
    at += int64_t{spans[i].offset} + spans[i].length;
    if (at != static_cast<int32_t>(at)) return "its spans are out of range";
    buckets += spans[i].length;
  }
  return buckets == counts ? "" : "its spans do not fit its counts";
}

uint64_t WordsOf(const NativeHistogramView& histogram) {
  return histogram.positive_spans.size() + histogram.negative_spans.size() +
         histogram.positive_counts.size() + histogram.negative_counts.size() +
         histogram.custom_bounds.size();
}

// `add(histogram)` for each.
template <typename Add>
absl::Status Decode(std::string_view bytes, std::vector<int64_t>& times_ms, Add&& add) {
  ByteReader in(bytes);
  size_t count = 0;
  internal::BitReader no_bits({});
  SB_RETURN_IF_ERROR(internal::ReadTimes(in, times_ms, count, no_bits));
  HistogramUnpacker unpacker;
  std::string_view wrong;
  uint64_t words = 0;
  for (size_t i = 0; i < count && wrong.empty(); ++i) {
    NativeHistogramView histogram;
    wrong = unpacker.Read(in, histogram);
    if (wrong.empty() && (words += WordsOf(histogram)) > kHistogramBlockWordsMax) {
      wrong = "more buckets than a block may have";
    }
    if (wrong.empty()) add(histogram);
  }
  if (wrong.empty() && in.AtEnd()) return absl::OkStatus();
  times_ms.resize(times_ms.size() - count);
  return BrokenBlock("histograms", in, wrong.empty() ? "bytes after its end" : wrong);
}

}  // namespace

std::string_view HistogramFault(const NativeHistogramView& histogram) {
  const bool is_custom = histogram.schema == NativeHistogram::kCustomBuckets;
  if (!is_custom && (histogram.schema < NativeHistogram::kSchemaMin ||
                     histogram.schema > NativeHistogram::kSchemaMax)) {
    return "its schema is not known";
  }
  if (histogram.positive_counts.size() + histogram.negative_counts.size() > kHistogramBucketsMax ||
      histogram.custom_bounds.size() > kHistogramBucketsMax ||
      histogram.positive_spans.size() + histogram.negative_spans.size() > kHistogramBucketsMax) {
    return "it has too many buckets";
  }
  if (static_cast<uint8_t>(histogram.reset_hint) > kResetHintMax)
    return "its reset hint is not known";
  for (const auto fault :
       {SpansFault(histogram.positive_spans, histogram.positive_counts.size()),
        SpansFault(histogram.negative_spans, histogram.negative_counts.size())}) {
    if (!fault.empty()) return fault;
  }
  if (!is_custom) return histogram.custom_bounds.empty() ? "" : "it has bounds that it cannot have";
  for (size_t i = 0; i < histogram.custom_bounds.size(); ++i) {
    if (std::isnan(histogram.custom_bounds[i]) ||
        (i > 0 && !(histogram.custom_bounds[i - 1] < histogram.custom_bounds[i]))) {
      return "its bounds do not increase";
    }
  }
  return "";
}

void EncodeHistograms(std::span<const int64_t> times_ms,
                      std::span<const NativeHistogram> histograms, std::string& out) {
  internal::PutTimes(out, times_ms);
  HistogramPacker packer;
  for (const NativeHistogram& histogram : histograms) packer.Put(histogram, out);
}

void EncodeHistogramSlice(std::span<const int64_t> times_ms, const HistogramSlice& histograms,
                          std::string& out) {
  internal::PutTimes(out, times_ms);
  HistogramPacker packer;
  for (size_t i = 0; i < times_ms.size(); ++i) packer.Put(histograms[i], out);
}

absl::Status DecodeHistograms(std::string_view bytes, std::vector<int64_t>& times_ms,
                              std::vector<NativeHistogram>& histograms) {
  const size_t before = histograms.size();
  const absl::Status read = Decode(bytes, times_ms, [&](const NativeHistogramView& histogram) {
    histograms.emplace_back(histogram);
  });
  if (!read.ok()) histograms.resize(before);
  return read;
}

absl::Status DecodeHistogramList(std::string_view bytes, std::vector<int64_t>& times_ms,
                                 model::NativeHistogramList& histograms) {
  const size_t before = histograms.size();
  const absl::Status read = Decode(
      bytes, times_ms, [&](const NativeHistogramView& histogram) { histograms.Add(histogram); });
  if (!read.ok()) histograms.DropFrom(before);
  return read;
}

}  // namespace slowburn::storage
