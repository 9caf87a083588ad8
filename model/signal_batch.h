// model/signal_batch.h: what the batches of all signals have in common: resources, scopes,
// attributes, rejected items.
//
// Room     model
// Uses     model/
// Threads  one owner; reuse it for the next request (Clear keeps the memory)
// Units    sizes are counts
// Source   OTLP: ResourceX, ScopeX
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "model/attribute_slots.h"
#include "model/byte_arena.h"
#include "model/rejection.h"

namespace slowburn::model {

struct ScopeEntry {
  std::string_view scope_name;
  std::string_view scope_version;
  std::string_view schema_url;  // that of the scope and its items
  AttributeRange attributes;
  uint32_t item_begin = 0;  // [item_begin, item_end) of the batch's spans, log records or metrics
  uint32_t item_end = 0;
};

struct ResourceEntry {
  AttributeRange attributes;
  uint32_t dropped_attributes_count = 0;
  uint32_t scope_begin = 0;  // [scope_begin, scope_end) of SignalBatch::scopes
  uint32_t scope_end = 0;
};

// Everything in it is valid as long as the request's bytes and the batch are. Accepted items and
// rejected ones together are what was decoded.
struct SignalBatch {
  std::vector<ResourceEntry> resources;  // those that hold items
  std::vector<ScopeEntry> scopes;
  std::vector<SlotValue> attributes;
  std::vector<RejectedItem> rejected;  // ascending by ordinal
  bool has_item_without_time = false;  // some item has no time: the request is not deduplicated
  ByteArena bytes;                     // what the request does not have in the form needed here

 protected:
  void ClearEnvelopes();
  void SortRejected();
  size_t EnvelopeMemory() const;
};

}  // namespace slowburn::model
