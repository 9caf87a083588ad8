#include "tests/sim/reference_counts.h"

#include <algorithm>
#include <utility>

namespace slowburn::sim {
namespace {

constexpr int64_t kSliceSeconds = 10;
constexpr int64_t kSlicesPerDay = 8640;
constexpr int64_t kSlicesPerFiveMinutes = 30;
constexpr size_t kGroupValueBytesMax = 256;
constexpr int64_t kNanosPerMilli = 1'000'000;
constexpr std::string_view kOverflow = "__overflow__";

bool IsOverflow(const std::vector<std::string>& values) {
  return !values.empty() && std::all_of(values.begin(), values.end(),
                                        [](const auto& one) { return one == kOverflow; });
}

// The total has no values and is none of those that are looked for.
template <typename Groups>
auto Find(Groups& groups, const std::vector<std::string>& values) {
  return std::find_if(groups.begin() + 1, groups.end(),
                      [&](const auto& group) { return group.values == values; });
}

}  // namespace

std::optional<bool> Judge(const SliConfig& sli, const Event& event, bool is_log) {
  if (sli.source != (is_log ? Source::kLogs : Source::kSpans)) return std::nullopt;
  if (sli.service.has_value() && event.service != *sli.service) return std::nullopt;
  if (sli.server_only && !event.is_server) return std::nullopt;
  const bool slow = event.end_nanos != 0 && event.duration_nanos > sli.max_millis * kNanosPerMilli;
  switch (sli.verdict) {
    case Verdict::kBadIfError:
    case Verdict::kGoodUnlessError:
      return !event.is_error;
    case Verdict::kByOutcome:
      if (event.outcome == Outcome::kNeither) return std::nullopt;
      return event.outcome == Outcome::kGood;
    case Verdict::kByLatency:
      return !slow;
    case Verdict::kByLatencyOrError:
      return !slow && !event.is_error;
  }
  return std::nullopt;
}

std::vector<std::string> GroupOf(const SliConfig& sli, const Event& event) {
  std::vector<std::string> values;
  for (const std::string& name : sli.group_by) {
    const std::optional<std::string>& value = name == "http.route" ? event.route : event.region;
    // An empty value says no more than none.
    values.push_back(value.value_or("").empty() ? "__none__"
                                                : value->substr(0, kGroupValueBytesMax));
  }
  return values;
}

std::optional<int64_t> ReferenceCounts::Group::first_slice() const {
  if (slices.empty()) return std::nullopt;
  return slices.begin()->first;
}

Counts ReferenceCounts::Group::lifetime() const {
  Counts sum;
  for (const auto& [slice, counts] : slices) {
    sum.good += counts.good;
    sum.bad += counts.bad;
  }
  return sum;
}

ReferenceCounts::Group& ReferenceCounts::GroupOf(std::vector<Group>& groups,
                                                 const std::vector<std::string>& values) {
  if (values.empty()) return groups.front();
  const auto known = Find(groups, values);
  if (known != groups.end()) return *known;
  return groups.emplace_back(Group{.values = values, .slices = {}});
}

void ReferenceCounts::Add(const CountedEvent& event) {
  std::vector<Group>& groups = slis_.try_emplace(event.sli, 1).first->second;
  const auto count = [&](Group& group) {
    Counts& counts = group.slices[event.second / kSliceSeconds];
    ++(event.good ? counts.good : counts.bad);
    group.last_second = std::max(group.last_second, event.second);
  };
  count(groups.front());
  if (!event.group.empty()) count(GroupOf(groups, event.group));
}

void ReferenceCounts::Add(MetricShifts shifts, uint32_t groups_max) {
  static const IdleGroups kNone;  // Where there are metrics and few places, no silence is so long.
  Placement placement(*this, kNone, groups_max);
  for (SliceShift& shift : shifts) {
    if (!shift.group.empty()) shift.group = placement.Place(shift.sli, std::move(shift.group));
  }
  for (const SliceShift& shift : shifts) {
    std::vector<Group>& groups = slis_.try_emplace(shift.sli, 1).first->second;
    const auto count = [&](Group& group) {
      Counts& counts = group.slices[shift.slice];
      counts.good += static_cast<uint64_t>(shift.good);
      counts.bad += static_cast<uint64_t>(shift.bad);
      group.last_second = std::max(group.last_second, shift.last_second);
    };
    count(groups.front());
    if (!shift.group.empty()) count(GroupOf(groups, shift.group));
  }
}

const std::vector<ReferenceCounts::Group>& ReferenceCounts::groups(const SliConfig& sli) const {
  static const std::vector<Group> kNone(1);
  const auto found = slis_.find(sli);
  return found == slis_.end() ? kNone : found->second;
}

int64_t ReferenceCounts::PlaceOf(int64_t slice, int64_t fine_from) {
  return slice / kSlicesPerDay < fine_from ? slice - slice % kSlicesPerFiveMinutes : slice;
}

Counts ReferenceCounts::Sum(const Group& group, int64_t begin, int64_t end, int64_t fine_from,
                            const ExcludedSlices& excluded) {
  Counts sum;
  const auto last = group.slices.lower_bound(end + kSlicesPerFiveMinutes);
  for (auto at = group.slices.lower_bound(begin); at != last; ++at) {
    const auto& [slice, counts] = *at;
    const int64_t place = PlaceOf(slice, fine_from);
    if (place < begin || place >= end || (!excluded.empty() && excluded.Has(place))) continue;
    sum.good += counts.good;
    sum.bad += counts.bad;
  }
  return sum;
}

bool Placement::IsIdle(const SliConfig& sli, const std::vector<std::string>& values) const {
  const auto found = idle_.find(sli);
  return found != idle_.end() && found->second.contains(values);
}

uint64_t& Placement::Places(const SliConfig& sli) {
  const auto [at, is_new] = places_.try_emplace(sli, 0);
  if (!is_new) return at->second;
  for (const ReferenceCounts::Group& group : counts_.groups(sli)) {
    const bool is_total = group.values.empty();
    if (!is_total && !IsOverflow(group.values) && !IsIdle(sli, group.values)) ++at->second;
  }
  return at->second;
}

std::vector<std::string> Placement::Place(const SliConfig& sli, std::vector<std::string> values) {
  const std::vector<ReferenceCounts::Group>& groups = counts_.groups(sli);
  const bool is_there = Find(groups, values) != groups.end() && !IsIdle(sli, values);
  if (is_there || IsOverflow(values) || have_come_.contains({sli, values})) return values;
  uint64_t& places = Places(sli);
  if (places >= groups_max_) return std::vector<std::string>(values.size(), std::string(kOverflow));
  ++places;
  have_come_.emplace(sli, values);
  return values;
}

}  // namespace slowburn::sim
