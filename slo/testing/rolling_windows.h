// slo/testing/rolling_windows.h: windows of events, from their lengths.
//
// Room     slo, tests only
// Uses     slo/
// Threads  pure functions
// Units    slices
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "slo/count_view.h"

namespace slowburn::slo {

// Ascending.
inline WindowSet RollingWindows(std::vector<uint32_t> slices) {
  std::sort(slices.begin(), slices.end());
  WindowSet windows;
  for (const uint32_t length : slices)
    windows.emplace_back(CountView{}, Window::Rolling(length * kSliceLength));
  return windows;
}
inline std::shared_ptr<const WindowSet> SharedRollingWindows(std::vector<uint32_t> slices) {
  return std::make_shared<const WindowSet>(RollingWindows(std::move(slices)));
}

}  // namespace slowburn::slo
