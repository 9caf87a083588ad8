#include "slo/matcher.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "ottl/predicate.h"

namespace slowburn::slo {
namespace {

using model::AttributeScope;
using model::AttributeValue;

constexpr std::string_view kServiceName = "service.name";
constexpr std::string_view kAbsent = "__none__";
constexpr uint64_t kNanosPerSecond = 1'000'000'000;

// A group value as text. Arrays, maps and bytes name no group.
void AppendValue(std::string& key, const AttributeValue& value) {
  switch (value.kind()) {
    case AttributeValue::Kind::kString:
      AppendGroupValue(
          key, value.text().empty() ? kAbsent : value.text().substr(0, kRawGroupValueBytesMax));
      return;
    case AttributeValue::Kind::kBool:
      AppendGroupValue(key, value.boolean() ? "true" : "false");
      return;
    case AttributeValue::Kind::kInt: {
      const fmt::format_int text(value.integer());
      AppendGroupValue(key, {text.data(), text.size()});
      return;
    }
    case AttributeValue::Kind::kDouble: {
      char text[32];
      const auto end = fmt::format_to_n(text, sizeof text, "{}", value.number()).out;
      AppendGroupValue(key, {text, static_cast<size_t>(end - text)});
      return;
    }
    case AttributeValue::Kind::kNil:
    case AttributeValue::Kind::kBytes:
    case AttributeValue::Kind::kComposite:
      AppendGroupValue(key, kAbsent);
      return;
  }
}

struct EventTime {
  Slice slice;
  uint8_t offset_seconds;
};

EventTime TimeOf(const model::Span& span, std::chrono::sys_seconds received) {
  const uint64_t seconds = span.end_time_unix_nano == 0
                               ? static_cast<uint64_t>(received.time_since_epoch().count())
                               : span.end_time_unix_nano / kNanosPerSecond;
  const auto length = static_cast<uint64_t>(kSliceLength.count());
  return {static_cast<Slice>(seconds / length), static_cast<uint8_t>(seconds % length)};
}

bool AllTrue(const std::vector<ottl::Predicate>& conditions, const model::SpanCursor& cursor) {
  return std::all_of(conditions.begin(), conditions.end(),
                     [&](const ottl::Predicate& condition) { return condition.Eval(cursor); });
}

}  // namespace

struct Matcher::Compiled {
  struct GroupSlots {
    int span;
    int resource;
  };
  SliId id{};
  std::optional<std::string> service;
  std::vector<ottl::Predicate> on_resource;  // decided once per resource
  std::vector<ottl::Predicate> on_span;
  std::optional<ottl::Predicate> bad;
  std::optional<ottl::Predicate> good;
  std::optional<int64_t> latency_max_nanos;
  std::vector<GroupSlots> group_by;

  static Compiled From(const Sli& sli, model::AttributeProjection& projection) {
    Compiled compiled;
    compiled.id = sli.id;
    const EventSli& events = *sli.spec->events();
    for (const ottl::Condition& condition : events.match.Conjuncts()) {
      if (!compiled.service.has_value()) {
        compiled.service = condition.PinnedResourceAttribute(kServiceName);
        if (compiled.service.has_value()) continue;  // The index answers it.
      }
      auto& conditions = condition.ReadsOnlyResource() ? compiled.on_resource : compiled.on_span;
      conditions.push_back(ottl::Predicate::Compile(condition, projection));
    }
    if (events.bad.has_value()) compiled.bad = ottl::Predicate::Compile(*events.bad, projection);
    if (events.good.has_value()) compiled.good = ottl::Predicate::Compile(*events.good, projection);
    if (events.latency_max.has_value()) compiled.latency_max_nanos = events.latency_max->count();
    for (const std::string& name : sli.spec->group_by) {
      compiled.group_by.push_back({projection.Add(AttributeScope::kItem, name),
                                   projection.Add(AttributeScope::kResource, name)});
    }
    return compiled;
  }

