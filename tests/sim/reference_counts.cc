#include "tests/sim/reference_counts.h"

#include <algorithm>

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

std::optional<bool> Judge(const SliConfig& sli, const Event& event) {
  if (sli.is_counter) return std::nullopt;
  if (sli.service.has_value() && event.service != *sli.service) return std::nullopt;
  if (sli.server_only && !event.is_server) return std::nullopt;
  const bool slow =
      event.end_nanos != 0 && event.duration_nanos > sli.latency_max_millis * kNanosPerMilli;
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

void ReferenceCounts::Add(const CountedEvent& event) {
  std::vector<Group>& groups = slis_.try_emplace(event.sli, 1).first->second;
  const auto count = [&](Group& group) {
    Counts& counts = group.slices[event.second / kSliceSeconds];
    ++(event.good ? counts.good : counts.bad);
    group.last_second = std::max(group.last_second, event.second);
  };
  count(groups[0]);
  if (event.group.empty()) return;
  const auto known = Find(groups, event.group);
  if (known != groups.end()) return count(*known);
  groups.push_back({.values = event.group, .slices = {}});
  count(groups.back());
}

void ReferenceCounts::Add(const CounterShifts& shifts) {
  for (const auto& [place, shift] : shifts) {
    Group& total = slis_.try_emplace(place.first, 1).first->second.front();
    Counts& counts = total.slices[place.second];
    counts.good += static_cast<uint64_t>(shift.good);
    counts.bad += static_cast<uint64_t>(shift.bad);
    total.last_second = std::max(total.last_second, shift.last_second);
  }
}

const std::vector<ReferenceCounts::Group>& ReferenceCounts::groups(const SliConfig& sli) const {
  static const std::vector<Group> kNone(1);
  const auto found = slis_.find(sli);
  return found == slis_.end() ? kNone : found->second;
}

Counts ReferenceCounts::Sum(const Group& group, int64_t begin, int64_t end, int64_t fine_from,
                            const ExcludedSlices& excluded) {
  Counts sum;
  const auto last = group.slices.lower_bound(end + kSlicesPerFiveMinutes);
  for (auto at = group.slices.lower_bound(begin); at != last; ++at) {
    const auto& [slice, counts] = *at;
    const bool is_coarse = slice / kSlicesPerDay < fine_from;
    const int64_t place = is_coarse ? slice - slice % kSlicesPerFiveMinutes : slice;
    if (place < begin || place >= end || excluded.Has(place)) continue;
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
