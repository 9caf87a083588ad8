#include "collector/internal/json_export.h"

namespace slowburn::collector {

using model::AttributeScope;
using model::ResourceEntry;
using model::ScopeEntry;

void JsonExport::Read() {
  const Mark begin = Here();
  for (JsonObject request(reader_); request.Next();) {
    if (request.key() != keys_.resources) {
      reader_.Skip();
      continue;
    }
    ReturnTo(begin);
    for (JsonArray array(reader_); array.Next();) ReadResourceItems();
  }
}

void JsonExport::ReadResourceItems() {
  const Mark begin = Here();
  const uint32_t attributes_begin = attributes_.count();
  ResourceEntry resource;
  resource.scope_begin = static_cast<uint32_t>(batch_.scopes.size());
  for (JsonObject object(reader_); object.Next();) {
    if (object.key() == keys_.scopes) {
      ReturnTo(begin);
      for (JsonArray array(reader_); array.Next();) ReadScopeItems();
    } else if (object.key() == JsonKey::kResource) {
      ReadResource(resource);
    } else {
      reader_.Skip();
    }
  }
  resource.scope_end = static_cast<uint32_t>(batch_.scopes.size());
  if (resource.scope_end == resource.scope_begin) return DropAttributesFrom(attributes_begin);
  cost_.Charge(sizeof(ResourceEntry));
  batch_.resources.push_back(resource);
}

void JsonExport::ReadScopeItems() {
  const Mark begin = Here();
  const uint32_t attributes_begin = attributes_.count();
  ScopeEntry scope;
  scope.item_begin = items();
  for (JsonObject object(reader_); object.Next();) {
    if (object.key() == keys_.items) {
      ReturnTo(begin);
      for (JsonArray array(reader_); array.Next();) ReadItem();
    } else if (object.key() == JsonKey::kScope) {
      ReadScope(scope);
    } else {
      reader_.Skip();
    }
  }
  scope.item_end = items();
  if (scope.item_end == scope.item_begin) return DropAttributesFrom(attributes_begin);
  cost_.Charge(sizeof(ScopeEntry));
  batch_.scopes.push_back(scope);
}

void JsonExport::ReadResource(ResourceEntry& resource) {
  resource.attributes = {};
  resource.dropped_attributes_count = 0;
  if (reader_.TakeNull()) return;
  for (JsonObject object(reader_); object.Next();) {
    switch (object.key()) {
      case JsonKey::kAttributes:
        resource.attributes = attributes_.Read(AttributeScope::kResource);
        break;
      case JsonKey::kDroppedAttributesCount:
        resource.dropped_attributes_count = reader_.Uint32();
        break;
      default:
        reader_.Skip();
    }
  }
}

void JsonExport::ReadScope(ScopeEntry& scope) {
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
        scope.attributes = attributes_.Read(AttributeScope::kScope);
        break;
      default:
        reader_.Skip();
    }
  }
}

void JsonExport::DropAttributesFrom(uint32_t begin) {
  batch_.attributes.erase(batch_.attributes.begin() + begin, batch_.attributes.end());
}

void JsonExport::Reject(uint32_t ordinal, model::Rejection reason) {
  cost_.Charge(sizeof(model::RejectedItem));
  batch_.rejected.push_back({ordinal, reason});
}

JsonExport::Mark JsonExport::Here() const {
  return {.resources = batch_.resources.size(),
          .scopes = batch_.scopes.size(),
          .rejected = batch_.rejected.size(),
          .items = items(),
          .ordinal = ordinal_,
          .has_item_without_time = batch_.has_item_without_time};
}

void JsonExport::ReturnTo(const Mark& mark) {
  batch_.resources.resize(mark.resources);
  batch_.scopes.resize(mark.scopes);
  batch_.rejected.resize(mark.rejected);
  batch_.has_item_without_time = mark.has_item_without_time;
  ordinal_ = mark.ordinal;
  if (items() != mark.items) DropItemsFrom(mark.items);
}

}  // namespace slowburn::collector
