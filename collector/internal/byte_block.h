// collector/internal/byte_block.h: many bytes of text looked at in one step.
//
// Room     collector/internal
// Uses     standard library
// Threads  pure functions
// Units    bytes
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace slowburn::collector {

// A bit for each of the 16 bytes at `text` that JSON text cannot have as it stands, or that is not
// ASCII: quote, backslash, control characters, 0x80 and above.
inline uint32_t EndsInBlock(const char* text) {
#if defined(__SSE2__)
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
  const __m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  const __m128i escapes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
  // The sign of each byte: that of a control character, as of what is not ASCII.
  const __m128i below = _mm_subs_epi8(bytes, _mm_set1_epi8(0x20));
  return static_cast<uint32_t>(
      _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quotes, escapes), below)));
#else
  uint32_t ends = 0;
  for (unsigned i = 0; i < 16; ++i) {
    const auto c = static_cast<signed char>(text[i]);
    ends |= static_cast<uint32_t>(c == '"' || c == '\\' || c < 0x20) << i;
  }
  return ends;
#endif
}

// The first of those at or behind `text`. There is one, and 32 bytes behind it can be read.
inline const char* FindEnd(const char* text) {
  for (;; text += 32) {
    const uint32_t ends = EndsInBlock(text) | EndsInBlock(text + 16) << 16;
    if (ends != 0) [[likely]]
      return text + std::countr_zero(ends);
  }
}

// Whether 16 bytes are equal at each of four places, which may overlap, without branches.
struct FourPlaces {
  uint8_t second = 0;
  uint8_t third = 0;
  uint8_t fourth = 0;

  // All of `size` bytes, 16 to 64.
  static FourPlaces Of(size_t size) {
    const auto place = [size](size_t at) {
      return static_cast<uint8_t>(at + 16 <= size ? at : size - 16);
    };
    return {place(16), place(32), place(48)};
  }
};

inline bool IsEqualAt(const char* a, const char* b, FourPlaces places) {
#if defined(__SSE2__)
  const auto equal = [a, b](size_t at) {
    return _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(a + at)),
                          _mm_loadu_si128(reinterpret_cast<const __m128i*>(b + at)));
  };
  const __m128i all = _mm_and_si128(_mm_and_si128(equal(0), equal(places.second)),
                                    _mm_and_si128(equal(places.third), equal(places.fourth)));
  return _mm_movemask_epi8(all) == 0xFFFF;
#else
  return std::memcmp(a, b, 16) == 0 && std::memcmp(a + places.second, b + places.second, 16) == 0 &&
         std::memcmp(a + places.third, b + places.third, 16) == 0 &&
         std::memcmp(a + places.fourth, b + places.fourth, 16) == 0;
#endif
}

// Whether 32 bytes at `text` are those of `expected` where `mask` has ones.
inline bool IsEqualUnder(const char* mask, const char* text, const char* expected) {
#if defined(__SSE2__)
  const auto load = [](const char* at) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  };
  const auto difference = [&](size_t at) {
    return _mm_and_si128(_mm_xor_si128(load(text + at), load(expected + at)), load(mask + at));
  };
  const __m128i all = _mm_or_si128(difference(0), difference(16));
  return _mm_movemask_epi8(_mm_cmpeq_epi8(all, _mm_setzero_si128())) == 0xFFFF;
#else
  bool is_equal = true;
  for (size_t i = 0; i < 32; ++i) is_equal &= ((text[i] ^ expected[i]) & mask[i]) == 0;
  return is_equal;
#endif
}

}  // namespace slowburn::collector
