// base/testing/peak_memory.h: how much memory a call makes resident while it runs.
//
// Room     base/testing
// Uses     /proc, malloc_trim
// Threads  one caller at a time; what other threads do meanwhile counts too
// Units    bytes
// Source   proc(5): clear_refs, VmHWM
#pragma once

#include <cstddef>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include <malloc.h>

namespace slowburn::base {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kMemoryIsOurs =
    false;  // A sanitizer keeps a shadow of it, and what was freed.
#else
inline constexpr bool kMemoryIsOurs = true;
#endif

// The peak over what was resident before, or nothing where that cannot be known.
template <typename Call>
std::optional<size_t> PeakGrowth(const Call& call) {
  const auto status_bytes = [](std::string_view name) -> size_t {
    std::ifstream file("/proc/self/status");
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with(name)) return std::stoull(line.substr(name.size())) << 10;
    }
    return 0;
  };
  malloc_trim(0);
  const bool is_reset = (std::ofstream("/proc/self/clear_refs") << "5").flush().good();
  const size_t before = status_bytes("VmRSS:");
  call();
  const size_t peak = status_bytes("VmHWM:");
  if (!kMemoryIsOurs || !is_reset || peak == 0) return std::nullopt;
  return peak > before ? peak - before : 0;
}

}  // namespace slowburn::base
