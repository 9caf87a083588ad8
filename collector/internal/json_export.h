// collector/internal/json_export.h: the resources and scopes around the items of a JSON export,
// the same for all signals.
//
// Room     collector/internal
// Uses     collector/internal, model/
// Threads  one owner
// Units    none
// Source   OTLP: ExportXServiceRequest, ResourceX, ScopeX; requirements R5, R6, J10, J13
#pragma once

#include <cstdint>
#include <string>

#include <absl/status/status.h>

#include "collector/internal/decode_cost.h"
#include "collector/internal/json_attributes.h"
#include "collector/internal/json_decode.h"
#include "collector/internal/json_reader.h"
#include "collector/internal/json_text_attributes.h"
#include "collector/internal/json_text_reader.h"
#include "model/attribute_projection.h"
#include "model/metric_batch.h"
#include "model/signal_batch.h"

namespace slowburn::collector {

// One request, at the reader's cursor, into a batch. A signal derives from it and reads its items.
// Envelopes without items leave nothing. Of two equal keys the last one counts: what the array
// before it left is taken back.
template <typename Reader, typename Attributes = JsonAttributes>
class JsonExport {
 public:
  struct Keys {
    JsonKey resources;
    JsonKey scopes;
    JsonKey items;
  };

  JsonExport(const Keys& keys, Reader& reader, const model::AttributeProjection& projection,
             DecodeCost& cost, model::SignalBatch& batch)
      : reader_(reader),
        slots_(batch.attributes, cost),
        rejected_(batch.rejected, cost),
        attributes_(reader, projection, slots_),
        keys_(keys),
        batch_(batch),
        resources_(batch.resources, cost),
        scopes_(batch.scopes, cost) {}
  virtual ~JsonExport() = default;

  void Read();

 protected:
  // How many items the batch has (what ScopeEntry::item_begin counts), and how many came at all.
  struct Position {
    uint32_t items = 0;
    uint32_t ordinal = 0;
  };

  Reader& reader_;
  PaidVector<model::SlotValue> slots_;
  PaidVector<model::RejectedItem> rejected_;
  Attributes attributes_;

 private:
  virtual Position Here() const = 0;
  virtual void ReturnTo(Position position) = 0;
  // The item at the cursor.
  virtual void ReadItem() = 0;

  // For a signal that keeps more of an envelope. Raw attributes are the signal's; these are called
  // for those of the array at the cursor, and when a scope or a resource with items is complete.
  virtual model::AttributeRange ReadEnvelopeAttributes(model::AttributeScope scope,
                                                       model::IndexRange& raw);
  virtual void EndScope(model::IndexRange /*raw*/) {}
  virtual void EndResource(model::IndexRange /*raw*/) {}

  // Where the batch was before an array was read.
  struct Mark {
    uint32_t resources;
    uint32_t scopes;
    uint32_t rejected;
    Position position;
    bool has_item_without_time;
  };

  void ReadResourceItems();
  void ReadScopeItems();
  void ReadResource(model::ResourceEntry& resource, model::IndexRange& raw);
  void ReadScope(model::ScopeEntry& scope, model::IndexRange& raw);
  Mark SetMark() const;
  void ReturnTo(const Mark& mark);

  const Keys keys_;
  model::SignalBatch& batch_;
  PaidVector<model::ResourceEntry> resources_;
  PaidVector<model::ScopeEntry> scopes_;
};

extern template class JsonExport<JsonReader>;
extern template class JsonExport<JsonTextReader, JsonTextAttributes>;

// Reads all of `body` into `batch` (cleared first, and again when the answer is an error).
template <typename Export, typename Batch>
absl::Status DecodeJson(std::string& body, const model::AttributeProjection& projection,
                        Batch& batch, base::MemoryLease* lease) {
  batch.Clear();
  absl::Status status =
      ReadJson(body, batch.bytes, lease, [&](JsonReader& reader, DecodeCost& cost) {
        Export(reader, projection, cost, batch).Read();
      });
  if (!status.ok()) batch.Clear();
  return status;
}

// The same with an export of a JsonTextReader. False, and an empty batch, where that gives up.
template <typename Export, typename Batch>
bool DecodeUsualJson(std::string& body, const model::AttributeProjection& projection, Batch& batch,
                     base::MemoryLease* lease) {
  batch.Clear();
  const bool is_usual =
      ReadUsualJson(body, batch.bytes, lease, [&](JsonTextReader& reader, DecodeCost& cost) {
        Export(reader, projection, cost, batch).Read();
      });
  if (!is_usual) batch.Clear();
  return is_usual;
}

}  // namespace slowburn::collector
