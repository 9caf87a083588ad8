// collector/internal/json_attributes.h: attributes in OTLP/JSON, as far as somebody reads them.
//
// Room     collector/internal
// Uses     collector/internal, model/
// Threads  one owner
// Units    none
// Source   OTLP common.proto; requirements V10 to V12, J9, J10
#pragma once

#include "collector/internal/decode_cost.h"
#include "collector/internal/json_reader.h"
#include "model/attribute_projection.h"
#include "model/attribute_slots.h"

namespace slowburn::collector {

// The AnyValue at the reader's cursor, into `value`, which is nil. What an array or a map holds is
// skipped. Two members of the oneof are an error.
void ReadJsonValue(JsonReader& reader, model::AttributeValue& value);

// Appends to the attributes of a batch.
class JsonAttributes {
 public:
  JsonAttributes(JsonReader& reader, const model::AttributeProjection& projection,
                 PaidVector<model::SlotValue>& slots)
      : reader_(reader), projection_(projection), slots_(slots) {}

  // The array of KeyValues at the cursor: where those with a slot are now. The value of an
  // attribute that nobody reads is skipped.
  model::AttributeRange Read(model::AttributeScope scope);

 private:
  void ReadUsualValue(const JsonReader::UsualKeyValue& parts, model::AttributeValue& value);
  void ReadUnusualKeyValue(model::AttributeScope scope);
  // Where the value for `slot` goes.
  model::AttributeValue& Keep(int slot);

  JsonReader& reader_;
  const model::AttributeProjection& projection_;
  PaidVector<model::SlotValue>& slots_;
};

}  // namespace slowburn::collector
