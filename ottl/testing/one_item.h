// ottl/testing/one_item.h: one span or log record, with its scope and resource, to try conditions
// on.
//
// Room     ottl, tests only
// Uses     model/, ottl/
// Threads  one owner
// Units    as model/span_batch.h and model/log_batch.h
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/item_cursor.h"
#include "ottl/predicate.h"

namespace slowburn::ottl {

// An item by its parts; what its text members view must outlive it.
template <typename Item>
struct OneItem {
  using Attributes = std::vector<std::pair<std::string, model::AttributeValue>>;

  Attributes resource_attributes, scope_attributes, item_attributes;
  model::ResourceEntry resource;
  model::ScopeEntry scope;
  Item item;

  // The attributes that the projection keeps: what the decoder would make of them.
  struct Decoded {
    model::SignalBatch batch;
    Item item;
  };
  Decoded Decode(const model::AttributeProjection& projection) const {
    Decoded decoded{.batch = {}, .item = item};
    model::SignalBatch& batch = decoded.batch;
    const auto add = [&](model::AttributeScope at, const Attributes& attributes) {
      model::AttributeRange range{.begin = static_cast<uint32_t>(batch.attributes.size())};
      for (const auto& [name, value] : attributes) {
        const int slot = projection.Find(at, name);
        if (slot != model::AttributeProjection::kNone) {
          batch.attributes.push_back({static_cast<uint32_t>(slot), value});
        }
      }
      range.end = static_cast<uint32_t>(batch.attributes.size());
      return range;
    };
    batch.resources = {resource};
    batch.resources[0].attributes = add(model::AttributeScope::kResource, resource_attributes);
    batch.resources[0].scope_end = 1;
    batch.scopes = {scope};
    batch.scopes[0].attributes = add(model::AttributeScope::kScope, scope_attributes);
    batch.scopes[0].item_end = 1;
    decoded.item.attributes = add(model::AttributeScope::kItem, item_attributes);
    return decoded;
  }

  bool Eval(const Condition& condition) const {
    model::AttributeProjection projection;
    const Predicate predicate = Predicate::Compile(condition, projection);
    const Decoded decoded = Decode(projection);
    model::ItemCursor<Item> cursor(projection);
    Enter(decoded, cursor);
    return predicate.Eval(cursor);
  }

  static void Enter(const Decoded& decoded, model::ItemCursor<Item>& cursor) {
    cursor.EnterResource(decoded.batch, decoded.batch.resources[0]);
    cursor.EnterScope(decoded.batch, decoded.batch.scopes[0]);
    cursor.EnterItem(decoded.batch, decoded.item);
  }
};
using OneSpan = OneItem<model::Span>;
using OneLog = OneItem<model::LogRecord>;

}  // namespace slowburn::ottl
