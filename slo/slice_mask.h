#pragma once
#include <algorithm>
#include <chrono>
#include <span>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>

#include "slo/exclusion.h"
#include "slo/slice.h"
namespace slowburn::slo {
class SliceMask {
 public:
  static absl::StatusOr<SliceMask> Of(std::span<const Exclusion* const>, std::chrono::sys_seconds,
                                      std::chrono::sys_seconds) {
    return SliceMask();
  }
  bool empty() const { return true; }
  bool Covers(Slice) const { return false; }
  template <typename Fn>
  void ForEachCovered(Slice, Slice, Fn&&) const {}
};
}  // namespace slowburn::slo
