#include "slo/matcher.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <type_traits>

#include <fmt/format.h>

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

// A text that is its own group value.
bool IsPlain(const AttributeValue& value) {
  return value.kind() == AttributeValue::Kind::kString && !value.text().empty() &&
         value.text().size() <= kRawGroupValueBytesMax;
}

// Whether a group key is of one value, this one.
bool IsKeyOf(std::string_view key, std::string_view value) {
  return key.size() == sizeof(uint32_t) + value.size() && key.ends_with(value);
}

// Where the memo of an SLI's group is: by the end of its text, where groups differ most.
constexpr int kMemoBits = 9;
size_t MemoOf(uint32_t sli, std::string_view text) {
  uint64_t end = text.size();
  if (text.size() >= sizeof end) {
    std::memcpy(&end, text.data() + text.size() - sizeof end, sizeof end);
  } else {
    for (const char c : text) end = end << 8 | static_cast<uint8_t>(c);
  }
  return ((end + sli) * 0x9E37'79B9'7F4A'7C15) >> (64 - kMemoBits);
}

struct EventTime {
  Slice slice;
  uint8_t offset_seconds;
};

EventTime TimeOf(uint64_t unix_nano, std::chrono::sys_seconds received) {
  const uint64_t seconds = unix_nano == 0
                               ? static_cast<uint64_t>(received.time_since_epoch().count())
                               : unix_nano / kNanosPerSecond;
  const auto length = static_cast<uint64_t>(kSliceLength.count());
  return {static_cast<Slice>(seconds / length), static_cast<uint8_t>(seconds % length)};
}

template <typename Cursor>
bool AllTrue(const std::vector<ottl::Predicate>& conditions, const Cursor& cursor) {
  return std::all_of(conditions.begin(), conditions.end(),
                     [&](const ottl::Predicate& condition) { return condition.Eval(cursor); });
}

}  // namespace

template <typename Batch>
struct Matcher<Batch>::Compiled {
  struct GroupSlots {
    int item;
    int resource;
  };
  SliId id{};
  std::optional<std::string> service;
  std::vector<ottl::Predicate> on_resource;  // decided once per resource
  std::vector<ottl::Predicate> on_item;
  std::optional<ottl::Predicate> bad;
  std::optional<ottl::Predicate> good;
  std::optional<int64_t> latency_max_nanos;
  std::vector<GroupSlots> group_by;

  static Compiled From(SliId id, const EventSli& events, const std::vector<std::string>& group_by,
                       model::AttributeProjection& projection) {
    Compiled compiled;
    compiled.id = id;
    for (const ottl::Condition& condition : events.match.Conjuncts()) {
      if (!compiled.service.has_value()) {
        compiled.service = condition.PinnedResourceAttribute(kServiceName);
        if (compiled.service.has_value()) continue;  // The index answers it.
      }
      auto& conditions = condition.ReadsOnlyResource() ? compiled.on_resource : compiled.on_item;
      conditions.push_back(ottl::Predicate::Compile(condition, projection));
    }
    if (events.bad.has_value()) compiled.bad = ottl::Predicate::Compile(*events.bad, projection);
    if (events.good.has_value()) compiled.good = ottl::Predicate::Compile(*events.good, projection);
    if (events.latency_max.has_value()) compiled.latency_max_nanos = events.latency_max->count();
    for (const std::string& name : group_by) {
      compiled.group_by.push_back({projection.Add(AttributeScope::kItem, name),
                                   projection.Add(AttributeScope::kResource, name)});
    }
    return compiled;
  }

  // Whether the event is good, or nothing when it is not counted.
  std::optional<bool> IsGood(const Cursor& cursor) const {
    if constexpr (std::is_same_v<Batch, model::SpanBatch>) {
      if (latency_max_nanos.has_value() && cursor.item().duration_nanos() > *latency_max_nanos)
        return false;
    }
    if (bad.has_value() && bad->Eval(cursor)) return false;
    if (!good.has_value()) return true;
    if (good->Eval(cursor)) return true;
    if (bad.has_value()) return std::nullopt;
    return false;
  }
};

template <typename Batch>
struct Matcher<Batch>::Scratch::Memo {
  Slice slice = 0;
  uint32_t stamp = 0;  // of the delta it is of
  uint32_t entry = 0;
};

template <typename Batch>
Matcher<Batch>::Scratch::Scratch(const Matcher& matcher)
    : cursor_(matcher.projection_),
      memos_(matcher.slis_.size()),
      of_groups_(size_t{1} << kMemoBits) {}
template <typename Batch>
Matcher<Batch>::Scratch::~Scratch() = default;

template <typename Batch>
Matcher<Batch>::Matcher(std::span<const IdentifiedSli> slis)
    : service_slot_(projection_.Add(AttributeScope::kResource, kServiceName)) {
  for (const IdentifiedSli& sli : slis) {
    const EventSli* events = sli.spec->events();
    if (events == nullptr || events->signal != Batch::kSignal) continue;
    const auto index = static_cast<uint32_t>(slis_.size());
    slis_.push_back(Compiled::From(sli.id, *events, sli.spec->group_by, projection_));
    if (slis_.back().service.has_value()) {
      by_service_[*slis_.back().service].push_back(index);
    } else {
      anywhere_.push_back(index);
    }
  }
}

