// collector/internal/json_export.h: the resources and scopes around the items of a JSON export,
// the same for all signals.
//
// Room     collector/internal
// Uses     collector/internal, model/
// Threads  one owner
// Units    none
// Source   OTLP: ExportXServiceRequest, ResourceX, ScopeX; requirements R5, R6, J10, J13
#pragma once

#include <cstdint>

#include "collector/internal/decode_cost.h"
#include "collector/internal/json_attributes.h"
#include "collector/internal/json_reader.h"
#include "model/attribute_projection.h"
#include "model/signal_batch.h"

namespace slowburn::collector {

// One request, at the reader's cursor, into a batch. A signal derives from it and reads its items.
// Envelopes without items leave nothing. Of two equal keys the last one counts: what the array
// before it left is taken back.
class JsonExport {
 public:
  struct Keys {
    JsonKey resources;
    JsonKey scopes;
    JsonKey items;
  };

  JsonExport(const Keys& keys, JsonReader& reader, const model::AttributeProjection& projection,
             DecodeCost& cost, model::SignalBatch& batch)
      : reader_(reader),
        cost_(cost),
        attributes_(reader, projection, cost, batch),
        keys_(keys),
        batch_(batch) {}
  virtual ~JsonExport() = default;

  void Read();

 protected:
  uint32_t NextOrdinal() { return ordinal_++; }
  void DropAttributesFrom(uint32_t begin);
  void Reject(uint32_t ordinal, model::Rejection reason);

  JsonReader& reader_;
  DecodeCost& cost_;
  JsonAttributes attributes_;
  uint32_t ordinal_ = 0;

 private:
  // Where the batch was before an array was read.
  struct Mark {
    size_t resources;
    size_t scopes;
    size_t rejected;
    uint32_t items;
    uint32_t ordinal;
    bool has_item_without_time;
  };

  // Of the vector that ScopeEntry::item_begin points into.
  virtual uint32_t items() const = 0;
  virtual void DropItemsFrom(uint32_t begin) = 0;
  // The item at the cursor.
  virtual void ReadItem() = 0;

  void ReadResourceItems();
  void ReadScopeItems();
  void ReadResource(model::ResourceEntry& resource);
  void ReadScope(model::ScopeEntry& scope);
  Mark Here() const;
  void ReturnTo(const Mark& mark);

  const Keys keys_;
  model::SignalBatch& batch_;
};

}  // namespace slowburn::collector
