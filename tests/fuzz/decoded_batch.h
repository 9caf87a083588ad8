// tests/fuzz/decoded_batch.h: what every decoder of requests promises, whatever the bytes.
//
// Room     tests/fuzz
// Uses     collector/, model/
// Threads  one
// Units    bytes
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "base/memory_budget.h"
#include "collector/without_items.h"
#include "model/attribute_projection.h"
#include "model/rejection.h"
#include "model/signal.h"
#include "tests/fuzz/fuzz_target.h"

namespace slowburn {

// Some names that seeds have.
inline model::AttributeProjection FuzzProjection() {
  model::AttributeProjection projection;
  projection.Add(model::AttributeScope::kResource, "service.name");
  projection.Add(model::AttributeScope::kScope, "scope.attribute");
  projection.Add(model::AttributeScope::kItem, "http.route");
  projection.Add(model::AttributeScope::kItem, "");
  return projection;
}

// A large vector has addresses for all that its request can still pay for, and some batches have
// several; how much of it becomes memory is asked by collector/otlp_amplification_test.cc.
inline constexpr size_t kBatchBytesMin = 160 << 20;
inline constexpr size_t kBatchBytesPerByte = 20;

// `batch` came of `body_bytes` bytes.
template <typename Batch>
void CheckBatch(const Batch& batch, size_t body_bytes) {
  FUZZ_CHECK(batch.memory_bytes() <= std::max(kBatchBytesMin, kBatchBytesPerByte * body_bytes));
  FUZZ_CHECK(std::is_sorted(batch.rejected.begin(), batch.rejected.end(),
                            [](const auto& a, const auto& b) { return a.ordinal < b.ordinal; }));
  for (const model::ScopeEntry& scope : batch.scopes) {
    FUZZ_CHECK(scope.item_begin <= scope.item_end);
    FUZZ_CHECK(scope.attributes.end <= batch.attributes.size());
  }
  for (const model::ResourceEntry& resource : batch.resources) {
    FUZZ_CHECK(resource.scope_end <= batch.scopes.size());
    FUZZ_CHECK(resource.attributes.end <= batch.attributes.size());
  }
}

// A protobuf request without its rejected items decodes to the accepted ones, and to nothing else.
template <typename Batch, typename Decode>
void CheckWithoutRejected(model::Signal signal, std::string_view body, const Batch& batch,
                          const Decode& decode) {
  const std::string rest = collector::WithoutItems(signal, body, batch.rejected);
  FUZZ_CHECK(rest.size() <= body.size());
  Batch again;
  FUZZ_CHECK(decode(rest, again).ok());
  FUZZ_CHECK(again.accepted() == batch.accepted());
  FUZZ_CHECK(again.rejected.empty());
}

}  // namespace slowburn
