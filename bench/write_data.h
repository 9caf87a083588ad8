// bench/write_data.h: the series that every peer is sent alike, as remote writes of one step each.
//
// Room     bench
// Uses     net/ (snappy)
// Threads  one owner each
// Units    unix milliseconds
// Source   Prometheus remote write 1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace slowburn::bench {

enum class WriteMix : uint8_t {
  kAll,  // 60 % counters (a quarter of them idle), 30 % whole gauges (a third of them flat), 10 %
         // walks of full doubles
  kCounters,  // a quarter of them idle
};

// A part of the series, at most 2,000: what one request has; nine labels each. The same mix, seed
// and first series give the same bytes.
class WriteBlock {
 public:
  static constexpr size_t kSeriesMax = 2'000;

  WriteBlock(WriteMix mix, size_t first_series, size_t series, int64_t start_ms, uint64_t seed);

  size_t series() const { return series_.size(); }
  // The request of the next step of 15 s, compressed.
  std::string Next();

 private:
  enum class Kind : uint8_t { kCounter, kIdleCounter, kGauge, kFlatGauge, kWalk };
  struct Series {
    Kind kind;
    std::string encoded_labels;  // as a TimeSeries message begins
    double value = 0;
    uint32_t rate = 0;
  };
  static Kind KindOf(WriteMix mix, size_t series);
  double NextValue(Series& series);

  std::mt19937_64 random_;
  std::normal_distribution<double> normal_;
  int64_t time_ms_;
  std::vector<Series> series_;
  std::string body_;  // of the request before, for its memory
};

}  // namespace slowburn::bench
