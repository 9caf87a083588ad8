// storage/series/testing/series_samples.h: samples of every kind, by a seed.
//
// Room     storage/series, tests only
// Uses     model/
// Threads  one thread at a time
// Units    unix milliseconds
#pragma once

#include <bit>
#include <cstdint>
#include <random>
#include <vector>

#include "model/native_histogram.h"
#include "model/sample.h"

namespace slowburn::storage {

inline bool SameBits(double a, double b) {
  return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
}
inline bool SameBits(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!SameBits(a[i], b[i])) return false;
  }
  return true;
}
inline bool SameBits(const model::NativeHistogram& a, const model::NativeHistogram& b) {
  return a.schema == b.schema && a.reset_hint == b.reset_hint && a.is_float == b.is_float &&
         SameBits(a.zero_threshold, b.zero_threshold) && SameBits(a.zero_count, b.zero_count) &&
         SameBits(a.count, b.count) && SameBits(a.sum, b.sum) &&
         a.positive_spans == b.positive_spans && a.negative_spans == b.negative_spans &&
         SameBits(a.positive_counts, b.positive_counts) &&
         SameBits(a.negative_counts, b.negative_counts) &&
         SameBits(a.custom_bounds, b.custom_bounds);
}

// One series: its seed says what it is like (counter, decimals, walk, bits, constant), and now and
// then something else comes.
class SampleMaker {
 public:
  explicit SampleMaker(uint64_t seed) : random_(seed), kind_(random_() % 5) {}

  int64_t NextTime() {
    const uint64_t kind = random_() % 50;
    time_ms_ += kind == 0 ? static_cast<int64_t>(1 + random_() % 100'000'000)
                          : 15'000 + static_cast<int64_t>(random_() % 11) - 5;
    return time_ms_;
  }

  double NextValue() {
    if (random_() % 30 == 0) return Odd();
    switch (kind_) {
      case 0:
        return value_ += static_cast<double>(random_() % 100);
      case 1:
        return static_cast<double>(static_cast<int64_t>(random_() % 20'000) - 10'000) / 10;
      case 2:
        return value_ += std::normal_distribution<double>(0, 1)(random_);
      case 3:
        return std::bit_cast<double>(random_());
      default:
        return 7.25;
    }
  }

  model::NativeHistogram NextHistogram() {
    if (random_() % 20 == 0) {
      model::NativeHistogram stale;
      stale.sum = model::StaleMarker();
      return stale;
    }
    if (histogram_.positive_spans.empty() || random_() % 15 == 0) NewLayout();
    histogram_.reset_hint = static_cast<model::NativeHistogram::ResetHint>(random_() % 4);
    for (double& count : histogram_.positive_counts) Grow(count);
    for (double& count : histogram_.negative_counts) Grow(count);
    Grow(histogram_.count);
    Grow(histogram_.zero_count);
    histogram_.sum = NextValue();
    return histogram_;
  }

 private:
  double Odd() {
    constexpr uint64_t kOdd[] = {0x7ff0000000000002, 0x7ff8000000000001, 0x8000000000000000,
                                 0x7ff0000000000000, 0x0000000000000001, 0xfff8000000000123};
    return std::bit_cast<double>(kOdd[random_() % std::size(kOdd)]);
  }
  void Grow(double& count) {
    count += histogram_.is_float ? static_cast<double>(random_() % 100) / 8
                                 : static_cast<double>(random_() % 9);
  }
  void NewLayout() {
    histogram_ = {};
    const bool is_custom = random_() % 3 == 0;
    histogram_.is_float = random_() % 3 == 0;
    histogram_.schema = is_custom ? model::NativeHistogram::kCustomBuckets
                                  : static_cast<int8_t>(static_cast<int>(random_() % 13) - 4);
    histogram_.zero_threshold = random_() % 2 == 0 ? 0 : 1e-128;
    AddSpans(histogram_.positive_spans, histogram_.positive_counts);
    if (is_custom) {
      for (int i = 0; i < 10; ++i) histogram_.custom_bounds.push_back(i * 0.5);
    } else if (random_() % 2 == 0) {
      AddSpans(histogram_.negative_spans, histogram_.negative_counts);
    }
  }
  void AddSpans(std::vector<model::NativeHistogram::Span>& spans, std::vector<double>& counts) {
    const size_t number = 1 + random_() % 3;
    for (size_t i = 0; i < number; ++i) {
      const auto offset = static_cast<int32_t>(random_() % 5);
      spans.push_back({i == 0 ? offset - 2 : offset, static_cast<uint32_t>(1 + random_() % 6)});
      counts.resize(counts.size() + spans.back().length);
    }
  }

  std::mt19937_64 random_;
  uint64_t kind_;
  int64_t time_ms_ = 1'700'000'000'000;
  double value_ = 1000;
  model::NativeHistogram histogram_;
};

}  // namespace slowburn::storage
