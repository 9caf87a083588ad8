#include "serve/internal/histogram_chunk.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <vector>

#include "model/sample.h"
#include "serve/internal/chunk_bits.h"

namespace slowburn::serve::internal {
namespace {

using model::NativeHistogram;
using Hint = NativeHistogram::ResetHint;

bool IsEnd(const NativeHistogram& histogram) { return model::IsStale(histogram.sum); }

bool IsGauge(const NativeHistogram& histogram) { return histogram.reset_hint == Hint::kGauge; }

bool HasSameBuckets(const NativeHistogram& a, const NativeHistogram& b) {
  return a.is_float == b.is_float && a.schema == b.schema && a.zero_threshold == b.zero_threshold &&
         a.positive_spans == b.positive_spans && a.negative_spans == b.negative_spans &&
         a.custom_bounds == b.custom_bounds;
}

// Of two with the same buckets.
bool GoesDown(const NativeHistogram& before, const NativeHistogram& next) {
  const auto falls = [](const std::vector<double>& from, const std::vector<double>& to) {
    return !std::ranges::equal(from, to, std::ranges::less_equal());
  };
  return next.count < before.count || next.zero_count < before.zero_count ||
         falls(before.positive_counts, next.positive_counts) ||
         falls(before.negative_counts, next.negative_counts);
}

// 0 is a byte 0, a power of two from 2^-243 to 2^10 its exponent, anything else 255 and its bits.
void PutZeroThreshold(BitWriter& bits, double threshold) {
  if (threshold == 0) return bits.PutByte(0);
  const auto raw = std::bit_cast<uint64_t>(threshold);
  const int exponent = static_cast<int>((raw >> 52) & 0x7ff) - 1022;
  const bool is_power = (raw & ((uint64_t{1} << 52) - 1)) == 0 && threshold > 0;
  if (is_power && exponent >= -242 && exponent <= 11)
    return bits.PutByte(static_cast<uint8_t>(exponent + 243));
  bits.PutByte(255);
  bits.Put(raw, 64);
}

uint8_t ResetFlags(Hint hint) {
  switch (hint) {
    case Hint::kReset:
      return 0x80;
    case Hint::kNotReset:
      return 0x40;
    case Hint::kGauge:
      return 0xc0;
    case Hint::kUnknown:
      break;
  }
  return 0;
}

void PutSpans(BitWriter& bits, const std::vector<NativeHistogram::Span>& spans) {
  PutVarbitUnsigned(bits, spans.size());
  for (const auto& span : spans) {
    PutVarbitUnsigned(bits, span.length);
    PutVarbit(bits, span.offset);
  }
}

void PutLayout(BitWriter& bits, const NativeHistogram& of) {
  PutZeroThreshold(bits, of.zero_threshold);
  PutVarbit(bits, of.schema);
  PutSpans(bits, of.positive_spans);
  PutSpans(bits, of.negative_spans);
  if (of.schema != NativeHistogram::kCustomBuckets) return;
  PutVarbitUnsigned(bits, of.custom_bounds.size());
  for (const double bound : of.custom_bounds) {
    bits.Put(0, 1);  // of no short form
    PutDouble(bits, bound);
  }
}

// Of positive buckets, then of negative ones.
std::vector<double> CountsOf(const NativeHistogram& histogram) {
  std::vector<double> counts = histogram.positive_counts;
  counts.insert(counts.end(), histogram.negative_counts.begin(), histogram.negative_counts.end());
  return counts;
}

// What an end of its series has of all but its sum.
NativeHistogram Emptied(const NativeHistogram& histogram) {
  if (!IsEnd(histogram)) return histogram;
  return {.is_float = histogram.is_float, .sum = histogram.sum};
}

// A number of which changes of changes are written.
class Doubled {
 public:
  explicit Doubled(int64_t first) : before_(first) {}

  void Put(BitWriter& bits, int64_t value) {
    const int64_t step = value - before_;
    PutVarbit(bits, step - step_);
    before_ = value;
    step_ = step;
  }

 private:
  int64_t before_;
  int64_t step_ = 0;
};

// Each number has a window of bits of its own.
class FloatChunk {
 public:
  FloatChunk(BitWriter& bits, const NativeHistogram& first)
      : bits_(bits), count_(first.count), zero_count_(first.zero_count), sum_(first.sum) {
    for (const double number : {first.count, first.zero_count, first.sum}) PutDouble(bits, number);
    for (const double count : CountsOf(first)) {
      PutDouble(bits, count);
      buckets_.emplace_back(count);
    }
  }

