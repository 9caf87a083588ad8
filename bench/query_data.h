// bench/query_data.h: time series that every peer is given alike, and the remote writes that bring
// them.
//
// Room     bench
// Uses     nothing but the standard library
// Threads  immutable
// Units    unix milliseconds
// Source   Prometheus remote write 1.0; Snappy's block format
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace slowburn::bench {

// c1k_total and c10k_total (counters of 250 and 2,500 pods by 4 codes), lat_bucket (100 pods by 10
// bounds), mem_bytes (a gauge of 1,000 pods) and pod_info (250 pods); whole numbers, none from
// chance: a sample follows from its series and its step.
class QueryData {
 public:
  struct Options {
    size_t scale = 250;  // pods of c1k_total; the others in proportion
    int64_t start_ms = 0;
    int64_t step_ms = 15'000;  // between samples
    size_t steps = 0;
  };
  explicit QueryData(const Options& options);

  size_t series() const { return series_.size(); }
  uint64_t samples() const { return series_.size() * options_.steps; }
  int64_t start_ms() const { return options_.start_ms; }
  int64_t end_ms() const;  // of the newest samples

  // Calls `send` with the bodies that bring everything, oldest first: at most 500 series and 60
  // samples of each in one. False from it ends the walk, and this returns false.
  bool Write(const std::function<bool(std::string body)>& send) const;

 private:
  enum class Kind : uint8_t { kCounter, kGauge, kBucket, kOne };
  struct Series {
    Kind kind;
    std::string encoded_labels;  // as a TimeSeries message begins
    uint64_t seed = 0;
    uint64_t share = 0;  // of a bucket, per mille of all events
  };
  using Labels = std::vector<std::pair<std::string, std::string>>;

  void Add(Kind kind, const Labels& labels, uint64_t share = 0);
  double Value(const Series& series, size_t step) const;
  std::string Body(size_t series_begin, size_t series_end, size_t step_begin,
                   size_t step_end) const;

  const Options options_;
  std::vector<Series> series_;
};

}  // namespace slowburn::bench
