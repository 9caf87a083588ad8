// ottl/testing/one_span.h: one span, with its scope and resource, to try conditions on.
//
// Room     ottl, tests only
// Uses     model/, ottl/
// Threads  one owner
// Units    as model/span_batch.h
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/span_batch.h"
#include "model/span_cursor.h"
#include "ottl/predicate.h"

namespace slowburn::ottl {

// A span by its parts; what its text members view must outlive it.
struct OneSpan {
  using Attributes = std::vector<std::pair<std::string, model::AttributeValue>>;

  Attributes resource_attributes, scope_attributes, span_attributes;
  model::ResourceEntry resource;
  model::ScopeEntry scope;
  model::Span span;

  // A batch of this span alone, with the attributes that the projection keeps: what the decoder
  // would make of it.
  model::SpanBatch Batch(const model::AttributeProjection& projection) const {
    model::SpanBatch batch;
    const auto add = [&](model::AttributeScope at, const Attributes& attributes) {
      model::AttributeRange range{.begin = static_cast<uint32_t>(batch.attributes.size())};
      for (const auto& [name, value] : attributes) {
        const int slot = projection.Find(at, name);
        if (slot != model::AttributeProjection::kNone) {
          batch.attributes.push_back({static_cast<uint32_t>(slot), value});
        }
      }
      range.end = static_cast<uint32_t>(batch.attributes.size());
      return range;
    };
    batch.resources = {resource};
    batch.resources[0].attributes = add(model::AttributeScope::kResource, resource_attributes);
    batch.resources[0].scope_end = 1;
    batch.scopes = {scope};
    batch.scopes[0].attributes = add(model::AttributeScope::kScope, scope_attributes);
    batch.scopes[0].item_end = 1;
    batch.spans = {span};
    batch.spans[0].attributes = add(model::AttributeScope::kItem, span_attributes);
    return batch;
  }

  bool Eval(const Condition& condition) const {
    model::AttributeProjection projection;
    const Predicate predicate = Predicate::Compile(condition, projection);
    const model::SpanBatch batch = Batch(projection);
    model::SpanCursor cursor(projection);
    cursor.EnterResource(batch, batch.resources[0]);
    cursor.EnterScope(batch, batch.scopes[0]);
    cursor.EnterSpan(batch, batch.spans[0]);
    return predicate.Eval(cursor);
  }
};

}  // namespace slowburn::ottl
