// collector/internal/trace_ids.h: which bytes are an id.
//
// Room     collector/internal
// Uses     standard library
// Threads  pure functions
// Units    none
// Source   OTLP trace.proto; requirements V1, V3
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace slowburn::collector {

inline constexpr size_t kTraceIdSize = 16;
inline constexpr size_t kSpanIdSize = 8;

// 16 bytes, not all zero.
inline bool IsTraceId(std::string_view id) {
  if (id.size() != kTraceIdSize) return false;
  uint64_t words[2];
  std::memcpy(words, id.data(), sizeof(words));
  return (words[0] | words[1]) != 0;
}

// 8 bytes, not all zero.
inline bool IsSpanId(std::string_view id) {
  if (id.size() != kSpanIdSize) return false;
  uint64_t word;
  std::memcpy(&word, id.data(), sizeof(word));
  return word != 0;
}

}  // namespace slowburn::collector
