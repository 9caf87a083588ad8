// slo/matcher.h: spans -> what they add to the counts of every SLI.
//
// Room     slo
// Uses     model/, ottl/, slo/
// Threads  immutable; Match from any thread, each with its own Scratch
// Units    events
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <absl/container/flat_hash_map.h>

#include "model/attribute_projection.h"
#include "model/item_cursor.h"
#include "model/span_batch.h"
#include "slo/sli_delta.h"
#include "slo/sli_spec.h"

namespace slowburn::slo {

// One generation of SLIs. An SLI that pins resource.attributes["service.name"] is found by that
// name, and conditions on the resource alone are decided once per resource: the cost of a span
// follows the SLIs that apply to its service, not all SLIs.
class Matcher {
 public:
  struct Sli {
    SliId id{};
    const SliSpec* spec = nullptr;  // of spans
  };
  // Distinct SLIs; the specs are read now and not kept.
  explicit Matcher(std::span<const Sli> slis);
  ~Matcher();
  Matcher(const Matcher&) = delete;
  Matcher& operator=(const Matcher&) = delete;

  // What a batch must be decoded with.
  const model::AttributeProjection& projection() const { return projection_; }

  // Working memory of one thread, for one Matcher.
  class Scratch {
   public:
    explicit Scratch(const Matcher& matcher);
    ~Scratch();

   private:
    friend class Matcher;
    struct Memo;
    model::SpanCursor cursor_;
    std::vector<uint32_t> active_;  // SLIs that apply to the current resource
    std::vector<Memo> memos_;       // per SLI: the entry of its last event
    std::vector<uint64_t> cells_;   // open addressing: stamp << 32 | entry
    uint32_t stamp_ = 0;
    std::string key_;
  };

  // A span without an end time counts at `received`.
  SliDelta Match(const model::SpanBatch& batch, std::chrono::sys_seconds received,
                 Scratch& scratch) const;

 private:
  struct Compiled;
  void Activate(Scratch& scratch) const;
  void ActivateIfResourceMatches(uint32_t sli, Scratch& scratch) const;
  void CountSpan(std::chrono::sys_seconds received, Scratch& scratch, SliDelta& delta) const;
  uint32_t EntryFor(uint32_t sli, Slice slice, Scratch& scratch, SliDelta& delta) const;
  uint32_t FindOrAppend(const Compiled& sli, Slice slice, Scratch& scratch, SliDelta& delta) const;

  model::AttributeProjection projection_;
  int service_slot_;
  std::vector<Compiled> slis_;
  absl::flat_hash_map<std::string, std::vector<uint32_t>> by_service_;
  std::vector<uint32_t> anywhere_;  // SLIs that pin no service
};

}  // namespace slowburn::slo