  // Whether the event is good, or nothing when it is not counted.
  std::optional<bool> IsGood(const model::SpanCursor& cursor) const {
    if (latency_max_nanos.has_value() && cursor.item().duration_nanos() > *latency_max_nanos)
      return false;
    if (bad.has_value() && bad->Eval(cursor)) return false;
    if (!good.has_value()) return true;
    if (good->Eval(cursor)) return true;
    if (bad.has_value()) return std::nullopt;
    return false;
  }
};

struct Matcher::Scratch::Memo {
  Slice slice = 0;
  uint32_t stamp = 0;  // of the Match that set it
  uint32_t entry = 0;
};

Matcher::Scratch::Scratch(const Matcher& matcher)
    : cursor_(matcher.projection_), memos_(matcher.slis_.size()), cells_(256, 0) {}
Matcher::Scratch::~Scratch() = default;

Matcher::Matcher(std::span<const Sli> slis)
    : service_slot_(projection_.Add(AttributeScope::kResource, kServiceName)) {
  slis_.reserve(slis.size());
  for (const Sli& sli : slis) {
    const auto index = static_cast<uint32_t>(slis_.size());
    slis_.push_back(Compiled::From(sli, projection_));
    if (slis_.back().service.has_value()) {
      by_service_[*slis_.back().service].push_back(index);
    } else {
      anywhere_.push_back(index);
    }
  }
}

Matcher::~Matcher() = default;

void Matcher::ActivateIfResourceMatches(uint32_t sli, Scratch& scratch) const {
  if (AllTrue(slis_[sli].on_resource, scratch.cursor_)) scratch.active_.push_back(sli);
}

void Matcher::Activate(Scratch& scratch) const {
  scratch.active_.clear();
  const AttributeValue& service =
      scratch.cursor_.Attribute(AttributeScope::kResource, service_slot_);
  if (service.kind() == AttributeValue::Kind::kString) {
    const auto found =
        by_service_.find(absl::string_view(service.text().data(), service.text().size()));
    if (found != by_service_.end()) {
      for (const uint32_t sli : found->second) ActivateIfResourceMatches(sli, scratch);
    }
  }
  for (const uint32_t sli : anywhere_) ActivateIfResourceMatches(sli, scratch);
}

uint32_t Matcher::FindOrAppend(const Compiled& sli, Slice slice, Scratch& scratch,
                               SliDelta& delta) const {
  const uint64_t seed = (uint64_t{static_cast<uint32_t>(sli.id)} << 32) | slice;
  const uint64_t hash = XXH3_64bits_withSeed(scratch.key_.data(), scratch.key_.size(), seed);
  if (delta.entries().size() * 2 >= scratch.cells_.size()) {
    // Grow by starting over: entries of this delta are put back by their own keys.
    std::vector<uint64_t> larger(scratch.cells_.size() * 4, 0);
    const size_t mask = larger.size() - 1;
    for (uint32_t i = 0; i < delta.entries().size(); ++i) {
      const SliDelta::Entry& entry = delta.entries()[i];
      const uint64_t entry_seed = (uint64_t{static_cast<uint32_t>(entry.sli)} << 32) | entry.slice;
      size_t at = XXH3_64bits_withSeed(delta.key(entry).data(), entry.key_size, entry_seed) & mask;
      while (larger[at] != 0) at = (at + 1) & mask;
      larger[at] = (uint64_t{scratch.stamp_} << 32) | i;
    }
    scratch.cells_ = std::move(larger);
  }
  const size_t mask = scratch.cells_.size() - 1;
  size_t at = hash & mask;
  while (scratch.cells_[at] >> 32 == scratch.stamp_) {
    const auto index = static_cast<uint32_t>(scratch.cells_[at]);
    const SliDelta::Entry& entry = delta.entries()[index];
    if (entry.sli == sli.id && entry.slice == slice && delta.key(entry) == scratch.key_)
      return index;
    at = (at + 1) & mask;
  }
  const uint32_t index = delta.Append(sli.id, slice, scratch.key_);
  scratch.cells_[at] = (uint64_t{scratch.stamp_} << 32) | index;
  return index;
}

uint32_t Matcher::EntryFor(uint32_t sli, Slice slice, Scratch& scratch, SliDelta& delta) const {
  const Compiled& compiled = slis_[sli];
  Scratch::Memo& memo = scratch.memos_[sli];
  scratch.key_.clear();
  if (compiled.group_by.empty()) {
    // Most events fall into the slice of the one before.
    if (memo.stamp == scratch.stamp_ && memo.slice == slice) return memo.entry;
    memo = {slice, scratch.stamp_, FindOrAppend(compiled, slice, scratch, delta)};
    return memo.entry;
  }
  for (const Compiled::GroupSlots& slots : compiled.group_by) {
    const AttributeValue& of_span = scratch.cursor_.Attribute(AttributeScope::kItem, slots.span);
    AppendValue(scratch.key_, of_span.is_nil() ? scratch.cursor_.Attribute(
                                                     AttributeScope::kResource, slots.resource)
                                               : of_span);
  }
  if (memo.stamp == scratch.stamp_ && memo.slice == slice &&
      delta.key(delta.entries()[memo.entry]) == scratch.key_) {
    return memo.entry;
  }
  memo = {slice, scratch.stamp_, FindOrAppend(compiled, slice, scratch, delta)};
  return memo.entry;
}

void Matcher::CountSpan(std::chrono::sys_seconds received, Scratch& scratch,
                        SliDelta& delta) const {
  const EventTime time = TimeOf(scratch.cursor_.item(), received);
  for (const uint32_t sli : scratch.active_) {
    const Compiled& compiled = slis_[sli];
    if (!AllTrue(compiled.on_span, scratch.cursor_)) continue;
    const std::optional<bool> good = compiled.IsGood(scratch.cursor_);
    if (!good.has_value()) continue;
    delta.Count(EntryFor(sli, time.slice, scratch, delta), *good, time.offset_seconds);
  }
}

SliDelta Matcher::Match(const model::SpanBatch& batch, std::chrono::sys_seconds received,
                        Scratch& scratch) const {
  SliDelta delta;
  if (++scratch.stamp_ == 0) {  // The stamp came round: old cells and memos must not look new.
    std::fill(scratch.cells_.begin(), scratch.cells_.end(), 0);
    std::fill(scratch.memos_.begin(), scratch.memos_.end(), Scratch::Memo{});
    scratch.stamp_ = 1;
  }
  for (const model::ResourceEntry& resource : batch.resources) {
    scratch.cursor_.EnterResource(batch, resource);
    Activate(scratch);
    if (scratch.active_.empty()) continue;
    for (uint32_t s = resource.scope_begin; s < resource.scope_end; ++s) {
      const model::ScopeEntry& scope = batch.scopes[s];
      scratch.cursor_.EnterScope(batch, scope);
      for (uint32_t i = scope.item_begin; i < scope.item_end; ++i) {
        scratch.cursor_.EnterItem(batch, batch.spans[i]);
        CountSpan(received, scratch, delta);
      }
    }
  }
  return delta;
}

}  // namespace slowburn::slo
