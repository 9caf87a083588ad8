#include "tests/sim/reference_counts.h"

#include <algorithm>

namespace slowburn::sim {
namespace {

constexpr int64_t kSliceSeconds = 10;
constexpr int64_t kSlicesPerDay = 8640;
constexpr int64_t kSlicesPerFiveMinutes = 30;
constexpr size_t kGroupValueBytesMax = 256;
constexpr int64_t kNanosPerMilli = 1'000'000;

}  // namespace

std::optional<bool> Judge(const SliConfig& sli, const Event& event) {
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

ReferenceCounts::Group& ReferenceCounts::GroupFor(std::vector<Group>& groups,
                                                  std::vector<std::string> values) const {
  const auto find = [&]() {
    return std::find_if(groups.begin() + 1, groups.end(),
                        [&](const Group& group) { return group.values == values; });
  };
  if (const auto known = find(); known != groups.end()) return *known;
  // One more than the limit is what holds all the others; the total is not among them.
  if (groups.size() - 1 >= groups_max_) {
    values.assign(values.size(), "__overflow__");
    if (const auto known = find(); known != groups.end()) return *known;
  }
  groups.push_back({.values = std::move(values), .slices = {}});
  return groups.back();
}

void ReferenceCounts::Add(const CountedEvent& event) {
  std::vector<Group>& groups = slis_.try_emplace(event.sli, 1).first->second;
  const auto count = [&](Group& group) {
    Counts& counts = group.slices[event.second / kSliceSeconds];
    ++(event.good ? counts.good : counts.bad);
    group.last_second = std::max(group.last_second, event.second);
  };
  count(groups[0]);
  if (!event.group.empty()) count(GroupFor(groups, event.group));
}

const std::vector<ReferenceCounts::Group>& ReferenceCounts::groups(const SliConfig& sli) const {
  static const std::vector<Group> kNone(1);
  const auto found = slis_.find(sli);
  return found == slis_.end() ? kNone : found->second;
}

Counts ReferenceCounts::Sum(const Group& group, int64_t begin, int64_t end, int64_t fine_from) {
  Counts sum;
  const auto last = group.slices.lower_bound(end + kSlicesPerFiveMinutes);
  for (auto at = group.slices.lower_bound(begin); at != last; ++at) {
    const auto& [slice, counts] = *at;
    const bool is_coarse = slice / kSlicesPerDay < fine_from;
    const int64_t place = is_coarse ? slice - slice % kSlicesPerFiveMinutes : slice;
    if (place < begin || place >= end) continue;
    sum.good += counts.good;
    sum.bad += counts.bad;
  }
  return sum;
}

}  // namespace slowburn::sim
