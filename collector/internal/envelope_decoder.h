// collector/internal/envelope_decoder.h: what the exports of all signals have around their items.
//
// Room     collector/internal
// Uses     model/, collector/internal
// Threads  one owner
// Units    bytes
// Source   OTLP: ExportXServiceRequest, ResourceX, ScopeX; requirements R5, R6, R12, E14
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <absl/status/status.h>

#include "collector/internal/attribute_reader.h"
#include "collector/internal/decode_cost.h"
#include "collector/internal/otlp_fields.h"
#include "collector/internal/wire_reader.h"
#include "model/attribute_projection.h"
#include "model/signal_batch.h"

// How a request becomes a batch in one pass. Items are decoded where they stand, straight into the
// batch. What surrounds them (a resource, a scope) may come before or after them on the wire, so
// its own entry is appended when its message ends; its attributes are one range wherever they land.
// A resource or scope that the wire repeats with something between moves what it had to the end,
// where the rest follows.
//
// What nobody reads is skipped by its length: events, links, attributes without a slot, the inside
// of arrays and maps. Bytes that are broken there are not found here.

namespace slowburn::collector {

// kResourceExhausted: larger than a protobuf message can be.
absl::Status CheckMessageSize(std::string_view body);
// kInvalidArgument: what is wrong, where, and what should have been sent.
absl::Status NotThisMessage(std::string_view place, std::string_view what,
                            std::string_view message_name);
// kResourceExhausted.
absl::Status TooCostly(std::string_view body, std::string_view place);
// kUnavailable.
absl::Status ShortOfMemory();

// The walk from a request down to its items. `Decoder` derives from it and has
//   static constexpr kMessageName, kResourceItems, kScopeItems   for messages
//   void DecodeItem(std::string_view message)                    a span, a log record, a metric
//   uint32_t ItemCount() const                                   how many the batch has
// and may have the hooks below.
template <typename Decoder, typename Batch>
class EnvelopeDecoder {
 public:
  // Clears `batch` first, and again when the answer is an error.
  static absl::Status Run(std::string_view body, const model::AttributeProjection& projection,
                          Batch& batch, base::MemoryLease* lease) {
    batch.Clear();
    if (absl::Status status = CheckMessageSize(body); !status.ok()) return status;
    Decoder decoder(body, projection, batch, lease);
    try {
      decoder.DecodeRequest();
      return absl::OkStatus();
    } catch (const protozero::exception& broken) {
      batch.Clear();
      return NotThisMessage(decoder.Place(), broken.what(), Decoder::kMessageName);
    } catch (const CostExceeded&) {
      batch.Clear();
      return TooCostly(body, decoder.Place());
    } catch (const MemoryRefused&) {
      batch.Clear();
      return ShortOfMemory();
    }
  }

 protected:
  EnvelopeDecoder(std::string_view body, const model::AttributeProjection& projection, Batch& batch,
                  base::MemoryLease* lease)
      : body_(body),
        projection_(projection),
        batch_(batch),
        cost_(body.size(), lease),
        resources_(batch.resources, cost_),
        scopes_(batch.scopes, cost_),
        attributes_(batch.attributes, cost_),
        rejected_(batch.rejected, cost_),
        at_{"request", body.data()} {}

  // Where an element begins: "span" at its first byte.
  struct Element {
    const char* what;
    const char* begin;
  };
  void At(Element element) { at_ = element; }

  void DecodeAttribute(model::AttributeScope scope, std::string_view key_value) {
    KeyValueParts parts;
    if (!SplitUsualKeyValue(key_value, parts)) parts = SplitKeyValue(key_value);
    const int slot = projection_.Find(scope, parts.key);
    if (slot == model::AttributeProjection::kNone) return;
    // Written where it stays: a copy of what was just stored in parts stalls the processor.
    model::SlotValue& kept = attributes_.Append();
    kept.slot = static_cast<uint32_t>(slot);
    if (parts.values == 1) {
      ReadAnyValue(parts.any_value, kept.value);
    } else {
      ReadRepeatedValue(key_value, kept.value);
    }
  }

  // For a decoder that keeps more of an envelope. `is_kept`: it holds items, and is in the batch.
  void BeginResourceItems() {}
  void EndResourceItems(bool /*is_kept*/) {}
  void BeginScopeItems() {}
  void EndScopeItems(bool /*is_kept*/) {}
  void KeepEnvelopeAttribute(model::AttributeScope, std::string_view /*key_value*/) {}