template <typename Batch>
Matcher<Batch>::~Matcher() = default;

template <typename Batch>
void Matcher<Batch>::ActivateIfResourceMatches(uint32_t sli, Scratch& scratch) const {
  if (AllTrue(slis_[sli].on_resource, scratch.cursor_)) scratch.active_.push_back(sli);
}

template <typename Batch>
void Matcher<Batch>::Activate(Scratch& scratch) const {
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

// Most events fall into the slice and the group of one that was just there.
template <typename Batch>
uint32_t Matcher<Batch>::EntryFor(uint32_t sli, Slice slice, Scratch& scratch,
                                  SliDelta& delta) const {
  const Compiled& compiled = slis_[sli];
  const uint32_t stamp = scratch.index_.stamp();
  const auto is_of_now = [&](const typename Scratch::Memo& memo) {
    return memo.stamp == stamp && memo.slice == slice;
  };
  const auto find = [&](typename Scratch::Memo& memo) {
    memo = {slice, stamp, scratch.index_.FindOrAppend(compiled.id, slice, scratch.key_, delta)};
    return memo.entry;
  };
  scratch.key_.clear();
  if (compiled.group_by.empty()) {
    typename Scratch::Memo& memo = scratch.memos_[sli];
    return is_of_now(memo) ? memo.entry : find(memo);
  }
  const auto value_of = [&](const typename Compiled::GroupSlots& slots) -> const AttributeValue& {
    const AttributeValue& of_item = scratch.cursor_.Attribute(AttributeScope::kItem, slots.item);
    return of_item.is_nil() ? scratch.cursor_.Attribute(AttributeScope::kResource, slots.resource)
                            : of_item;
  };
  const AttributeValue& first = value_of(compiled.group_by.front());
  if (compiled.group_by.size() > 1 || !IsPlain(first)) {
    for (const auto& slots : compiled.group_by) AppendValue(scratch.key_, value_of(slots));
    return scratch.index_.FindOrAppend(compiled.id, slice, scratch.key_, delta);
  }
  typename Scratch::Memo& memo = scratch.of_groups_[MemoOf(sli, first.text())];
  if (is_of_now(memo)) {
    const SliDelta::Entry& entry = delta.entries()[memo.entry];
    if (entry.sli == compiled.id && IsKeyOf(delta.key(entry), first.text())) return memo.entry;
  }
  AppendGroupValue(scratch.key_, first.text());
  return find(memo);
}

template <typename Batch>
void Matcher<Batch>::CountItem(std::chrono::sys_seconds received, Scratch& scratch,
                               SliDelta& delta) const {
  const EventTime time = TimeOf(scratch.cursor_.item().event_time_unix_nano(), received);
  for (const uint32_t sli : scratch.active_) {
    const Compiled& compiled = slis_[sli];
    if (!AllTrue(compiled.on_item, scratch.cursor_)) continue;
    const std::optional<bool> good = compiled.IsGood(scratch.cursor_);
    if (!good.has_value()) continue;
    const uint32_t entry = EntryFor(sli, time.slice, scratch, delta);
    delta.Count(entry, *good, time.offset_seconds);
    if constexpr (std::is_same_v<Batch, model::SpanBatch>) {
      if (compiled.latency_max_nanos.has_value())
        scratch.latencies_.Add(entry,
                               static_cast<uint64_t>(scratch.cursor_.item().duration_nanos()));
    }
  }
}

template <typename Batch>
SliDelta Matcher<Batch>::Match(const Batch& batch, std::chrono::sys_seconds received,
                               Scratch& scratch) const {
  SliDelta delta(Batch::kSignal);
  if (scratch.index_.Begin())
    for (auto* memos : {&scratch.memos_, &scratch.of_groups_})
      std::fill(memos->begin(), memos->end(), typename Scratch::Memo{});
  for (const model::ResourceEntry& resource : batch.resources) {
    scratch.cursor_.EnterResource(batch, resource);
    Activate(scratch);
    if (scratch.active_.empty()) continue;
    for (uint32_t s = resource.scope_begin; s < resource.scope_end; ++s) {
      const model::ScopeEntry& scope = batch.scopes[s];
      scratch.cursor_.EnterScope(batch, scope);
      for (uint32_t i = scope.item_begin; i < scope.item_end; ++i) {
        scratch.cursor_.EnterItem(batch, batch.items()[i]);
        CountItem(received, scratch, delta);
      }
    }
  }
  if (!scratch.latencies_.empty()) delta.set_latencies(scratch.latencies_.Take());
  return delta;
}

template class Matcher<model::SpanBatch>;
template class Matcher<model::LogBatch>;

}  // namespace slowburn::slo
