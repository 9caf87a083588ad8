#include "slo/delta_index.h"

#include <algorithm>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace slowburn::slo {
namespace {

uint64_t Hash(SliId sli, Slice slice, std::string_view key) {
  const uint64_t seed = (uint64_t{static_cast<uint32_t>(sli)} << 32) | slice;
  return XXH3_64bits_withSeed(key.data(), key.size(), seed);
}

}  // namespace

bool DeltaIndex::Begin() {
  if (++stamp_ != 0) return false;
  std::fill(cells_.begin(), cells_.end(), 0);
  stamp_ = 1;
  return true;
}

// Starts over: the entries of this delta are put back by their own keys.
void DeltaIndex::Grow(const SliDelta& delta) {
  std::vector<uint64_t> larger(cells_.size() * 4, 0);
  const size_t mask = larger.size() - 1;
  for (uint32_t i = 0; i < delta.entries().size(); ++i) {
    const SliDelta::Entry& entry = delta.entries()[i];
    size_t at = Hash(entry.sli, entry.slice, delta.key(entry)) & mask;
    while (larger[at] != 0) at = (at + 1) & mask;
    larger[at] = (uint64_t{stamp_} << 32) | i;
  }
  cells_ = std::move(larger);
}

uint32_t DeltaIndex::FindOrAppend(SliId sli, Slice slice, std::string_view key, SliDelta& delta) {
  if (delta.entries().size() * 2 >= cells_.size()) Grow(delta);
  const size_t mask = cells_.size() - 1;
  size_t at = Hash(sli, slice, key) & mask;
  while (cells_[at] >> 32 == stamp_) {
    const auto index = static_cast<uint32_t>(cells_[at]);
    const SliDelta::Entry& entry = delta.entries()[index];
    if (entry.sli == sli && entry.slice == slice && delta.key(entry) == key) return index;
    at = (at + 1) & mask;
  }
  const uint32_t index = delta.Append(sli, slice, key);
  cells_[at] = (uint64_t{stamp_} << 32) | index;
  return index;
}

}  // namespace slowburn::slo
