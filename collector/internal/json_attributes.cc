#include "collector/internal/json_attributes.h"

#include "collector/internal/json_any_value.h"

namespace slowburn::collector {
using model::AttributeRange;
using model::AttributeScope;
using model::AttributeValue;

void ReadJsonValue(JsonReader& reader, AttributeValue& value) {
  if (reader.TakeNull()) return;
  JsonKey member = JsonKey::kUnknown;
  for (JsonObject object(reader); object.Next();) {
    const JsonKey key = object.key();
    if (!IsJsonMember(key)) {
      reader.Skip();
    } else if (reader.TakeNull()) {
      if (key != member) continue;
      member = JsonKey::kUnknown;
      value = AttributeValue();
    } else {
      if (member != JsonKey::kUnknown && member != key) {
        reader.FailOneof();
      }
      member = key;
      ReadJsonMember(key, reader, value);
    }
  }
}

inline AttributeValue& JsonAttributes::Keep(int slot) {
  model::SlotValue& kept = slots_.Append();
  kept.slot = static_cast<uint32_t>(slot);
  return kept.value;
}

AttributeRange JsonAttributes::Read(AttributeScope scope) {
  AttributeRange range;
  range.begin = slots_.size();
  for (JsonArray array(reader_); array.Next();) {
    JsonReader::UsualKeyValue parts;
    do {
      if (!reader_.TakeUsualKeyValue(parts)) {
        ReadUnusualKeyValue(scope);
        break;
      }
      const int slot = projection_.Find(scope, parts.key);
      if (slot == model::AttributeProjection::kNone) continue;
      AttributeValue& value = Keep(slot);
      if (std::string_view text; reader_.IsUsualString(parts, text)) {
        value = AttributeValue::String(text);
      } else {
        ReadUsualValue(parts, value);
      }
    } while (parts.has_next);
  }
  range.end = slots_.size();
  return range;
}

void JsonAttributes::ReadUsualValue(const JsonReader::UsualKeyValue& parts, AttributeValue& value) {
  const uint32_t* const end = reader_.at();
  reader_.Seek(parts.member);
  const JsonKey member = reader_.TakeKey();
  if (IsJsonMember(member) && !reader_.TakeNull()) ReadJsonMember(member, reader_, value);
  reader_.Seek(end);
}

void JsonAttributes::ReadUnusualKeyValue(AttributeScope scope) {
  std::string_view key;
  const uint32_t* any_value = nullptr;
  for (JsonObject object(reader_); object.Next();) {
    switch (object.key()) {
      case JsonKey::kKey:
        key = reader_.String();
        break;
      case JsonKey::kValue:
        any_value = reader_.at();
        reader_.SkipValue();
        break;
      default:
        reader_.Skip();
    }
  }
  const int slot = projection_.Find(scope, key);
  if (slot == model::AttributeProjection::kNone) return;
  AttributeValue& value = Keep(slot);
  if (any_value == nullptr) return;
  const uint32_t* const end = reader_.at();
  reader_.Seek(any_value);
  ReadJsonValue(reader_, value);
  reader_.Seek(end);
}

}  // namespace slowburn::collector
