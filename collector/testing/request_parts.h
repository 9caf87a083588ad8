// collector/testing/request_parts.h: what random requests of all signals are made of, and the same
// things of requests and batches as text, to compare them.
//
// Room     collector/testing
// Uses     model/, the generated OTLP classes
// Threads  one generator, one thread
// Units    none
#pragma once

#include <bit>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "model/attribute_projection.h"
#include "model/signal_batch.h"
#include "opentelemetry/proto/common/v1/common.pb.h"
#include "opentelemetry/proto/resource/v1/resource.pb.h"

namespace slowburn::collector {

using Random = std::mt19937_64;

int Below(int n, Random& random);
bool OneIn(int n, Random& random);
std::string RandomText(size_t size_max, Random& random);
std::string RandomBytes(size_t size, Random& random);
// Sometimes none: all zero, or another size.
std::string RandomId(size_t size, Random& random);
// A key that TestProjection may have.
const char* RandomKey(Random& random);
// Every member of AnyValue, and none.
void FillValue(opentelemetry::proto::common::v1::AnyValue& value, Random& random);
// 12 attributes, as SDKs send them.
void FillTypicalResource(opentelemetry::proto::resource::v1::Resource& resource, Random& random);

// With attributes.
void FillResource(opentelemetry::proto::resource::v1::Resource& resource, Random& random);
void FillScope(opentelemetry::proto::common::v1::InstrumentationScope& scope, Random& random);

template <typename Attributes>
void AddAttributes(int count, Attributes& attributes, Random& random) {
  for (int i = 0; i < count; ++i) {
    auto& attribute = *attributes.Add();
    attribute.set_key(RandomKey(random));
    if (!OneIn(10, random)) FillValue(*attribute.mutable_value(), random);
  }
}

// Five names in each scope, some of those that RandomKey makes.
model::AttributeProjection TestProjection();

// --- As text ------------------------------------------------------------------------------------

std::string Hex(std::string_view bytes);
// So that NaNs compare.
inline uint64_t Bits(double value) { return std::bit_cast<uint64_t>(value); }
bool HasNonZero(std::string_view id, size_t size);
// The id in hex, or "" for one that is none.
std::string IdText(std::string_view id, size_t size);
std::string Text(const opentelemetry::proto::common::v1::AnyValue& value);
std::string Text(const model::AttributeValue& value);

// The last value of each slot counts, so a map it is.
using SlotTexts = std::map<uint32_t, std::string>;
std::string Text(const SlotTexts& values);

template <typename Attributes>
SlotTexts Projected(const Attributes& attributes, model::AttributeScope scope,
                    const model::AttributeProjection& projection) {
  SlotTexts values;
  for (const auto& attribute : attributes) {
    const int slot = projection.Find(scope, attribute.key());
    if (slot != model::AttributeProjection::kNone) {
      values[static_cast<uint32_t>(slot)] = Text(attribute.value());
    }
  }
  return values;
}
SlotTexts Projected(const model::SignalBatch& batch, model::AttributeRange range);

// A resource and a scope with what is projected of them.
template <typename Resource>
std::string ResourceText(const Resource& resource, const model::AttributeProjection& projection) {
  return fmt::format(
      "resource dropped {}{}", resource.dropped_attributes_count(),
      Text(Projected(resource.attributes(), model::AttributeScope::kResource, projection)));
}
template <typename ScopeItems>
std::string ScopeText(const ScopeItems& items, const model::AttributeProjection& projection) {
  const auto& scope = items.scope();
  return fmt::format(
      " | scope {} {} {}{}", scope.name(), scope.version(), items.schema_url(),
      Text(Projected(scope.attributes(), model::AttributeScope::kScope, projection)));
}
std::string ResourceText(const model::SignalBatch& batch, const model::ResourceEntry& resource);
std::string ScopeText(const model::SignalBatch& batch, const model::ScopeEntry& scope);

// For each scope of a batch: what(text of its resource and it, the scope's index). Adds a line for
// what does not lie one after the other: resources, scopes, and the `items` of the scopes.
template <typename Lines, typename Fn>
void ForEachScope(const model::SignalBatch& batch, size_t items, Lines& lines, const Fn& what) {
  uint32_t next_scope = 0;
  uint32_t next_item = 0;
  for (const model::ResourceEntry& resource : batch.resources) {
    if (resource.scope_begin != next_scope) lines.push_back("scopes do not follow each other");
    next_scope = resource.scope_end;
    for (uint32_t s = resource.scope_begin; s < resource.scope_end; ++s) {
      const model::ScopeEntry& scope = batch.scopes.at(s);
      if (scope.item_begin != next_item) lines.push_back("items do not follow each other");
      next_item = scope.item_end;
      what(ResourceText(batch, resource) + ScopeText(batch, scope), s);
    }
  }
  if (next_scope != batch.scopes.size()) lines.push_back("a scope of no resource");
  if (next_item != items) lines.push_back("an item of no scope");
}

// "rejected 3 no_time"
std::string RejectedText(uint32_t ordinal, model::Rejection reason);

}  // namespace slowburn::collector
