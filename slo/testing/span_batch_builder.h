// slo/testing/span_batch_builder.h: a SpanBatch by its parts, as the decoder would project it.
//
// Room     slo, tests only
// Uses     model/
// Threads  one owner
// Units    as model/span_batch.h
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "model/attribute_projection.h"
#include "model/span_batch.h"

namespace slowburn::slo {

// Call Resource, then Scope if it matters, then Add for each of its spans. All text must outlive
// the batch.
class SpanBatchBuilder {
 public:
  using Attributes = std::vector<std::pair<std::string_view, model::AttributeValue>>;

  explicit SpanBatchBuilder(const model::AttributeProjection& projection)
      : projection_(projection) {}

  SpanBatchBuilder& Resource(const Attributes& attributes) {
    model::ResourceEntry resource;
    resource.attributes = Project(model::AttributeScope::kResource, attributes);
    resource.scope_begin = resource.scope_end = static_cast<uint32_t>(batch_.scopes.size());
    batch_.resources.push_back(resource);
    return *this;
  }
  // A resource that is known by its service alone.
  SpanBatchBuilder& Service(std::string_view name) {
    return Resource({{"service.name", model::AttributeValue::String(name)}});
  }
  SpanBatchBuilder& Scope(std::string_view name) {
    model::ScopeEntry scope;
    scope.scope_name = name;
    scope.item_begin = scope.item_end = static_cast<uint32_t>(batch_.spans.size());
    batch_.scopes.push_back(scope);
    batch_.resources.back().scope_end = static_cast<uint32_t>(batch_.scopes.size());
    return *this;
  }
  SpanBatchBuilder& Add(model::Span span, const Attributes& attributes = {}) {
    const model::ResourceEntry& resource = batch_.resources.back();
    if (resource.scope_begin == resource.scope_end) Scope("");
    span.attributes = Project(model::AttributeScope::kItem, attributes);
    batch_.spans.push_back(span);
    batch_.scopes.back().item_end = static_cast<uint32_t>(batch_.spans.size());
    return *this;
  }
  const model::SpanBatch& batch() const { return batch_; }
  model::SpanBatch Take() { return std::move(batch_); }

 private:
  model::AttributeRange Project(model::AttributeScope scope, const Attributes& attributes) {
    model::AttributeRange range;
    range.begin = static_cast<uint32_t>(batch_.attributes.size());
    for (const auto& [name, value] : attributes) {
      const int slot = projection_.Find(scope, name);
      if (slot == model::AttributeProjection::kNone) continue;
      batch_.attributes.push_back({static_cast<uint32_t>(slot), value});
    }
    range.end = static_cast<uint32_t>(batch_.attributes.size());
    return range;
  }

  const model::AttributeProjection& projection_;
  model::SpanBatch batch_;
};

}  // namespace slowburn::slo
