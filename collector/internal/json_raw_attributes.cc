#include "collector/internal/json_raw_attributes.h"

#include <protozero/varint.hpp>

#include "collector/internal/attribute_reader.h"
#include "collector/internal/json_encoder.h"
#include "collector/internal/otlp_fields.h"
#include "collector/internal/stream_hasher.h"

namespace slowburn::collector {

using model::IndexRange;
using model::RawAttribute;

IndexRange JsonRawAttributes::Read() {
  IndexRange range{raw_.size(), 0};
  for (JsonArray array(reader_); array.Next();) {
    const RawAttribute attribute = ReadKeyValue();
    raw_.Append(attribute);
  }
  range.end = raw_.size();
  return range;
}

IndexRange JsonRawAttributes::Read(model::AttributeScope scope, model::StreamHash* set) {
  const IndexRange range = Read();
  for (uint32_t i = range.begin; i < range.end; ++i) {
    const RawAttribute& attribute = raw_[i];
    if (set != nullptr) AddAttribute(attribute.key, attribute.value, *set);
    const int slot = projection_.Find(scope, attribute.key);
    if (slot == model::AttributeProjection::kNone) continue;
    model::SlotValue& kept = slots_.Append();
    kept.slot = static_cast<uint32_t>(slot);
    ReadAnyValue(attribute.value, kept.value);
  }
  return range;
}

RawAttribute JsonRawAttributes::ReadKeyValue() {
  RawAttribute attribute;
  if (JsonReader::UsualKeyValue parts; reader_.TakeUsualKeyValue(parts)) {
    attribute.key = parts.key;
    if (std::string_view text; reader_.IsUsualString(parts, text)) {
      attribute.value = EncodeText(text);
    } else {
      reader_.Seek(parts.member - 1);
      attribute.value = EncodeValue();
    }
    reader_.Seek(parts.end);
    return attribute;
  }
  for (JsonObject object(reader_); object.Next();) {
    switch (object.key()) {
      case JsonKey::kKey:
        attribute.key = reader_.String();
        break;
      case JsonKey::kValue:
        attribute.value = {};
        if (!reader_.TakeNull()) attribute.value = EncodeValue();
        break;
      default:
        reader_.Skip();
    }
  }
  return attribute;
}

std::string_view JsonRawAttributes::EncodeValue() {
  encoded_.clear();
  JsonEncoder(reader_, encoded_).Encode(OtlpMessage::kAnyValue);
  char* const copy = reader_.Allocate(encoded_.size());
  encoded_.copy(copy, encoded_.size());
  return {copy, encoded_.size()};
}

std::string_view JsonRawAttributes::EncodeText(std::string_view text) {
  char* const begin = reader_.Allocate(1 + protozero::max_varint_length + text.size());
  char* end = begin;
  *end++ = static_cast<char>(tags::kAnyString);
  end += protozero::add_varint_to_buffer(end, text.size());
  end += text.copy(end, text.size());
  return {begin, static_cast<size_t>(end - begin)};
}

}  // namespace slowburn::collector
