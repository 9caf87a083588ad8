// tests/sim/random.h: numbers that follow from a seed and from nothing else.
//
// Room     tests/sim
// Uses     standard library
// Threads  one owner
// Units    none
// Source   xoshiro256** and splitmix64, D. Blackman and S. Vigna
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace slowburn::sim {

// Streams of one seed are independent: a fault that is switched off does not change what another
// one draws.
class Random {
 public:
  Random(uint64_t seed, std::string_view stream) {
    uint64_t state = seed * 0x9e3779b97f4a7c15;
    for (const char c : stream) state = (state ^ static_cast<uint8_t>(c)) * 0x100000001b3;
    for (uint64_t& word : state_) {
      state += 0x9e3779b97f4a7c15;
      uint64_t mixed = state;
      mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
      mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
      word = mixed ^ (mixed >> 31);
    }
  }

  uint64_t Next() {
    const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }
  // [0, end); the bias of the remainder does not matter here.
  uint64_t Below(uint64_t end) { return Next() % end; }
  // [first, last]
  int64_t Between(int64_t first, int64_t last) {
    return first + static_cast<int64_t>(Below(static_cast<uint64_t>(last - first) + 1));
  }
  bool OneIn(uint64_t n) { return Below(n) == 0; }
  bool PerMille(uint64_t n) { return Below(1000) < n; }
  template <typename T>
  const T& Pick(const std::vector<T>& from) {
    return from[Below(from.size())];
  }
  template <typename T, size_t N>
  T Pick(const T (&from)[N]) {
    return from[Below(N)];
  }

 private:
  std::array<uint64_t, 4> state_;
};

}  // namespace slowburn::sim
