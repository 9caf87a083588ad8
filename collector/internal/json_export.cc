#include "collector/internal/json_export.h"

namespace slowburn::collector {

using model::AttributeScope;
using model::ResourceEntry;
using model::ScopeEntry;

template <typename Reader, typename Attributes>
void JsonExport<Reader, Attributes>::Read() {
  const Mark begin = SetMark();
  for (JsonObject request(reader_); request.Next();) {
    if (request.key() != keys_.resources) {
      reader_.Skip();
      continue;
    }
    ReturnTo(begin);
    for (JsonArray array(reader_); array.Next();) ReadResourceItems();
  }
}

template <typename Reader, typename Attributes>
void JsonExport<Reader, Attributes>::ReadResourceItems() {
  const Mark begin = SetMark();
  const uint32_t slots_begin = slots_.size();
  ResourceEntry resource;
  model::IndexRange raw;
  resource.scope_begin = scopes_.size();
  for (JsonObject object(reader_); object.Next();) {
    if (object.key() == keys_.scopes) {
      ReturnTo(begin);
      for (JsonArray array(reader_); array.Next();) ReadScopeItems();
    } else if (object.key() == JsonKey::kResource) {
      ReadResource(resource, raw);
    } else {
      reader_.Skip();
    }
  }
  resource.scope_end = scopes_.size();
  if (resource.scope_end == resource.scope_begin) return slots_.DropFrom(slots_begin);
  resources_.Append(resource);
  EndResource(raw);
}

template <typename Reader, typename Attributes>
void JsonExport<Reader, Attributes>::ReadScopeItems() {
  const Mark begin = SetMark();
  const uint32_t slots_begin = slots_.size();
  ScopeEntry scope;
  model::IndexRange raw;
  scope.item_begin = Here().items;
  for (JsonObject object(reader_); object.Next();) {
    if (object.key() == keys_.items) {
      ReturnTo(begin);
      for (JsonArray array(reader_); array.Next();) ReadItem();
    } else if (object.key() == JsonKey::kScope) {
      ReadScope(scope, raw);
    } else if (object.key() == JsonKey::kSchemaUrl) {
      scope.schema_url = reader_.String();
    } else {
      reader_.Skip();
    }
  }
  scope.item_end = Here().items;
  if (scope.item_end == scope.item_begin) return slots_.DropFrom(slots_begin);
  scopes_.Append(scope);
  EndScope(raw);
}

template <typename Reader, typename Attributes>
void JsonExport<Reader, Attributes>::ReadResource(ResourceEntry& resource, model::IndexRange& raw) {
  raw = {};
  resource.attributes = {};
  resource.dropped_attributes_count = 0;
  if (reader_.TakeNull()) return;
  for (JsonObject object(reader_); object.Next();) {
    switch (object.key()) {
      case JsonKey::kAttributes:
        resource.attributes = ReadEnvelopeAttributes(AttributeScope::kResource, raw);
        break;
      case JsonKey::kDroppedAttributesCount:
        resource.dropped_attributes_count = reader_.Uint32();
        break;
      default:
        reader_.Skip();
    }
  }
}

template <typename Reader, typename Attributes>
void JsonExport<Reader, Attributes>::ReadScope(ScopeEntry& scope, model::IndexRange& raw) {
  raw = {};
  scope.scope_name = scope.scope_version = {};
  scope.attributes = {};
  if (reader_.TakeNull()) return;
  for (JsonObject object(reader_); object.Next();) {
    switch (object.key()) {
      case JsonKey::kName:
        scope.scope_name = reader_.String();
        break;
      case JsonKey::kVersion:
        scope.scope_version = reader_.String();
        break;
      case JsonKey::kAttributes:
        scope.attributes = ReadEnvelopeAttributes(AttributeScope::kScope, raw);
        break;
      default:
        reader_.Skip();
    }
  }
}

template <typename Reader, typename Attributes>
model::AttributeRange JsonExport<Reader, Attributes>::ReadEnvelopeAttributes(
    AttributeScope scope, model::IndexRange& /*raw*/) {
  return attributes_.Read(scope);
}

template <typename Reader, typename Attributes>
auto JsonExport<Reader, Attributes>::SetMark() const -> Mark {
  return {.resources = resources_.size(),
          .scopes = scopes_.size(),
          .rejected = rejected_.size(),
          .position = Here(),
          .has_item_without_time = batch_.has_item_without_time};
}

// Attributes stay, unused: those of an envelope may lie behind those of its items.
template <typename Reader, typename Attributes>
void JsonExport<Reader, Attributes>::ReturnTo(const Mark& mark) {
  const Position here = Here();
  if (here.ordinal == mark.position.ordinal && here.items == mark.position.items) return;
  resources_.DropFrom(mark.resources);
  scopes_.DropFrom(mark.scopes);
  rejected_.DropFrom(mark.rejected);
  batch_.has_item_without_time = mark.has_item_without_time;
  ReturnTo(mark.position);
}

template class JsonExport<JsonReader>;
template class JsonExport<JsonTextReader, JsonTextAttributes>;

}  // namespace slowburn::collector
