// slo/latency_sum.h: latency histograms added up, and the percentiles of the sum.
//
// Room     slo: pure
// Uses     slo/
// Threads  a value; one thread at a time writes
// Units    as the histograms'; percentiles by per mille
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "slo/latency_histogram.h"

namespace slowburn::slo {

// A count for every bucket there is (16 KiB), so that adding a histogram costs no more than reading
// it.
class LatencySum {
 public:
  void Add(const LatencyHistogram& histogram);
  uint64_t count() const { return count_; }
  // By nearest rank: an estimate of the k-th smallest of n, where k is the least whole number that
  // is at least n * per_mille / 1000, and at least 1. At most kLatencyRelativeError away from it,
  // as a share of it. Nothing when empty.
  std::optional<double> Quantile(uint32_t per_mille) const;

 private:
  std::vector<uint64_t> counts_;  // by bucket; empty until something is added
  uint64_t count_ = 0;
};

struct PercentileRank {
  std::string_view name;
  uint32_t per_mille;
};
inline constexpr std::array<PercentileRank, 5> kPercentiles = {
    {{"p50", 500}, {"p90", 900}, {"p95", 950}, {"p99", 990}, {"p99.9", 999}}};

// Of the events in [start, end), in the order of kPercentiles.
struct LatencyPercentiles {
  std::chrono::sys_seconds start{};
  std::chrono::sys_seconds end{};
  uint64_t count = 0;
  std::array<double, kPercentiles.size()> seconds{};  // meaningless while count is 0
  double relative_error = kLatencyRelativeError;
};
// Of a sum of nanoseconds, or of units of so many.
LatencyPercentiles PercentilesOf(const LatencySum& sum, std::chrono::sys_seconds start,
                                 std::chrono::sys_seconds end, double nanos_per_unit = 1);

}  // namespace slowburn::slo
