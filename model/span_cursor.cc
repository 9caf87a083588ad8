#include "model/span_cursor.h"

namespace slowburn::model {

const AttributeValue SpanCursor::kNil{};

SpanCursor::SpanCursor(const AttributeProjection& projection) {
  for (int scope = 0; scope < kAttributeScopes; ++scope) {
    Table& table = tables_[static_cast<size_t>(scope)];
    table.cells.resize(static_cast<size_t>(projection.size(static_cast<AttributeScope>(scope))));
    table.stamp = 1;
  }
}

void SpanCursor::Leave(AttributeScope scope) {
  Table& table = tables_[static_cast<size_t>(scope)];
  if (++table.stamp != 0) return;
  for (Cell& cell : table.cells) cell.stamp = 0;  // The stamp came round after 2^32 spans.
  table.stamp = 1;
}

void SpanCursor::Enter(AttributeScope scope, const SpanBatch& batch, AttributeRange range) {
  Leave(scope);
  Table& table = tables_[static_cast<size_t>(scope)];
  for (uint32_t i = range.begin; i < range.end; ++i) {
    const SlotValue& attribute = batch.attributes[i];
    table.cells[attribute.slot] = {table.stamp, attribute.value};
  }
}

void SpanCursor::EnterResource(const SpanBatch& batch, const ResourceEntry& resource) {
  resource_ = &resource;
  scope_ = nullptr;
  span_ = nullptr;
  Enter(AttributeScope::kResource, batch, resource.attributes);
  Leave(AttributeScope::kScope);
  Leave(AttributeScope::kItem);
}

void SpanCursor::EnterScope(const SpanBatch& batch, const ScopeEntry& scope) {
  scope_ = &scope;
  span_ = nullptr;
  Enter(AttributeScope::kScope, batch, scope.attributes);
  Leave(AttributeScope::kItem);
}

void SpanCursor::EnterSpan(const SpanBatch& batch, const Span& span) {
  span_ = &span;
  Enter(AttributeScope::kItem, batch, span.attributes);
}

}  // namespace slowburn::model