  std::string_view body_;
  const model::AttributeProjection& projection_;
  Batch& batch_;
  DecodeCost cost_;
  PaidVector<model::ResourceEntry> resources_;
  PaidVector<model::ScopeEntry> scopes_;
  PaidVector<model::SlotValue> attributes_;
  PaidVector<model::RejectedItem> rejected_;

 private:
  Decoder& self() { return static_cast<Decoder&>(*this); }

  // "span at byte 1024"
  std::string Place() const {
    return std::string(at_.what) + " at byte " + std::to_string(at_.begin - body_.data());
  }

  void DecodeRequest() {
    WireReader reader(body_);
    while (reader.Next()) {
      if (reader.tag() == tags::kRequestResourceItems) {
        DecodeResourceItems(reader.Bytes());
        at_ = {"request", body_.data()};
      } else {
        reader.Skip();
      }
    }
  }

  void DecodeResourceItems(std::string_view message) {
    const Element here{Decoder::kResourceItems, message.data()};
    at_ = here;
    const uint32_t attributes_begin = attributes_.size();
    model::ResourceEntry resource;
    resource.scope_begin = scopes_.size();
    self().BeginResourceItems();
    WireReader reader(message);
    while (reader.Next()) {
      switch (reader.tag()) {
        case tags::kResourceItemsResource:
          DecodeResource(reader.Bytes(), resource);
          break;
        case tags::kResourceItemsScopeItems:
          DecodeScopeItems(reader.Bytes());
          at_ = here;
          break;
        default:
          reader.Skip();
      }
    }
    resource.scope_end = scopes_.size();
    const bool is_kept = resource.scope_end > resource.scope_begin;
    if (is_kept) {
      resources_.Append(resource);
    } else {
      attributes_.DropFrom(attributes_begin);
    }
    self().EndResourceItems(is_kept);
  }

  void DecodeScopeItems(std::string_view message) {
    const Element here{Decoder::kScopeItems, message.data()};
    at_ = here;
    const uint32_t attributes_begin = attributes_.size();
    model::ScopeEntry scope;
    scope.item_begin = self().ItemCount();
    self().BeginScopeItems();
    WireReader reader(message);
    while (reader.Next()) {
      switch (reader.tag()) {
        case tags::kScopeItemsItems:
          self().DecodeItem(reader.Bytes());
          at_ = here;
          break;
        case tags::kScopeItemsScope:
          DecodeScope(reader.Bytes(), scope);
          break;
        case tags::kScopeItemsSchemaUrl:
          scope.schema_url = reader.Bytes();
          break;
        default:
          reader.Skip();
      }
    }
    scope.item_end = self().ItemCount();
    const bool is_kept = scope.item_end > scope.item_begin;
    if (is_kept) {
      scopes_.Append(scope);
    } else {
      attributes_.DropFrom(attributes_begin);
    }
    self().EndScopeItems(is_kept);
  }

  void DecodeResource(std::string_view message, model::ResourceEntry& resource) {
    attributes_.Reopen(resource.attributes);
    WireReader reader(message);
    while (reader.Next()) {
      switch (reader.tag()) {
        case tags::kResourceAttributes:
          DecodeEnvelopeAttribute(model::AttributeScope::kResource, reader.Bytes());
          break;
        case tags::kResourceDroppedAttributes:
          resource.dropped_attributes_count = static_cast<uint32_t>(reader.Varint());
          break;
        default:
          reader.Skip();
      }
    }
    resource.attributes.end = attributes_.size();
  }

  void DecodeScope(std::string_view message, model::ScopeEntry& scope) {
    attributes_.Reopen(scope.attributes);
    WireReader reader(message);
    while (reader.Next()) {
      switch (reader.tag()) {
        case tags::kScopeName:
          scope.scope_name = reader.Bytes();
          break;
        case tags::kScopeVersion:
          scope.scope_version = reader.Bytes();
          break;
        case tags::kScopeAttributes:
          DecodeEnvelopeAttribute(model::AttributeScope::kScope, reader.Bytes());
          break;
        default:
          reader.Skip();
      }
    }
    scope.attributes.end = attributes_.size();
  }

  void DecodeEnvelopeAttribute(model::AttributeScope scope, std::string_view key_value) {
    DecodeAttribute(scope, key_value);
    self().KeepEnvelopeAttribute(scope, key_value);
  }

  Element at_;
};

}  // namespace slowburn::collector
