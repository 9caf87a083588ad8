// A histogram keeps its layout (schema, spans, bounds) for hours, and its buckets grow slowly: so a
// layout is written when it changes, and each count is the difference to the same bucket before. A
// count that is no integer is XOR the one before, its bytes reversed: what differs is in the upper
// bytes of a double, which reversed make a short varint.
#include "storage/series/histogram_packer.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <span>

#include "model/sample.h"
#include "storage/series/histogram_block.h"

namespace slowburn::storage {
namespace {

using internal::ByteReader;
using internal::kVarintBytesMax;
using internal::WriteVarint;
using internal::ZigZag;
using model::NativeHistogram;
using model::NativeHistogramView;
using Span = NativeHistogram::Span;

constexpr uint8_t kHintMask = 0x03;
constexpr uint8_t kNewLayout = 0x04;
constexpr uint8_t kIsFloat = 0x08;
constexpr uint8_t kRawCounts = 0x10;  // some count is no integer
constexpr uint8_t kStale = 0x20;      // nothing else: an empty histogram whose sum ends the series
constexpr double kIntegerMax = 9007199254740992.0;  // 2^53
constexpr size_t kSummaryCounts = 2;                // the count and the zero count

static_assert(sizeof(Span) == sizeof(uint64_t));

uint64_t BitsOf(double value) { return std::bit_cast<uint64_t>(value); }

bool IsInteger(double value) {
  return std::fabs(value) < kIntegerMax &&
         BitsOf(static_cast<double>(static_cast<int64_t>(value))) == BitsOf(value);
}

bool AreIntegers(std::span<const double> values) {
  for (const double value : values) {
    if (!IsInteger(value)) return false;
  }
  return true;
}

// A stale marker and nothing else, as whoever ends a series makes it.
bool IsPlainStale(const NativeHistogramView& histogram) {
  return model::IsStale(histogram.sum) && histogram.schema == 0 && !histogram.is_float &&
         BitsOf(histogram.zero_threshold) == 0 && BitsOf(histogram.zero_count) == 0 &&
         BitsOf(histogram.count) == 0 && histogram.positive_spans.empty() &&
         histogram.negative_spans.empty() && histogram.custom_bounds.empty();
}

template <typename Value>
bool SameBytes(std::span<const Value> values, const uint64_t* words) {
  static_assert(sizeof(Value) == sizeof(uint64_t));
  return values.empty() || std::memcmp(values.data(), words, values.size_bytes()) == 0;
}

template <typename Value>
uint64_t* CopyBytes(std::span<const Value> values, uint64_t* words) {
  static_assert(sizeof(Value) == sizeof(uint64_t));
  if (!values.empty()) std::memcpy(words, values.data(), values.size_bytes());
  return words + values.size();
}

// All that these write has room at `out`; they return the end.
char* WriteReversed(char* out, uint64_t bits) { return WriteVarint(out, __builtin_bswap64(bits)); }

char* WriteFixed64(char* out, uint64_t number) {
  std::memcpy(out, &number, sizeof(number));
  return out + sizeof(number);
}

char* WriteSpans(char* out, std::span<const Span> spans) {
  out = WriteVarint(out, spans.size());
  for (const Span& span : spans) {
    out = WriteVarint(out, ZigZag(span.offset));
    out = WriteVarint(out, span.length);
  }
  return out;
}

char* WriteLayout(char* out, const NativeHistogramView& histogram) {
  *out++ = static_cast<char>(histogram.schema);
  out = WriteFixed64(out, BitsOf(histogram.zero_threshold));
  out = WriteSpans(out, histogram.positive_spans);
  out = WriteSpans(out, histogram.negative_spans);
  out = WriteVarint(out, histogram.custom_bounds.size());
  for (const double bound : histogram.custom_bounds) out = WriteFixed64(out, BitsOf(bound));
  return out;
}

// As many bytes as it can take.
size_t BytesMax(const NativeHistogramView& histogram) {
  const size_t spans = histogram.positive_spans.size() + histogram.negative_spans.size();
  const size_t counts =
      kSummaryCounts + histogram.positive_counts.size() + histogram.negative_counts.size();
  constexpr size_t kFlagsAndSchema = 2;
  constexpr size_t kLengthsAndSum = 4;
  return kFlagsAndSchema + sizeof(double) +
         (kLengthsAndSum + 2 * spans + histogram.custom_bounds.size() + counts) * kVarintBytesMax;
}

uint64_t ReadReversed(ByteReader& in) { return __builtin_bswap64(in.Varint()); }

// Calls `visit(count)` for every count in the order in which they are written.
template <typename Visit>
void VisitCounts(NativeHistogram& histogram, Visit&& visit) {
  visit(histogram.count);
  visit(histogram.zero_count);
  for (double& count : histogram.positive_counts) visit(count);
  for (double& count : histogram.negative_counts) visit(count);
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

}  // namespace

bool HistogramPacker::HasLayoutOf(const NativeHistogramView& histogram) const {
  if (histogram.schema != schema_ || BitsOf(histogram.zero_threshold) != zero_threshold_bits_ ||
      histogram.positive_spans.size() != positive_spans_ ||
      histogram.negative_spans.size() != negative_spans_ ||
      histogram.custom_bounds.size() != custom_bounds_) {
    return false;
  }
  const uint64_t* const words = words_.data();
  return SameBytes(histogram.positive_spans, words) &&
         SameBytes(histogram.negative_spans, words + positive_spans_) &&
         SameBytes(histogram.custom_bounds, words + positive_spans_ + negative_spans_);
}

void HistogramPacker::TakeLayout(const NativeHistogramView& histogram) {
  schema_ = histogram.schema;
  zero_threshold_bits_ = BitsOf(histogram.zero_threshold);
  positive_spans_ = static_cast<uint32_t>(histogram.positive_spans.size());
  negative_spans_ = static_cast<uint32_t>(histogram.negative_spans.size());
  custom_bounds_ = static_cast<uint32_t>(histogram.custom_bounds.size());
  positive_counts_ = static_cast<uint32_t>(histogram.positive_counts.size());
  const size_t size = layout_words() + kSummaryCounts + histogram.positive_counts.size() +
                      histogram.negative_counts.size();
  // Exactly: there is one for each series of a head.
  words_.reserve(size);
  words_.resize(size);
  uint64_t* words = CopyBytes(histogram.positive_spans, words_.data());
  words = CopyBytes(histogram.negative_spans, words);
  CopyBytes(histogram.custom_bounds, words);
}

template <bool kIsRaw>
char* HistogramPacker::WriteCounts(const NativeHistogramView& histogram, char* out) {
  uint64_t* last = words_.data() + layout_words();
  const auto write = [&](double count) {
    if constexpr (kIsRaw) {
      const uint64_t bits = BitsOf(count);
      out = WriteReversed(out, bits ^ *last);
      *last++ = bits;
    } else {
      const auto integer = static_cast<uint64_t>(static_cast<int64_t>(count));
      out = WriteVarint(out, ZigZag(static_cast<int64_t>(integer - *last)));
      *last++ = integer;
    }
  };
  write(histogram.count);
  write(histogram.zero_count);
  for (const double count : histogram.positive_counts) write(count);
  for (const double count : histogram.negative_counts) write(count);
  return out;
}

bool HistogramPacker::Put(const NativeHistogramView& histogram, std::string& out) {
  auto flags = static_cast<uint8_t>(histogram.reset_hint);
  if (IsPlainStale(histogram)) {
    out.push_back(static_cast<char>(flags | kStale));
    return false;
  }
  const bool is_raw = !IsInteger(histogram.count) || !IsInteger(histogram.zero_count) ||
                      !AreIntegers(histogram.positive_counts) ||
                      !AreIntegers(histogram.negative_counts);
  // A packer that has packed nothing knows the layout of an empty histogram, and no counts.
  const bool is_new = !HasLayoutOf(histogram);
  if (is_new || words_.empty()) TakeLayout(histogram);
  if (is_new || is_raw != ((flags_ & kRawCounts) != 0)) {
    std::fill(words_.begin() + static_cast<std::ptrdiff_t>(layout_words()), words_.end(), 0);
  }
  if (is_new) flags |= kNewLayout;
  if (histogram.is_float) flags |= kIsFloat;
  if (is_raw) flags |= kRawCounts;
  flags_ = flags;
  thread_local std::string scratch;
  if (const size_t size = BytesMax(histogram); scratch.size() < size) scratch.resize(size);
  char* at = scratch.data();
  *at++ = static_cast<char>(flags);
  if (is_new) at = WriteLayout(at, histogram);
  at = WriteReversed(at, BitsOf(histogram.sum) ^ sum_bits_);
  sum_bits_ = BitsOf(histogram.sum);
  at = is_raw ? WriteCounts<true>(histogram, at) : WriteCounts<false>(histogram, at);
  out.append(scratch.data(), at);
  return true;
}

void HistogramPacker::Reset() {
  words_.clear();
  zero_threshold_bits_ = 0;
  sum_bits_ = 0;
  positive_spans_ = 0;
  negative_spans_ = 0;
  custom_bounds_ = 0;
  positive_counts_ = 0;
  schema_ = 0;
  flags_ = 0;
}

NativeHistogram HistogramPacker::Last() const {
  NativeHistogram last;
  last.schema = schema_;
  last.reset_hint = static_cast<NativeHistogram::ResetHint>(flags_ & kHintMask);
  last.is_float = (flags_ & kIsFloat) != 0;
  last.zero_threshold = std::bit_cast<double>(zero_threshold_bits_);
  last.sum = std::bit_cast<double>(sum_bits_);
  const uint64_t* word = words_.data();
  const auto span = [&] { return std::bit_cast<Span>(*word++); };
  for (uint32_t i = 0; i < positive_spans_; ++i) last.positive_spans.push_back(span());
  for (uint32_t i = 0; i < negative_spans_; ++i) last.negative_spans.push_back(span());
  for (uint32_t i = 0; i < custom_bounds_; ++i) {
    last.custom_bounds.push_back(std::bit_cast<double>(*word++));
  }
  last.positive_counts.resize(positive_counts_);
  last.negative_counts.resize(words_.size() - layout_words() - kSummaryCounts - positive_counts_);
  const bool is_raw = (flags_ & kRawCounts) != 0;
  VisitCounts(last, [&](double& count) {
    count =
        is_raw ? std::bit_cast<double>(*word) : static_cast<double>(static_cast<int64_t>(*word));
    ++word;
  });
  return last;
}

bool HistogramUnpacker::ReadLayout(ByteReader& in) {
  NativeHistogram layout;
  layout.sum = last_.sum;
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
  last_ = std::move(layout);
  return in.ok() && HistogramFault(last_).empty();
}

void HistogramUnpacker::ReadCounts(ByteReader& in) {
  VisitCounts(last_, [&](double& count) {
    if (is_raw_) {
      count = std::bit_cast<double>(ReadReversed(in) ^ BitsOf(count));
      return;
    }
    const auto sum =
        static_cast<uint64_t>(static_cast<int64_t>(count)) + static_cast<uint64_t>(in.Signed());
    count = static_cast<double>(static_cast<int64_t>(sum));
    if (!(std::fabs(count) < kIntegerMax)) {
      count = 0;
      in.Fail();
    }
  });
}

std::string_view HistogramUnpacker::Read(ByteReader& in, NativeHistogramView& histogram) {
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
  if (is_new && !ReadLayout(in)) return "a layout that cannot be";
  if (is_new || is_raw != is_raw_) {
    VisitCounts(last_, [](double& count) { count = 0; });
  }
  is_raw_ = is_raw;
  // Each bucket takes a byte at least: what was not written is not read as it was before.
  if (last_.positive_counts.size() + last_.negative_counts.size() > in.remaining()) {
    return "counts that end too soon";
  }
  last_.reset_hint = hint;
  last_.is_float = (flags & kIsFloat) != 0;
  last_.sum = std::bit_cast<double>(BitsOf(last_.sum) ^ ReadReversed(in));
  ReadCounts(in);
  histogram = last_;
  return in.ok() ? "" : "counts that end too soon or are too large";
}

}  // namespace slowburn::storage