  void Add(const NativeHistogram& next) {
    count_.Put(bits_, next.count);
    zero_count_.Put(bits_, next.zero_count);
    sum_.Put(bits_, next.sum);
    if (IsEnd(next)) return;
    const std::vector<double> counts = CountsOf(next);
    for (size_t i = 0; i < counts.size(); ++i) buckets_[i].Put(bits_, counts[i]);
  }

 private:
  BitWriter& bits_;
  XorWriter count_, zero_count_, sum_;
  std::vector<XorWriter> buckets_;
};

// How each bucket differs from the one before it on its side.
std::vector<int64_t> DifferencesOf(const NativeHistogram& histogram) {
  std::vector<int64_t> differences;
  for (const auto* side : {&histogram.positive_counts, &histogram.negative_counts}) {
    int64_t before = 0;
    for (const double count : *side) {
      differences.push_back(static_cast<int64_t>(count) - before);
      before = static_cast<int64_t>(count);
    }
  }
  return differences;
}

class WholeChunk {
 public:
  WholeChunk(BitWriter& bits, const NativeHistogram& first)
      : bits_(bits), count_(Whole(first.count)), zero_(Whole(first.zero_count)), sum_(first.sum) {
    PutVarbitUnsigned(bits, static_cast<uint64_t>(first.count));
    PutVarbitUnsigned(bits, static_cast<uint64_t>(first.zero_count));
    PutDouble(bits, first.sum);
    for (const int64_t difference : DifferencesOf(first)) {
      PutVarbit(bits, difference);
      buckets_.emplace_back(difference);
    }
  }

  void Add(const NativeHistogram& next) {
    if (IsEnd(next)) {
      bits_.Put(0, 1);  // its counts mean nothing
      bits_.Put(0, 1);
      return sum_.Put(bits_, next.sum);
    }
    count_.Put(bits_, Whole(next.count));
    zero_.Put(bits_, Whole(next.zero_count));
    sum_.Put(bits_, next.sum);
    const std::vector<int64_t> differences = DifferencesOf(next);
    for (size_t i = 0; i < differences.size(); ++i) buckets_[i].Put(bits_, differences[i]);
  }

 private:
  static int64_t Whole(double count) { return static_cast<int64_t>(count); }

  BitWriter& bits_;
  Doubled count_, zero_;
  XorWriter sum_;
  std::vector<Doubled> buckets_;
};

template <typename Samples>
void PutSamples(BitWriter& bits, std::span<const int64_t> times_ms,
                std::span<const NativeHistogram> histograms) {
  PutVarbit(bits, times_ms[0]);
  Samples samples(bits, Emptied(histograms[0]));
  Doubled times(times_ms[0]);
  for (size_t i = 1; i < times_ms.size(); ++i) {
    times.Put(bits, times_ms[i]);
    samples.Add(Emptied(histograms[i]));
  }
}

}  // namespace

bool GoesOn(const NativeHistogram& before, const NativeHistogram& next) {
  if (IsEnd(before) || before.is_float != next.is_float) return false;
  if (IsEnd(next)) return true;
  if (!HasSameBuckets(before, next) || IsGauge(before) != IsGauge(next)) return false;
  return IsGauge(next) || (next.reset_hint != Hint::kReset && !GoesDown(before, next));
}

Hint HintAfter(const NativeHistogram* before, const NativeHistogram& first) {
  if (first.reset_hint != Hint::kUnknown || before == nullptr) return first.reset_hint;
  if (IsEnd(*before) || IsEnd(first) || IsGauge(*before) || !HasSameBuckets(*before, first))
    return Hint::kUnknown;
  return GoesDown(*before, first) ? Hint::kReset : Hint::kNotReset;
}

std::string HistogramChunk(std::span<const int64_t> times_ms,
                           std::span<const NativeHistogram> histograms, Hint hint) {
  BitWriter bits;
  bits.Put(times_ms.size(), 16);
  bits.PutByte(ResetFlags(hint));
  PutLayout(bits, Emptied(histograms[0]));
  if (histograms[0].is_float) {
    PutSamples<FloatChunk>(bits, times_ms, histograms);
  } else {
    PutSamples<WholeChunk>(bits, times_ms, histograms);
  }
  return std::move(bits).Take();
}

}  // namespace slowburn::serve::internal
