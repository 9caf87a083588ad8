// A histogram keeps its layout (schema, spans, bounds) for hours, and its buckets grow slowly: so a
// layout is written when it changes, and each count is the difference to the same bucket before. A
// count that is no integer is XOR the one before, its bytes reversed: what differs is in the upper
// bytes of a double, which reversed make a short varint.
#include "storage/series/histogram_block.h"

#include <bit>
#include <cmath>

#include "base/status.h"
#include "model/sample.h"
#include "storage/series/internal/block_times.h"
#include "storage/series/internal/bytes.h"

namespace slowburn::storage {
namespace {

using internal::BrokenBlock;
using internal::ByteReader;
using internal::PutFixed64;
using internal::PutVarint;
using internal::PutZigZag;
using model::NativeHistogram;
using Span = NativeHistogram::Span;

constexpr uint8_t kHintMask = 0x03;
constexpr uint8_t kNewLayout = 0x04;
constexpr uint8_t kIsFloat = 0x08;
constexpr uint8_t kRawCounts = 0x10;  // some count is no integer
constexpr uint8_t kStale = 0x20;      // nothing else: an empty histogram whose sum ends the series
constexpr double kIntegerMax = 9007199254740992.0;  // 2^53

uint64_t BitsOf(double value) { return std::bit_cast<uint64_t>(value); }

bool SameBits(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (BitsOf(a[i]) != BitsOf(b[i])) return false;
  }
  return true;
}

bool SameLayout(const NativeHistogram& a, const NativeHistogram& b) {
  return a.schema == b.schema && BitsOf(a.zero_threshold) == BitsOf(b.zero_threshold) &&
         a.positive_spans == b.positive_spans && a.negative_spans == b.negative_spans &&
         SameBits(a.custom_bounds, b.custom_bounds);
}

bool IsInteger(double value) {
  return std::fabs(value) < kIntegerMax &&
         BitsOf(static_cast<double>(static_cast<int64_t>(value))) == BitsOf(value);
}

// A stale marker and nothing else, as whoever ends a series makes it.
bool IsPlainStale(const NativeHistogram& histogram) {
  static const NativeHistogram kEmpty;
  return model::IsStale(histogram.sum) && SameLayout(histogram, kEmpty) && !histogram.is_float &&
         BitsOf(histogram.zero_count) == 0 && BitsOf(histogram.count) == 0;
}

// Calls `visit(count)` for every count in the order in which they are written.
template <typename Histogram, typename Visit>
void VisitCounts(Histogram& histogram, Visit&& visit) {
  visit(histogram.count);
  visit(histogram.zero_count);
  for (auto& count : histogram.positive_counts) visit(count);
  for (auto& count : histogram.negative_counts) visit(count);
}

// What the next histogram is written against.
struct Before {
  NativeHistogram layout;      // its counts are of no interest
  std::vector<double> counts;  // as VisitCounts has them; empty: all 0
  uint64_t sum_bits = 0;
  bool is_raw = false;
};

void PutReversed(std::string& out, uint64_t bits) { PutVarint(out, __builtin_bswap64(bits)); }
uint64_t ReadReversed(ByteReader& in) { return __builtin_bswap64(in.Varint()); }

void PutSpans(std::string& out, const std::vector<Span>& spans) {
  PutVarint(out, spans.size());
  for (const Span& span : spans) {
    PutZigZag(out, span.offset);
    PutVarint(out, span.length);
  }
}

void PutLayout(std::string& out, const NativeHistogram& histogram) {
  out.push_back(static_cast<char>(histogram.schema));
  PutFixed64(out, BitsOf(histogram.zero_threshold));
  PutSpans(out, histogram.positive_spans);
  PutSpans(out, histogram.negative_spans);
  PutVarint(out, histogram.custom_bounds.size());
  for (const double bound : histogram.custom_bounds) PutFixed64(out, BitsOf(bound));
}

void PutCounts(std::string& out, const NativeHistogram& histogram, bool is_raw, Before& before) {
  size_t i = 0;
  std::vector<double> counts;
  VisitCounts(histogram, [&](double count) {
    const double last = i < before.counts.size() ? before.counts[i] : 0;
    if (is_raw) {
      PutReversed(out, BitsOf(count) ^ BitsOf(last));
    } else {
      PutZigZag(out, static_cast<int64_t>(count) - static_cast<int64_t>(last));
    }
    counts.push_back(count);
    ++i;
  });
  before.counts = std::move(counts);
}

void PutOne(std::string& out, const NativeHistogram& histogram, Before& before) {
  auto flags = static_cast<uint8_t>(histogram.reset_hint);
  if (IsPlainStale(histogram)) {
    out.push_back(static_cast<char>(flags | kStale));
    return;
  }
  bool is_raw = false;
  VisitCounts(histogram, [&](double count) { is_raw = is_raw || !IsInteger(count); });
  const bool is_new = !SameLayout(histogram, before.layout);
  if (is_new || is_raw != before.is_raw) before.counts.clear();
  before.is_raw = is_raw;
  if (is_new) flags |= kNewLayout;
  if (histogram.is_float) flags |= kIsFloat;
  if (is_raw) flags |= kRawCounts;
  out.push_back(static_cast<char>(flags));
  if (is_new) {
    PutLayout(out, histogram);
    before.layout = histogram;
  }
  PutReversed(out, BitsOf(histogram.sum) ^ before.sum_bits);
  before.sum_bits = BitsOf(histogram.sum);
  PutCounts(out, histogram, is_raw, before);
}

// How many buckets the spans have; more than kHistogramBucketsMax where they cannot be.
uint64_t BucketsOf(const std::vector<Span>& spans) {
  uint64_t buckets = 0;
  for (const Span& span : spans) buckets += span.length;
  return buckets;
}

bool ReadSpans(ByteReader& in, std::vector<Span>& spans, std::vector<double>& counts) {
  spans.resize(in.Count());
  if (spans.size() > kHistogramBucketsMax) return false;
  for (Span& span : spans) {
    const int64_t offset = in.Signed();
    const uint64_t length = in.Varint();
    if (offset != static_cast<int32_t>(offset) || length > kHistogramBucketsMax) return false;
    span = {static_cast<int32_t>(offset), static_cast<uint32_t>(length)};
  }
  const uint64_t buckets = BucketsOf(spans);
  if (!in.ok() || buckets > kHistogramBucketsMax) return false;
  counts.assign(buckets, 0);
  return true;
}

bool ReadLayout(ByteReader& in, NativeHistogram& layout) {
  layout = {};
  layout.schema = static_cast<int8_t>(in.Byte());
  layout.zero_threshold = std::bit_cast<double>(in.Fixed64());
  if (!ReadSpans(in, layout.positive_spans, layout.positive_counts) ||
      !ReadSpans(in, layout.negative_spans, layout.negative_counts)) {
    return false;
  }
  const uint64_t bounds = in.Varint();
  if (bounds > in.remaining() / sizeof(double)) return false;
  layout.custom_bounds.resize(bounds);
  for (double& bound : layout.custom_bounds) bound = std::bit_cast<double>(in.Fixed64());
  return in.ok() && HistogramFault(layout).empty();
}

void ReadCounts(ByteReader& in, NativeHistogram& histogram, Before& before) {
  size_t i = 0;
  std::vector<double> counts;
  VisitCounts(histogram, [&](double& count) {
    const double last = i < before.counts.size() ? before.counts[i] : 0;
    if (before.is_raw) {
      count = std::bit_cast<double>(ReadReversed(in) ^ BitsOf(last));
    } else {
      const auto sum =
          static_cast<uint64_t>(static_cast<int64_t>(last)) + static_cast<uint64_t>(in.Signed());
      count = static_cast<double>(static_cast<int64_t>(sum));
      if (!(std::fabs(count) < kIntegerMax)) in.Fail();
    }
    counts.push_back(count);
    ++i;
  });
  before.counts = std::move(counts);
}

// "" or what is wrong.
std::string_view ReadOne(ByteReader& in, NativeHistogram& histogram, Before& before) {
  const uint8_t flags = in.Byte();
  const auto hint = static_cast<NativeHistogram::ResetHint>(flags & kHintMask);
  if ((flags & kStale) != 0) {
    histogram = {};
    histogram.sum = model::StaleMarker();
    histogram.reset_hint = hint;
    return (flags & ~(kStale | kHintMask)) == 0 ? "" : "flags that cannot be";
  }
  if (flags > (kHintMask | kNewLayout | kIsFloat | kRawCounts)) return "flags that cannot be";
  const bool is_raw = (flags & kRawCounts) != 0;
  const bool is_new = (flags & kNewLayout) != 0;
  if (is_new && !ReadLayout(in, before.layout)) return "a layout that cannot be";
  if (is_new || is_raw != before.is_raw) before.counts.clear();
  before.is_raw = is_raw;
  // Each bucket takes a byte at least: what was not written is not made room for.
  if (BucketsOf(before.layout.positive_spans) + BucketsOf(before.layout.negative_spans) >
      in.remaining()) {
    return "counts that end too soon";
  }
  histogram = before.layout;
  histogram.reset_hint = hint;
  histogram.is_float = (flags & kIsFloat) != 0;
  before.sum_bits ^= ReadReversed(in);
  histogram.sum = std::bit_cast<double>(before.sum_bits);
  ReadCounts(in, histogram, before);
  return in.ok() ? "" : "counts that end too soon or are too large";
}

std::string_view SpansFault(const std::vector<Span>& spans, size_t counts) {
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

}  // namespace

std::string_view HistogramFault(const NativeHistogram& histogram) {
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
  if (static_cast<uint8_t>(histogram.reset_hint) > kHintMask) return "its reset hint is not known";
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
  Before before;
  for (const NativeHistogram& histogram : histograms) PutOne(out, histogram, before);
}

absl::Status DecodeHistograms(std::string_view bytes, std::vector<int64_t>& times_ms,
                              std::vector<NativeHistogram>& histograms) {
  ByteReader in(bytes);
  size_t count = 0;
  internal::BitReader no_bits({});
  SB_RETURN_IF_ERROR(internal::ReadTimes(in, times_ms, count, no_bits));
  const size_t before_size = histograms.size();
  Before before;
  std::string_view wrong;
  for (size_t i = 0; i < count && wrong.empty(); ++i) {
    wrong = ReadOne(in, histograms.emplace_back(), before);
  }
  if (wrong.empty() && in.AtEnd()) return absl::OkStatus();
  times_ms.resize(times_ms.size() - count);
  histograms.resize(before_size);
  return BrokenBlock("histograms", in, wrong.empty() ? "bytes after its end" : wrong);
}

}  // namespace slowburn::storage
