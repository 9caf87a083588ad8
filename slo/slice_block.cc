#include "slo/slice_block.h"

#include <algorithm>

#include "base/status.h"
#include "slo/internal/varint.h"

namespace slowburn::slo {
namespace {

using internal::PutVarint;
using internal::TakeVarint;

constexpr char kFormat = 1;

}  // namespace

SliceBlock::SliceBlock(const SliceBlock& other) : slots_(other.slots_) { *this = other; }

SliceBlock& SliceBlock::operator=(const SliceBlock& other) {
  if (this == &other) return *this;
  slots_ = other.slots_;
  narrow_.reset();
  wide_.reset();
  if (other.narrow_ != nullptr) {
    narrow_ = std::make_unique<uint32_t[]>(2 * slots_);
    std::copy_n(other.narrow_.get(), 2 * slots_, narrow_.get());
  } else if (other.wide_ != nullptr) {
    wide_ = std::make_unique<uint64_t[]>(2 * slots_);
    std::copy_n(other.wide_.get(), 2 * slots_, wide_.get());
  }
  return *this;
}

SliCounts SliceBlock::At(uint32_t slot) const {
  if (narrow_ != nullptr) return {narrow_[2 * slot], narrow_[2 * slot + 1]};
  if (wide_ != nullptr) return {wide_[2 * slot], wide_[2 * slot + 1]};
  return {};
}

void SliceBlock::Add(uint32_t slot, const SliCounts& counts) {
  SliCounts sum = At(slot);
  sum += counts;
  Set(slot, sum);
}

void SliceBlock::Set(uint32_t slot, const SliCounts& counts) {
  if (empty()) {
    if (counts == SliCounts{}) return;
    narrow_ = std::make_unique<uint32_t[]>(2 * slots_);
  }
  if (narrow_ != nullptr && (counts.good > UINT32_MAX || counts.bad > UINT32_MAX)) Widen();
  if (narrow_ != nullptr) {
    narrow_[2 * slot] = static_cast<uint32_t>(counts.good);
    narrow_[2 * slot + 1] = static_cast<uint32_t>(counts.bad);
  } else {
    wide_[2 * slot] = counts.good;
    wide_[2 * slot + 1] = counts.bad;
  }
}

void SliceBlock::Widen() {
  wide_ = std::make_unique<uint64_t[]>(2 * slots_);
  std::copy_n(narrow_.get(), 2 * slots_, wide_.get());
  narrow_.reset();
}

SliCounts SliceBlock::Sum(uint32_t begin, uint32_t end) const {
  SliCounts sum;
  if (empty()) return sum;
  for (uint32_t slot = begin; slot < end; ++slot) sum += At(slot);
  return sum;
}

size_t SliceBlock::memory_bytes() const {
  const size_t pair = narrow_ != nullptr ? 8 : wide_ != nullptr ? 16 : 0;
  return sizeof(*this) + pair * slots_;
}

std::string SliceBlock::Encode() const {
  std::string bytes(1, kFormat);
  uint32_t next = 0;
  for (uint32_t slot = 0; slot < slots_; ++slot) {
    const SliCounts counts = At(slot);
    if (counts == SliCounts{}) continue;
    PutVarint(bytes, slot - next);
    PutVarint(bytes, counts.good);
    PutVarint(bytes, counts.bad);
    next = slot + 1;
  }
  return bytes;
}

absl::StatusOr<SliceBlock> SliceBlock::Decode(std::string_view bytes, uint32_t slots) {
  if (bytes.empty() || bytes.front() != kFormat) {
    return base::DataLoss(
        "a slice block begins with byte {}, this version reads {}; restore it from a backup",
        bytes.empty() ? -1 : int{static_cast<uint8_t>(bytes.front())}, int{kFormat});
  }
  const size_t size = bytes.size();
  bytes.remove_prefix(1);
  SliceBlock block(slots);
  uint64_t next = 0;
  while (!bytes.empty()) {
    const auto gap = TakeVarint(bytes);
    const auto good = TakeVarint(bytes);
    const auto bad = TakeVarint(bytes);
    if (!gap || !good || !bad || *gap >= slots - next) {
      return base::DataLoss(
          "a slice block of {} bytes is broken at byte {}; restore it from a backup", size,
          size - bytes.size());
    }
    next += *gap;
    block.Set(static_cast<uint32_t>(next), {*good, *bad});
    ++next;
  }
  return block;
}

}  // namespace slowburn::slo
