// model/span_cursor.h: a walk over a SpanBatch with attributes at hand by slot.
//
// Room     model
// Uses     model/
// Threads  one owner; reuse it (it keeps its tables)
// Units    none
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "model/attribute_projection.h"
#include "model/span_batch.h"

namespace slowburn::model {

// Stands on one span. Entering a resource, scope or span spreads its few attributes over a table by
// slot, so that a condition reads any of them by index; what the span does not have reads as nil.
// `batch` must outlive the walk.
class SpanCursor {
 public:
  explicit SpanCursor(const AttributeProjection& projection);

  // Outermost first; entering an outer one leaves the inner ones.
  void EnterResource(const SpanBatch& batch, const ResourceEntry& resource);
  void EnterScope(const SpanBatch& batch, const ScopeEntry& scope);
  void EnterSpan(const SpanBatch& batch, const Span& span);

  const ResourceEntry& resource() const { return *resource_; }
  const ScopeEntry& scope() const { return *scope_; }
  const Span& span() const { return *span_; }

  // nil where absent. `slot` is one of the projection's.
  const AttributeValue& Attribute(AttributeScope scope, int slot) const {
    const Table& table = tables_[static_cast<size_t>(scope)];
    const Cell& cell = table.cells[static_cast<size_t>(slot)];
    return cell.stamp == table.stamp ? cell.value : kNil;
  }

 private:
  struct Cell {
    uint32_t stamp = 0;
    AttributeValue value;
  };
  struct Table {
    std::vector<Cell> cells;
    uint32_t stamp =
        0;  // a cell counts only when it carries the current stamp: leaving is one increment
  };
  void Enter(AttributeScope scope, const SpanBatch& batch, AttributeRange range);
  void Leave(AttributeScope scope);

  static const AttributeValue kNil;

  std::array<Table, kAttributeScopes> tables_;
  const ResourceEntry* resource_ = nullptr;
  const ScopeEntry* scope_ = nullptr;
  const Span* span_ = nullptr;
};

}  // namespace slowburn::model
