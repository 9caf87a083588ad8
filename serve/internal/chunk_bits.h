// serve/internal/chunk_bits.h: numbers in the forms that Prometheus' chunks have them in.
//
// Room     serve
// Uses     standard library
// Threads  one owner
// Units    bits
// Source   Prometheus, tsdb/chunkenc: varbit, xor; "Gorilla", VLDB 2015
#pragma once

#include <bit>
#include <cstdint>

#include "serve/internal/bit_writer.h"

namespace slowburn::serve::internal {

inline void PutDouble(BitWriter& bits, double value) {
  bits.Put(std::bit_cast<uint64_t>(value), 64);
}

// -2^(n-1) < value <= 2^(n-1): what n bits hold here.
inline bool Fits(int64_t value, unsigned bits) {
  const int64_t most = int64_t{1} << (bits - 1);
  return value > -most && value <= most;
}

// A prefix of ones that says how many bits follow.
struct Width {
  unsigned bits;
  unsigned prefix;
  unsigned prefix_bits;
};

// Whole numbers, short where they are small.
void PutVarbit(BitWriter& bits, int64_t value);
void PutVarbitUnsigned(BitWriter& bits, uint64_t value);

// What changed of a double's bits, in the window of bits that the one before had, if it lies there.
class XorWriter {
 public:
  explicit XorWriter(double first) : before_(std::bit_cast<uint64_t>(first)) {}

  void Put(BitWriter& bits, double value);

 private:
  uint64_t before_;
  bool has_window_ = false;
  unsigned leading_ = 0;
  unsigned trailing_ = 0;
};

}  // namespace slowburn::serve::internal
