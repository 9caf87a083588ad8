// collector/internal/json_text_attributes.h: attributes in OTLP/JSON as SDKs write them, as far as
// somebody reads them.
//
// Room     collector/internal
// Uses     collector/internal, model/
// Threads  one owner
// Units    none
// Source   OTLP common.proto; requirements V10 to V12, J9, J10
#pragma once

#include <array>
#include <cstdint>

#include "collector/internal/byte_block.h"
#include "collector/internal/decode_cost.h"
#include "collector/internal/json_text_reader.h"
#include "model/attribute_projection.h"
#include "model/attribute_slots.h"

namespace slowburn::collector {

// As JsonAttributes, for KeyValues {"key":"K","value":{"M":V}}. The text of one up to V is compared
// as a whole with one that was read before, which tells what K and M are: the one that followed the
// three before. Items of one kind have the same attributes in the same order.
class JsonTextAttributes {
 public:
  JsonTextAttributes(JsonTextReader& reader, const model::AttributeProjection& projection,
                     PaidVector<model::SlotValue>& slots);

  model::AttributeRange Read(model::AttributeScope scope);

 private:
  static constexpr size_t kHeadMax = 64;
  static constexpr size_t kHeads = 64;  // remembered; more are read anew each time
  static constexpr size_t kContexts = 4096;
  static constexpr uint8_t kMissed = 0x80;

  // A KeyValue up to its V, which begins behind it.
  struct Head {
    const char* text = nullptr;
    uint32_t size = 0;
    FourPlaces places;
    model::AttributeScope scope = model::AttributeScope::kItem;
    JsonKey member = JsonKey::kUnknown;
    bool is_quoted = false;   // the quote before V belongs to it
    uint32_t value_size = 0;  // of the last V that was quoted
    int slot = model::AttributeProjection::kNone;

    bool IsAt(const char* at, model::AttributeScope own_scope) const {
      return scope == own_scope && IsEqualAt(at, text, places);
    }
  };

  // Which head is at the cursor, of those known; 0, and it is in heads_[0], for any other.
  size_t FindHead(model::AttributeScope scope);
  static void Learn(size_t head, uint8_t& next);
  void ReadHead(model::AttributeScope scope, Head& head);
  // V at the cursor.
  void ReadValue(JsonTextReader& reader, Head& head);
  void ReadAnyValue(JsonTextReader& reader, const Head& head);
  static const char* FindValueEnd(const char* begin, Head& head);
  // Where the value for `slot` goes.
  model::AttributeValue& Keep(int slot);

  JsonTextReader& reader_;
  const model::AttributeProjection& projection_;
  PaidVector<model::SlotValue>& slots_;
  size_t heads_count_ = 1;
  std::array<Head, kHeads> heads_;
  std::array<uint8_t, kHeads * 2> head_of_hash_{};
  // Of heads_, by those before it, hashed; with kMissed once it was wrong.
  std::array<uint8_t, kContexts> next_{};
};

}  // namespace slowburn::collector
