// model/item_cursor.h: a walk over a batch of spans or log records with attributes at hand by slot.
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
#include "model/log_batch.h"
#include "model/signal_batch.h"
#include "model/span_batch.h"

namespace slowburn::model {

// Stands in a resource and a scope. Entering one spreads its few attributes over a table by slot,
// so that a condition reads any of them by index; what is absent reads as nil. `batch` must outlive
// the walk.
class EnvelopeCursor {
 public:
  explicit EnvelopeCursor(const AttributeProjection& projection);

  // Outermost first; entering an outer one leaves the inner ones.
  void EnterResource(const SignalBatch& batch, const ResourceEntry& resource);
  void EnterScope(const SignalBatch& batch, const ScopeEntry& scope);

  const ResourceEntry& resource() const { return *resource_; }
  const ScopeEntry& scope() const { return *scope_; }

  // nil where absent. `slot` is one of the projection's.
  const AttributeValue& Attribute(AttributeScope scope, int slot) const {
    const Table& table = tables_[static_cast<size_t>(scope)];
    const Cell& cell = table.cells[static_cast<size_t>(slot)];
    return cell.stamp == table.stamp ? cell.value : kNil;
  }

 protected:
  void Enter(AttributeScope scope, const SignalBatch& batch, AttributeRange range);

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
  void Leave(AttributeScope scope);

  static const AttributeValue kNil;

  std::array<Table, kAttributeScopes> tables_;
  const ResourceEntry* resource_ = nullptr;
  const ScopeEntry* scope_ = nullptr;
};

// Stands on one item of the batch.
template <typename Item>
class ItemCursor : public EnvelopeCursor {
 public:
  using EnvelopeCursor::EnvelopeCursor;

  void EnterItem(const SignalBatch& batch, const Item& item) {
    item_ = &item;
    Enter(AttributeScope::kItem, batch, item.attributes);
  }
  // The one that was entered last.
  const Item& item() const { return *item_; }

 private:
  const Item* item_ = nullptr;
};

using SpanCursor = ItemCursor<Span>;
using LogCursor = ItemCursor<LogRecord>;

}  // namespace slowburn::model
