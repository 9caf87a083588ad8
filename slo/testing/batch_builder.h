// slo/testing/batch_builder.h: a SpanBatch or LogBatch by its parts, as the decoder would project
// it.
//
// Room     slo, tests only
// Uses     model/
// Threads  one owner
// Units    as model/span_batch.h and model/log_batch.h
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "model/attribute_projection.h"
#include "model/log_batch.h"
#include "model/span_batch.h"

namespace slowburn::slo {

// Call Resource, then Scope if it matters, then Add for each of its items. All text must outlive
// the batch.
template <typename Batch>
class BatchBuilder {
 public:
  using Attributes = std::vector<std::pair<std::string_view, model::AttributeValue>>;

  explicit BatchBuilder(const model::AttributeProjection& projection) : projection_(projection) {}

  BatchBuilder& Resource(const Attributes& attributes) {
    model::ResourceEntry resource;
    resource.attributes = Project(model::AttributeScope::kResource, attributes);
    resource.scope_begin = resource.scope_end = static_cast<uint32_t>(batch_.scopes.size());
    batch_.resources.push_back(resource);
    return *this;
  }
  // A resource that is known by its service alone.
  BatchBuilder& Service(std::string_view name) {
    return Resource({{"service.name", model::AttributeValue::String(name)}});
  }
  BatchBuilder& Scope(std::string_view name) {
    model::ScopeEntry scope;
    scope.scope_name = name;
    scope.item_begin = scope.item_end = static_cast<uint32_t>(batch_.items().size());
    batch_.scopes.push_back(scope);
    batch_.resources.back().scope_end = static_cast<uint32_t>(batch_.scopes.size());
    return *this;
  }
  BatchBuilder& Add(typename Batch::Item item, const Attributes& attributes = {}) {
    const model::ResourceEntry& resource = batch_.resources.back();
    if (resource.scope_begin == resource.scope_end) Scope("");
    item.attributes = Project(model::AttributeScope::kItem, attributes);
    Items(batch_).push_back(item);
    batch_.scopes.back().item_end = static_cast<uint32_t>(batch_.items().size());
    return *this;
  }
  const Batch& batch() const { return batch_; }
  Batch Take() { return std::move(batch_); }

 private:
  static std::vector<model::Span>& Items(model::SpanBatch& batch) { return batch.spans; }
  static std::vector<model::LogRecord>& Items(model::LogBatch& batch) { return batch.records; }
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
  Batch batch_;
};

using SpanBatchBuilder = BatchBuilder<model::SpanBatch>;
using LogBatchBuilder = BatchBuilder<model::LogBatch>;

}  // namespace slowburn::slo
