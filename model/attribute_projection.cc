#include "model/attribute_projection.h"

#include <cstring>

namespace slowburn::model {
namespace {

constexpr size_t kTableMin = 16;

// Fixed sizes, so that each is one load: names of 8 bytes and more are the rule.
uint64_t LoadUpTo8(const char* data, size_t size) {
  uint64_t word = 0;
  if (size >= 8) {
    std::memcpy(&word, data, 8);
  } else {
    for (size_t i = 0; i < size; ++i) word = word << 8 | static_cast<uint8_t>(data[i]);
  }
  return word;
}

// Attribute names differ at their ends ("http.request.method", "http.response.status_code"), so the
// ends and the length do.
uint64_t Hash(std::string_view name) {
  const size_t tail = name.size() < 8 ? name.size() : 8;
  const uint64_t first = LoadUpTo8(name.data(), name.size());
  const uint64_t last = LoadUpTo8(name.data() + name.size() - tail, tail);
  uint64_t hash = (first ^ (last * 0x9E3779B97F4A7C15ull)) + name.size() * 0xC2B2AE3D27D4EB4Full;
  hash ^= hash >> 32;
  hash *= 0xD6E8FEB86659FD93ull;
  return hash ^ (hash >> 29);
}

}  // namespace

AttributeProjection::AttributeProjection() {
  for (Names& names : scopes_) names.table.assign(kTableMin, kNone);
}

int AttributeProjection::FindInTable(const Names& names, std::string_view name) {
  const size_t mask = names.table.size() - 1;
  for (size_t at = Hash(name) & mask;; at = (at + 1) & mask) {
    const int32_t slot = names.table[at];
    if (slot == kNone || names.names[static_cast<size_t>(slot)] == name) return slot;
  }
}

int AttributeProjection::Add(AttributeScope scope, std::string_view name) {
  if (const int slot = Find(scope, name); slot != kNone) return slot;
  Names& names = scopes_[static_cast<size_t>(scope)];
  names.names.emplace_back(name);
  names.filter |= uint64_t{1} << FilterBit(name);
  Grow(names);
  return static_cast<int>(names.names.size()) - 1;
}

void AttributeProjection::Grow(Names& names) {
  size_t size = names.table.size();
  while (names.names.size() * 2 > size) size *= 2;
  names.table.assign(size, kNone);
  for (size_t slot = 0; slot < names.names.size(); ++slot) {
    size_t at = Hash(names.names[slot]) & (size - 1);
    while (names.table[at] != kNone) at = (at + 1) & (size - 1);
    names.table[at] = static_cast<int32_t>(slot);
  }
}

}  // namespace slowburn::model
