// slo/slice_block.h: the counts of one hour (360 slices) or one day (288 five-minute sums) of one
// group.
//
// Room     slo: pure
// Uses     base/, slo/
// Threads  a value; one thread at a time writes
// Units    a slot is 10 s in an hour block, 5 min in a day block
// Source   docs/format/slice_block.md
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "slo/slice.h"

namespace slowburn::slo {

inline constexpr uint32_t kHourSlots = kSlicesPerHour;
inline constexpr uint32_t kDaySlots = kSlicesPerDay / kSlicesPerDaySlot;

// Empty until something is counted: then dense, 8 bytes a slot while every count fits 32 bits, 16
// bytes after.
class SliceBlock {
 public:
  explicit SliceBlock(uint32_t slots) : slots_(slots) {}
  SliceBlock(const SliceBlock& other);
  SliceBlock& operator=(const SliceBlock& other);
  SliceBlock(SliceBlock&&) noexcept = default;
  SliceBlock& operator=(SliceBlock&&) noexcept = default;

  uint32_t slots() const { return slots_; }
  bool empty() const { return narrow_ == nullptr && wide_ == nullptr; }
  SliCounts At(uint32_t slot) const;
  void Add(uint32_t slot, const SliCounts& counts);
  void Set(uint32_t slot, const SliCounts& counts);
  // [begin, end)
  SliCounts Sum(uint32_t begin, uint32_t end) const;
  size_t memory_bytes() const;

  // Varints; only slots that count something take space.
  std::string Encode() const;
  // kDataLoss for bytes that Encode never writes.
  static absl::StatusOr<SliceBlock> Decode(std::string_view bytes, uint32_t slots);

 private:
  void Widen();

  uint32_t slots_;
  // Pairs good, bad per slot; at most one of the two is there.
  std::unique_ptr<uint32_t[]> narrow_;
  std::unique_ptr<uint64_t[]> wide_;
};

}  // namespace slowburn::slo
