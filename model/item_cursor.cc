#include "model/item_cursor.h"

namespace slowburn::model {

const AttributeValue EnvelopeCursor::kNil{};

EnvelopeCursor::EnvelopeCursor(const AttributeProjection& projection) {
  for (int scope = 0; scope < kAttributeScopes; ++scope) {
    Table& table = tables_[static_cast<size_t>(scope)];
    table.cells.resize(static_cast<size_t>(projection.size(static_cast<AttributeScope>(scope))));
    table.stamp = 1;
  }
}

void EnvelopeCursor::Leave(AttributeScope scope) {
  Table& table = tables_[static_cast<size_t>(scope)];
  if (++table.stamp != 0) return;
  for (Cell& cell : table.cells) cell.stamp = 0;  // The stamp came round after 2^32 items.
  table.stamp = 1;
}

void EnvelopeCursor::Enter(AttributeScope scope, const SignalBatch& batch, AttributeRange range) {
  Leave(scope);
  Table& table = tables_[static_cast<size_t>(scope)];
  for (uint32_t i = range.begin; i < range.end; ++i) {
    const SlotValue& attribute = batch.attributes[i];
    table.cells[attribute.slot] = {table.stamp, attribute.value};
  }
}

void EnvelopeCursor::EnterResource(const SignalBatch& batch, const ResourceEntry& resource) {
  resource_ = &resource;
  scope_ = nullptr;
  Enter(AttributeScope::kResource, batch, resource.attributes);
  Leave(AttributeScope::kScope);
  Leave(AttributeScope::kItem);
}

void EnvelopeCursor::EnterScope(const SignalBatch& batch, const ScopeEntry& scope) {
  scope_ = &scope;
  Enter(AttributeScope::kScope, batch, scope.attributes);
  Leave(AttributeScope::kItem);
}

}  // namespace slowburn::model
