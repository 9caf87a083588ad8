#include "model/attribute_projection.h"

#include <cstring>

namespace slowburn::model {
namespace {

constexpr size_t kTableMin = 16;

uint64_t Load8(const char* data) {
  uint64_t word;
  std::memcpy(&word, data, sizeof word);
  return word;
}

}  // namespace

// Fixed sizes, so that each is one load: names of 8 bytes and more are the rule.
AttributeProjection::Ends::Ends(std::string_view name) : size(name.size()) {
  if (size >= 8) {
    first = Load8(name.data());
    last = Load8(name.data() + size - 8);
    return;
  }
  for (const char c : name) first = first << 8 | static_cast<uint8_t>(c);
}

// Attribute names differ at their ends ("http.request.method", "http.response.status_code"), so the
// ends and the length do.
uint64_t AttributeProjection::Ends::Hash() const {
  uint64_t hash = (first ^ (last * 0x9E3779B97F4A7C15ull)) + size * 0xC2B2AE3D27D4EB4Full;
  hash ^= hash >> 32;
  hash *= 0xD6E8FEB86659FD93ull;
  return hash ^ (hash >> 29);
}

AttributeProjection::AttributeProjection() {
  for (Names& names : scopes_) names.table.assign(kTableMin, Cell());
}

int AttributeProjection::FindInTable(const Names& names, std::string_view name) {
  const Ends ends(name);
  const Cell* const table = names.table.data();
  const size_t mask = names.table.size() - 1;
  for (size_t at = ends.Hash() & mask;; at = (at + 1) & mask) {
    const Cell& cell = table[at];
    if (cell.slot == kNone) return kNone;
    if (cell.ends != ends) continue;
    if (ends.size <= 16 || names.names[static_cast<size_t>(cell.slot)] == name) return cell.slot;
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
  names.table.assign(size, Cell());
  for (size_t slot = 0; slot < names.names.size(); ++slot) {
    const Ends ends(names.names[slot]);
    size_t at = ends.Hash() & (size - 1);
    while (names.table[at].slot != kNone) at = (at + 1) & (size - 1);
    names.table[at] = {ends, static_cast<int32_t>(slot)};
  }
}

}  // namespace slowburn::model
