// slo/latency_histogram.h: how many events lasted how long: counts in exponential buckets, a few
// bytes each.
//
// Room     slo: pure
// Uses     base/, slo/
// Threads  a value; one thread at a time writes
// Units    nanoseconds, or the unit of what is recorded: a histogram does not know it
// Source   OTLP metrics.proto, ExponentialHistogramDataPoint; docs/format/latency_block.md
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "slo/internal/varint.h"
#include "slo/latency_bucket.h"

namespace slowburn::slo {

// The buckets that hold something, packed: some 2 bytes a bucket in memory as on disk, at most
// kLatencyBuckets of them. Merging adds the counts, so any order of recording gives the same
// histogram, and equal histograms have equal bytes. A count stays at 2^64 - 1 once it is there.
class LatencyHistogram {
 public:
  struct Bucket {
    int index = kLatencyZeroBucket;
    uint64_t count = 0;  // never 0
  };

  // Counts one event. Costs as much as a merge: who has many counts them first (LatencyTally).
  void Record(uint64_t nanos);
  // `index` is above every bucket that holds something.
  void Append(int index, uint64_t count);
  void Merge(const LatencyHistogram& other);

  // Adds the positive buckets of an OTLP exponential histogram: counts[i] of its bucket offset + i,
  // and the events of its zero bucket. From scale 4 on it is exact. A lower scale is coarser than
  // ours: each of its buckets is put whole into one in its middle. Returns how far an estimate may
  // be away from an event that was added, as a share of it: kLatencyRelativeError, or more where
  // the scale is coarser. Merging first or adding first comes to the same.
  double AddExponential(int32_t scale, int32_t offset, std::span<const uint64_t> counts,
                        uint64_t zero_count);

  bool empty() const { return bytes_.empty(); }
  uint64_t count() const;
  template <typename Fn>
  void ForEach(Fn&& visit) const {
    Reader reader(bytes_);
    for (Bucket bucket; reader.Next(bucket);) visit(bucket);
  }
  size_t memory_bytes() const { return sizeof(*this) + bytes_.capacity(); }

  const std::string& Encode() const { return bytes_; }
  // kDataLoss for bytes that Encode never gives.
  static absl::StatusOr<LatencyHistogram> Decode(std::string_view bytes);

  friend bool operator==(const LatencyHistogram&, const LatencyHistogram&) = default;

 private:
  // Walks bytes that are known to be good.
  class Reader {
   public:
    explicit Reader(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}
    bool Next(Bucket& bucket) {
      if (at_ == end_) return false;
      bucket.index = next_ + static_cast<int>(Take());
      bucket.count = Take();
      next_ = bucket.index + 1;
      return true;
    }

   private:
    uint64_t Take() {
      uint64_t value = 0;
      for (int shift = 0;; shift += 7) {
        const auto byte = static_cast<uint8_t>(*at_++);
        value |= uint64_t{byte & 0x7fu} << shift;
        if (byte < 0x80) return value;
      }
    }
    const char* at_;
    const char* end_;
    int next_ = kLatencyZeroBucket;
  };

  // Per bucket, ascending: how many were skipped since the one before, and its count; varints.
  std::string bytes_;
  int next_ = kLatencyZeroBucket;  // one past the last bucket that holds something
};

}  // namespace slowburn::slo
