// model/attribute_projection.h: which attributes the consumers of a signal read.
//
// Room     model
// Uses     standard library
// Threads  immutable once built; share freely
// Units    a slot is an index, dense from 0 in each scope
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace slowburn::model {

// Where an attribute stands in an export; kItem is a span, a log record or a data point.
enum class AttributeScope : uint8_t { kResource, kScope, kItem };
inline constexpr int kAttributeScopes = 3;

// Names -> slots. The decoder keeps an attribute only when Find gives it a slot, so what nobody
// reads costs one lookup and no memory. Consumers call Add while they compile, then the projection
// is frozen by sharing it as const.
class AttributeProjection {
 public:
  static constexpr int kNone = -1;

  AttributeProjection();

  // The slot of `name`, made on first use. At most 65,535 names a scope; the caller bounds them by
  // the size of its own input.
  int Add(AttributeScope scope, std::string_view name);
  // The slot or kNone. Hot: a bit of the length and the last byte says no to most names that nobody
  // reads; then a hash of the length and both ends of the name, and one compare.
  int Find(AttributeScope scope, std::string_view name) const {
    const Names& names = scopes_[static_cast<size_t>(scope)];
    if ((names.filter >> FilterBit(name) & 1) == 0) return kNone;
    return FindInTable(names, name);
  }

  int size(AttributeScope scope) const {
    return static_cast<int>(scopes_[static_cast<size_t>(scope)].names.size());
  }
  const std::string& name(AttributeScope scope, int slot) const {
    return scopes_[static_cast<size_t>(scope)].names[static_cast<size_t>(slot)];
  }

 private:
  // What of a name is compared first, and is all of it for 16 bytes and fewer.
  struct Ends {
    uint64_t first = 0;
    uint64_t last = 0;
    size_t size = 0;
    explicit Ends(std::string_view name);
    Ends() = default;
    friend bool operator==(const Ends&, const Ends&) = default;
    uint64_t Hash() const;
  };
  struct Cell {
    Ends ends;
    int32_t slot = kNone;
  };
  struct Names {
    uint64_t filter = 0;  // the FilterBit of each name
    std::vector<std::string> names;
    std::vector<Cell>
        table;  // open addressing; kNone where empty; a power of two, at most half full
  };
  static unsigned FilterBit(std::string_view name) {
    const size_t last = name.empty() ? 0 : static_cast<uint8_t>(name.back());
    return static_cast<unsigned>((name.size() * 5 + last) % 64);
  }
  static int FindInTable(const Names& names, std::string_view name);
  static void Grow(Names& names);

  std::array<Names, kAttributeScopes> scopes_;
};

}  // namespace slowburn::model
