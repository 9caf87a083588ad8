// collector/internal/json_raw_attributes.h: attributes in OTLP/JSON, all of them.
//
// Room     collector/internal
// Uses     collector/internal, model/
// Threads  one owner
// Units    none
// Source   OTLP common.proto; requirements V10 to V12
#pragma once

#include <string>
#include <string_view>

#include "collector/internal/decode_cost.h"
#include "collector/internal/json_reader.h"
#include "model/attribute_projection.h"
#include "model/metric_batch.h"

namespace slowburn::collector {

// Appends to the raw attributes of a batch of metrics. Values go to the reader's arena as protobuf
// encodes them: so RawAttribute has them, so streams are hashed, and so what has a slot is read.
class JsonRawAttributes {
 public:
  JsonRawAttributes(JsonReader& reader, const model::AttributeProjection& projection,
                    PaidVector<model::RawAttribute>& raw, PaidVector<model::SlotValue>& slots)
      : reader_(reader), projection_(projection), raw_(raw), slots_(slots) {}

  // The array of KeyValues at the cursor: where they are now.
  model::IndexRange Read();
  // The same; those that have a slot in `scope` are appended to the slots too, and all are added to
  // the hash of a set, unless that is null.
  model::IndexRange Read(model::AttributeScope scope, model::StreamHash* set);

 private:
  model::RawAttribute ReadKeyValue();
  // The AnyValue at the cursor.
  std::string_view EncodeValue();
  // An AnyValue of `text`.
  std::string_view EncodeText(std::string_view text);

  JsonReader& reader_;
  const model::AttributeProjection& projection_;
  PaidVector<model::RawAttribute>& raw_;
  PaidVector<model::SlotValue>& slots_;
  std::string encoded_;
};

}  // namespace slowburn::collector
