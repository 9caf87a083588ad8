// collector/internal/attribute_reader.h: KeyValue and AnyValue, as they stand on the wire.
//
// Room     collector/internal
// Uses     model/, collector/internal
// Threads  pure functions
// Units    none
// Source   opentelemetry/proto/common/v1; requirements V10 to V12, E14
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

#include "collector/internal/otlp_fields.h"
#include "collector/internal/wire_reader.h"
#include "model/attribute_value.h"

namespace slowburn::collector {

struct KeyValueParts {
  std::string_view key;
  std::string_view any_value;
  int values = 1;  // how many are on the wire
};

// Takes a KeyValue apart if it is as all writers write it: the key, the value, each under 128
// bytes, nothing else. These few compares stand for two tags and two lengths, which is 1.3 x on a
// whole request of spans. Says nothing about any other shape.
inline bool SplitUsualKeyValue(std::string_view message, KeyValueParts& parts) {
  const auto byte = [message](size_t at) { return static_cast<uint8_t>(message.data()[at]); };
  if (message.size() < 2 || byte(0) != tags::kKeyValueKey) return false;
  const size_t key_size = byte(1);
  const size_t value_tag = 2 + key_size;
  if (message.size() < value_tag + 2 || byte(value_tag) != tags::kKeyValueValue) return false;
  const size_t value_size = byte(value_tag + 1);
  if ((key_size | value_size) >= 0x80 || message.size() != value_tag + 2 + value_size) return false;
  parts.key = {message.data() + 2, key_size};
  parts.any_value = {message.data() + value_tag + 2, value_size};
  return true;
}

// Any KeyValue: its last key and its last value. (By value: what lies in memory because its address
// was passed on is slow to read again.)
inline KeyValueParts SplitKeyValue(std::string_view message) {
  KeyValueParts parts{.values = 0};
  WireReader reader(message);
  while (reader.Next()) {
    switch (reader.tag()) {
      case tags::kKeyValueKey:
        parts.key = reader.Bytes();
        break;
      case tags::kKeyValueValue:
        parts.any_value = reader.Bytes();
        ++parts.values;
        break;
      default:
        reader.Skip();
    }
  }
  return parts;
}

// Whether an AnyValue is text of under 128 bytes and nothing else, as most are.
inline bool IsShortText(std::string_view message) {
  const auto byte = [message](size_t at) { return static_cast<uint8_t>(message.data()[at]); };
  return message.size() >= 2 && byte(0) == tags::kAnyString && byte(1) < 0x80 &&
         message.size() == size_t{2} + byte(1);
}

// AnyValue is a oneof: the last member on the wire counts. `value` keeps what it had when there is
// none.
inline void ReadAnyValue(std::string_view message, model::AttributeValue& value) {
  using model::AttributeValue;
  if (IsShortText(message)) {
    value = AttributeValue::String(message.substr(2));
    return;
  }
  WireReader reader(message);
  while (reader.Next()) {
    switch (reader.tag()) {
      case tags::kAnyString:
        value = AttributeValue::String(reader.Bytes());
        break;
      case tags::kAnyBool:
        value = AttributeValue::Bool(reader.Varint() != 0);
        break;
      case tags::kAnyInt:
        value = AttributeValue::Int(static_cast<int64_t>(reader.Varint()));
        break;
      case tags::kAnyDouble:
        value = AttributeValue::Double(std::bit_cast<double>(reader.Fixed64()));
        break;
      case tags::kAnyArray:
      case tags::kAnyKeyValueList:
        reader.Skip();
        value = AttributeValue::Composite();
        break;
      case tags::kAnyBytes:
        value = AttributeValue::Bytes(reader.Bytes());
        break;
      case tags::kAnyStringIndex:  // An index into a table that only profiles have: absent (V12).
        reader.Skip();
        value = AttributeValue();
        break;
      default:
        reader.Skip();
    }
  }
}

// A `value` that the wire repeats is merged: the members of all of them, in order, are members of
// one.
inline void ReadRepeatedValue(std::string_view key_value, model::AttributeValue& value) {
  WireReader reader(key_value);
  while (reader.Next()) {
    if (reader.tag() == tags::kKeyValueValue) {
      ReadAnyValue(reader.Bytes(), value);
    } else {
      reader.Skip();
    }
  }
}

}  // namespace slowburn::collector
