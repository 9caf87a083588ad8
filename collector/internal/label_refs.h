// collector/internal/label_refs.h: the references of one series or exemplar of remote write 2.0: to
// a name, its value, a name, ...
//
// Room     collector/internal
// Uses     protozero, collector/
// Threads  one owner
// Units    places in the request's symbols
// Source   io/prometheus/write/v2/types.proto, labels_refs
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include <protozero/varint.hpp>

#include "collector/internal/wire_reader.h"
#include "collector/series_labels.h"

namespace slowburn::collector {

class LabelRefs {
 public:
  static constexpr size_t kMax = 2 * kLabelsMax;
  static constexpr uint32_t kPackedTag = FieldTag(1, WireType::kBytes);
  static constexpr uint32_t kTag = FieldTag(1, WireType::kVarint);

  void Clear() { count_ = 0; }
  // One more; what is too many is counted and not held.
  void Add(uint64_t ref) {
    if (count_ < kMax) refs_[count_] = static_cast<uint32_t>(ref);
    ++count_;
  }
  void AddPacked(std::string_view packed) {
    const char* at = packed.data();
    const char* const end = at + packed.size();
    while (at != end) Add(protozero::decode_varint(&at, end));
  }
  // Of a series or an exemplar: both have them in field 1.
  void Read(std::string_view message) {
    Clear();
    WireReader reader(message);
    while (reader.Next()) {
      switch (reader.tag()) {
        case kPackedTag:
          AddPacked(reader.Bytes());
          break;
        case kTag:
          Add(reader.Varint());
          break;
        default:
          reader.Skip();
      }
    }
  }

  bool is_too_many() const { return count_ > kMax; }
  bool is_odd() const { return count_ % 2 != 0; }
  // What is held of them.
  std::span<const uint32_t> refs() const { return {refs_.data(), is_too_many() ? kMax : count_}; }

 private:
  std::array<uint32_t, kMax> refs_;  // written up to count_
  size_t count_ = 0;
};

}  // namespace slowburn::collector
