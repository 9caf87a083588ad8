#include "slo/latency_block.h"

#include <algorithm>
#include <optional>

#include "base/status.h"
#include "slo/internal/varint.h"

namespace slowburn::slo {
namespace {

using internal::PutVarint;
using internal::TakeVarint;

constexpr char kFormat = 1;

}  // namespace

bool LatencyBlock::empty() const { return histograms_.empty(); }

const LatencyHistogram& LatencyBlock::At(uint32_t slot) const {
  static const LatencyHistogram kEmpty;
  return slot < histograms_.size() ? histograms_[slot] : kEmpty;
}

void LatencyBlock::Merge(uint32_t slot, const LatencyHistogram& histogram) {
  if (histogram.empty()) return;
  if (slot >= histograms_.size()) histograms_.resize(slot + 1);
  histograms_[slot].Merge(histogram);
}

size_t LatencyBlock::memory_bytes() const {
  size_t bytes =
      sizeof(*this) + (histograms_.capacity() - histograms_.size()) * sizeof(LatencyHistogram);
  for (const LatencyHistogram& histogram : histograms_) bytes += histogram.memory_bytes();
  return bytes;
}

std::string LatencyBlock::Encode() const {
  std::string bytes(1, kFormat);
  uint32_t next = 0;
  for (uint32_t slot = 0; slot < histograms_.size(); ++slot) {
    const std::string& histogram = histograms_[slot].Encode();
    if (histogram.empty()) continue;
    PutVarint(bytes, slot - next);
    PutVarint(bytes, histogram.size());
    bytes += histogram;
    next = slot + 1;
  }
  return bytes;
}

absl::StatusOr<LatencyBlock> LatencyBlock::Decode(std::string_view bytes, uint32_t slots) {
  if (bytes.empty() || bytes.front() != kFormat) {
    return base::DataLoss(
        "a latency block begins with byte {}, this version reads {}; restore it from a backup",
        bytes.empty() ? -1 : int{static_cast<uint8_t>(bytes.front())}, int{kFormat});
  }
  std::string_view rest = bytes.substr(1);
  LatencyBlock block(slots);
  uint64_t next = 0;
  while (!rest.empty()) {
    const std::optional<uint64_t> gap = TakeVarint(rest);
    const std::optional<uint64_t> size = TakeVarint(rest);
    if (!gap || !size || *gap >= slots - next || *size == 0 || *size > rest.size()) {
      return base::DataLoss(
          "a latency block of {} bytes is broken at byte {}; restore it from a backup",
          bytes.size(), bytes.size() - rest.size());
    }
    next += *gap;
    SB_ASSIGN_OR_RETURN(LatencyHistogram histogram,
                        LatencyHistogram::Decode(rest.substr(0, *size)));
    block.histograms_.resize(next);
    block.histograms_.push_back(std::move(histogram));
    rest.remove_prefix(*size);
    ++next;
  }
  return block;
}

}  // namespace slowburn::slo
