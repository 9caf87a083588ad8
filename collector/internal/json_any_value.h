// collector/internal/json_any_value.h: the members of an AnyValue in OTLP/JSON, for any reader.
//
// Room     collector/internal
// Uses     collector/internal, model/
// Threads  pure functions
// Units    none
// Source   OTLP common.proto; requirements V10 to V12
#pragma once

#include "collector/internal/json_keys.h"
#include "model/attribute_value.h"

namespace slowburn::collector {

inline bool IsJsonMember(JsonKey key) {
  switch (key) {
    case JsonKey::kStringValue:
    case JsonKey::kBoolValue:
    case JsonKey::kIntValue:
    case JsonKey::kDoubleValue:
    case JsonKey::kArrayValue:
    case JsonKey::kKvlistValue:
    case JsonKey::kBytesValue:
    case JsonKey::kStringValueStrindex:
      return true;
    default:
      return false;
  }
}

// The value of the member `key`, into `value` at once: a copy of what was just stored in parts
// stalls the processor.
template <typename Reader>
void ReadJsonMember(JsonKey key, Reader& reader, model::AttributeValue& value) {
  switch (key) {
    case JsonKey::kStringValue:
      value = model::AttributeValue::String(reader.String());
      break;
    case JsonKey::kBoolValue:
      value = model::AttributeValue::Bool(reader.Bool());
      break;
    case JsonKey::kIntValue:
      value = model::AttributeValue::Int(reader.Int64());
      break;
    case JsonKey::kDoubleValue:
      value = model::AttributeValue::Double(reader.Double());
      break;
    case JsonKey::kBytesValue:
      value = model::AttributeValue::Bytes(reader.Bytes());
      break;
    case JsonKey::kArrayValue:
    case JsonKey::kKvlistValue:
      if (reader.Peek() != '{') reader.Fail("an object is wanted here");
      reader.SkipValue();
      value = model::AttributeValue::Composite();
      break;
    default:  // An index into a table that only profiles have: absent (V12).
      reader.Int32();
      value = model::AttributeValue();
  }
}

}  // namespace slowburn::collector
